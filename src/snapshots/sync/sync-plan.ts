import { doubledMs } from "../../kernel/index.js";

/** When a database is synced with its storage; times in milliseconds, 0 where something is turned off. */
export interface SyncTimes {
  /** Between looks at the database for transactions of the application. */
  databasePollMs: number;
  /** Between listings of the storage. */
  storagePollMs: number;
  /** After a failure; grows with further ones. */
  retryMs: number;
  /** A snapshot is sent after this even when nothing has changed. */
  forceSnapshotMs: number;
  cleanMs: number;
  sweepMs: number;
  firstSweepMs: number;
}

export interface SyncPlanSettings extends SyncTimes {
  /** As it stands in the names of snapshots. */
  instance: string;
  /** Ends when all that was there at the start is merged, and what is local is sent. */
  isOnce: boolean;
  /** Takes in what others sent and sends nothing. */
  isReceiveOnly: boolean;
  /** So many failures of one kind in a row end the sync; null never does. */
  failuresMax: number | null;
  /** Snapshots that are merged before a local change gets its turn. */
  mergeSnapshotsMax: number;
  retryMsMax: number;
  /** A number from 0 to 1, so that instances that began together part. */
  random: () => number;
}

/** A snapshot as it is listed. */
export interface SeenSnapshot {
  /** As in its name. */
  instance: string;
  /** Names of one instance rise with time. */
  name: string;
}

export type SyncAction =
  | { kind: "list" }
  | { kind: "merge"; snapshots: SeenSnapshot[] }
  /** Its name must come behind `after`, whatever the clock says. */
  | { kind: "send"; after: string | null }
  | { kind: "clean" }
  | { kind: "sweep" }
  | { kind: "wait"; ms: number }
  | { kind: "stop" }
  | { kind: "fail"; error: unknown };

export type SyncWork = "list" | "merge" | "send" | "clean" | "sweep";

interface Failure {
  count: number;
  error: unknown;
  sinceMs: number;
  retryAtMs: number;
}

/** What was merged, and what of the application's own came between. */
export interface MergeOutcome {
  snapshots: readonly SeenSnapshot[];
  /** The last transaction when it was done. */
  txnId: number;
  /** Transactions of the merge itself: whatever else came since the last send was the application. */
  ownTransactions: number;
}

/**
 * Decides what a sync does next, out of what it has seen: no clock, no storage and no database in here, so
 * that thousands of histories can be played in a second.
 */
export class SyncPlan {
  readonly #settings: SyncPlanSettings;
  /** The newest snapshot of each instance in the last listing, those that cannot be read left out. */
  #seen = new Map<string, string>();
  /** The newest snapshot of each instance that the database holds. */
  readonly #merged = new Map<string, string>();
  /** What of `#merged` our own last snapshot holds: it may be cleaned. */
  #committed = new Map<string, string>();
  /** Instances that were there at the start and are not merged yet; null before the first listing. */
  #awaited: Set<string> | null = null;
  /**
   * The last transaction that a snapshot of ours holds, or that a merge wrote with nothing else before it.
   */
  #syncedTxnId = 0;
  /** The last piece of work was a snapshot of ours. */
  #isSendersTurnOver = false;
  readonly #failures = new Map<SyncWork, Failure>();
  readonly #dueAtMs = new Map<SyncWork, number>();
  #sentAtMs: number;
  #sendAgainAtMs: number;

  constructor(settings: SyncPlanSettings, nowMs: number) {
    this.#settings = settings;
    this.#sentAtMs = nowMs;
    this.#sendAgainAtMs = nowMs;
    this.#dueAtMs.set("list", nowMs);
    if (settings.cleanMs > 0) this.#dueAtMs.set("clean", nowMs + this.#spread(settings.cleanMs));
    if (settings.sweepMs > 0) this.#dueAtMs.set("sweep", nowMs + this.#spread(settings.firstSweepMs));
  }

  get seen(): ReadonlyMap<string, string> {
    return this.#seen;
  }

  get merged(): ReadonlyMap<string, string> {
    return this.#merged;
  }

  get committed(): ReadonlyMap<string, string> {
    return this.#committed;
  }

  /** Instances whose snapshots must be merged before the database is whole; null before they are known. */
  get awaited(): ReadonlySet<string> | null {
    return this.#awaited;
  }

  /** What fails now, and since when. */
  get failures(): ReadonlyMap<SyncWork, Readonly<Failure>> {
    return this.#failures;
  }

  /** Null for what is turned off. */
  dueAtMs(work: SyncWork): number | null {
    return this.#dueAtMs.get(work) ?? null;
  }

  next(nowMs: number, txnId: number): SyncAction {
    const failed = this.#overFailed();
    if (failed !== null) return { kind: "fail", error: failed.error };
    const list = this.#whenDue("list", nowMs);
    if (list !== null || this.#awaited === null) return list ?? this.#wait(nowMs);
    const pending = this.#pending();
    const mustMerge = pending.length > 0 && this.#mayTry("merge", nowMs);
    const mustSend = this.#mustSend(nowMs, txnId);
    const maySend = mustSend && this.#mayTry("send", nowMs) && !this.#isHeldBack(pending);
    // In turns: neither an application that writes all the time nor others that do so take all of them.
    if (maySend && !(mustMerge && this.#isSendersTurnOver)) return { kind: "send", after: this.#ownNewest() };
    if (mustMerge) return { kind: "merge", snapshots: pending.slice(0, this.#settings.mergeSnapshotsMax) };
    if (this.#settings.isOnce && this.#awaited.size === 0 && !mustSend) return { kind: "stop" };
    return this.#whenDue("clean", nowMs) ?? this.#whenDue("sweep", nowMs) ?? this.#wait(nowMs);
  }

  /** There is nothing else than in the last listing. */
  foundUnchanged(nowMs: number): void {
    this.#succeeded("list");
    this.#dueAtMs.set("list", nowMs + this.#settings.storagePollMs);
  }

  /** All snapshots of the database that can be read, by name, the newest of an instance last. */
  listed(snapshots: Iterable<SeenSnapshot>, nowMs: number): void {
    this.foundUnchanged(nowMs);
    const seen = new Map<string, string>();
    for (const { instance, name } of snapshots) {
      const former = seen.get(instance);
      if (former === undefined || former < name) seen.set(instance, name);
    }
    this.#seen = seen;
    this.#awaited ??= new Set(seen.keys());
    // A cleaner may take away what nobody has to wait for any more.
    for (const instance of this.#awaited) if (!seen.has(instance)) this.#awaited.delete(instance);
    for (const instance of this.#merged.keys()) {
      if (!seen.has(instance) && instance !== this.#settings.instance) this.#merged.delete(instance);
    }
  }

  mergedAll({ snapshots, txnId, ownTransactions }: MergeOutcome): void {
    this.#succeeded("merge");
    this.#isSendersTurnOver = false;
    for (const { instance, name } of snapshots) {
      this.#merged.set(instance, name);
      this.#awaited?.delete(instance);
    }
    if (txnId - ownTransactions <= this.#syncedTxnId) this.#syncedTxnId = txnId;
  }

  /**
   * A snapshot that cannot be read: listings leave it out from now on, and an older one may take its place.
   */
  foundUnreadable({ instance }: SeenSnapshot, nowMs: number): void {
    this.#seen.delete(instance);
    this.#dueAtMs.set("list", nowMs);
  }

  /** `txnId` is the transaction that was read, and `name` what became of it. */
  sent(name: string, txnId: number, nowMs: number): void {
    this.#succeeded("send");
    this.#committed = new Map(this.#merged);
    this.#merged.set(this.#settings.instance, name);
    this.#syncedTxnId = Math.max(this.#syncedTxnId, txnId);
    this.#sentAtMs = nowMs;
    this.#sendAgainAtMs = nowMs + this.#settings.databasePollMs;
    this.#isSendersTurnOver = true;
  }

  /** A database without anything in it is not sent. */
  foundEmpty(txnId: number): void {
    this.#succeeded("send");
    this.#syncedTxnId = Math.max(this.#syncedTxnId, txnId);
  }

  swept(ownTransactions: number, txnId: number, nowMs: number): void {
    this.#succeeded("sweep");
    this.#dueAtMs.set("sweep", nowMs + this.#spread(this.#settings.sweepMs));
    if (txnId - ownTransactions <= this.#syncedTxnId) this.#syncedTxnId = txnId;
  }

  cleaned(nowMs: number): void {
    this.#succeeded("clean");
    this.#dueAtMs.set("clean", nowMs + this.#spread(this.#settings.cleanMs));
  }

  /** What failed is tried again later, each time later, and not by all instances at the same moment. */
  failed(work: SyncWork, error: unknown, nowMs: number): void {
    const former = this.#failures.get(work);
    const count = (former?.count ?? 0) + 1;
    const { retryMs, retryMsMax, random } = this.#settings;
    const retryAtMs = nowMs + doubledMs(count, retryMs, retryMsMax) * (0.5 + random() / 2);
    this.#failures.set(work, { count, error, sinceMs: former?.sinceMs ?? nowMs, retryAtMs });
    if (this.#dueAtMs.has(work)) this.#dueAtMs.set(work, retryAtMs);
    // What was listed may be gone, or there again under another name.
    if (work === "merge") this.#dueAtMs.set("list", nowMs);
  }

  /** Newer than what is merged: a listing may be older than the one before. Our own former one goes first. */
  #pending(): SeenSnapshot[] {
    const own = this.#settings.instance;
    const pending: SeenSnapshot[] = [];
    for (const [instance, name] of this.#seen) {
      const merged = this.#merged.get(instance);
      if (merged !== undefined && merged >= name) continue;
      if (instance === own) pending.unshift({ instance, name });
      else pending.push({ instance, name });
    }
    return pending;
  }

  #mustSend(nowMs: number, txnId: number): boolean {
    const { isReceiveOnly, forceSnapshotMs } = this.#settings;
    if (isReceiveOnly || txnId === 0) return false;
    const isOverdue = forceSnapshotMs > 0 && nowMs - this.#sentAtMs >= forceSnapshotMs;
    return txnId > this.#syncedTxnId || isOverdue;
  }

  /**
   * Our own former snapshot may hold what the database has lost: it is merged first. So is, at the start, all
   * that was there, unless it cannot be had for now: one snapshot then says it all.
   */
  #isHeldBack(pending: readonly SeenSnapshot[]): boolean {
    return pending.some(
      ({ instance }) =>
        instance === this.#settings.instance ||
        (this.#awaited!.has(instance) && !this.#failures.has("merge")),
    );
  }

  #ownNewest(): string | null {
    const own = this.#settings.instance;
    const [merged, seen] = [this.#merged.get(own) ?? "", this.#seen.get(own) ?? ""];
    return [merged, seen].sort().at(-1) || null;
  }

  #overFailed(): Failure | null {
    const { failuresMax } = this.#settings;
    if (failuresMax === null) return null;
    for (const [work, failure] of this.#failures) {
      if (work !== "clean" && work !== "sweep" && failure.count >= failuresMax) return failure;
    }
    return null;
  }

  #mayTry(work: "merge" | "send", nowMs: number): boolean {
    if (work === "send" && nowMs < this.#sendAgainAtMs) return false;
    return (this.#failures.get(work)?.retryAtMs ?? nowMs) <= nowMs;
  }

  #whenDue(work: "list" | "clean" | "sweep", nowMs: number): SyncAction | null {
    const dueAtMs = this.#dueAtMs.get(work);
    return dueAtMs !== undefined && dueAtMs <= nowMs ? { kind: work } : null;
  }

  #wait(nowMs: number): SyncAction {
    const { databasePollMs } = this.#settings;
    const retriesAtMs = [...this.#failures.values()].map((failure) => failure.retryAtMs);
    const dueMs = [...this.#dueAtMs.values(), ...retriesAtMs, this.#sendAgainAtMs]
      .filter((atMs) => atMs > nowMs)
      .map((atMs) => atMs - nowMs);
    return { kind: "wait", ms: Math.max(1, Math.min(databasePollMs, ...dueMs)) };
  }

  #succeeded(work: SyncWork): void {
    this.#failures.delete(work);
  }

  /** Within a quarter to either side. */
  #spread(ms: number): number {
    return ms * (0.75 + this.#settings.random() / 2);
  }
}
