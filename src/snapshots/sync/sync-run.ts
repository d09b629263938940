import { hostname } from "node:os";
import {
  type Clock,
  isPlimsollError,
  PlimsollError,
  snapshotStreamBytes,
  syncInstancesMax,
  syncUnreadableMax,
} from "../../kernel/index.js";
import type { SnapshotStorage } from "../../ports/index.js";
import type { ByteBudget } from "../transfer/index.js";
import {
  makeSnapshotName,
  parseSnapshotName,
  snapshotGeneration,
  snapshotPrefix,
} from "../wire/snapshot-name.js";
import { writeSnapshot } from "../wire/snapshot-writer.js";
import { type SeenSnapshot, SyncPlan, type SyncPlanSettings, type SyncWork } from "./sync-plan.js";
import { SyncStatus } from "./sync-status.js";
import type { SyncedDatabase } from "./synced-database.js";

export type SyncEvent =
  | { kind: "sent"; name: string; entries: number; bytes: number; seconds: number }
  | { kind: "merged"; names: string[]; entries: number; changed: number; bytes: number; seconds: number }
  | { kind: "unreadable"; name: string; error: PlimsollError }
  | { kind: "failed"; work: SyncWork; error: unknown; count: number }
  | { kind: "recovered"; work: SyncWork }
  | { kind: "cleaned"; removed: number }
  | { kind: "swept"; removed: number };

export interface SyncProgress {
  work: "merge" | "send";
  name: string;
  entries: number;
  entriesTotal: number | null;
  bytes: number;
}

/** Takes away what is not needed any more; `committed` says what our own last snapshot holds. */
export type Cleaner = (
  committed: ReadonlyMap<string, string>,
  options: { signal: AbortSignal },
) => Promise<number>;

export interface SyncParts {
  /** As it stands in the names of snapshots. */
  database: string;
  storage: SnapshotStorage;
  target: SyncedDatabase;
  settings: SyncPlanSettings;
  /** Leaves out what others send, where only our own former snapshot is wanted. */
  accepts: (instance: string) => boolean;
  cleaner: Cleaner | null;
  /** Of all databases that are synced here: snapshots that are read at once hold leases of it. */
  budget: ByteBudget;
  clock: Clock;
  signal: AbortSignal;
  onEvent: (event: SyncEvent) => void;
  onProgress: (progress: SyncProgress) => void;
}

/** What says of a snapshot that it will never be readable here. */
const unreadableCodes: ReadonlySet<string> = new Set([
  "SNAPSHOT_DAMAGED",
  "SNAPSHOT_VERSION",
  "SNAPSHOT_ENTRY_TOO_LARGE",
  "SNAPSHOT_ENTRY_OVER_LINE",
  "SNAPSHOT_FIELD_LATE",
]);

/** Keeps a database and a storage at one state, until it is stopped or done. */
export class SyncRun {
  readonly status: SyncStatus;
  readonly #parts: SyncParts;
  readonly #plan: SyncPlan;
  /** The storage's mark before the last listing: while it is the same, so is the list. */
  #listedMark: string | null = null;

  constructor(parts: SyncParts) {
    const { clock, database, settings, storage } = parts;
    this.#parts = parts;
    this.#plan = new SyncPlan(settings, clock.nowMs());
    this.status = new SyncStatus({
      database,
      instance: settings.instance,
      storage: storage.name,
      plan: this.#plan,
      clock,
    });
  }

  async run(): Promise<void> {
    try {
      await this.#run();
    } finally {
      // Whoever looks at it still must not find it at work.
      this.status.begin("stop");
    }
  }

  async #run(): Promise<void> {
    const { clock, signal, target } = this.#parts;
    for (;;) {
      signal.throwIfAborted();
      const action = this.#plan.next(clock.nowMs(), target.txnId());
      this.status.begin(action.kind);
      if (action.kind === "stop") return;
      if (action.kind === "fail") throw action.error;
      if (action.kind === "wait") await clock.sleep(action.ms, signal);
      else if (action.kind === "merge") {
        await this.#attempt("merge", () => this.#merge(action.snapshots));
      } else if (action.kind === "send") {
        await this.#attempt("send", () => this.#send(action.after));
      } else await this.#attempt(action.kind, () => this.#upkeep(action.kind));
    }
  }

  async #attempt(work: SyncWork, attempt: () => Promise<void>): Promise<void> {
    const { clock, signal, onEvent } = this.#parts;
    const wasFailing = this.#plan.failures.has(work);
    try {
      await attempt();
      if (wasFailing) onEvent({ kind: "recovered", work });
    } catch (error) {
      signal.throwIfAborted();
      this.#listedMark = null;
      const unreadable = unreadableIn(error);
      if (unreadable !== null) return this.#passOver(unreadable, error as PlimsollError);
      if (!mayPass(error) || (this.#plan.awaited === null && !isRetryable(error))) throw error;
      this.status.counts.failures[work]++;
      this.#plan.failed(work, error, clock.nowMs());
      onEvent({ kind: "failed", work, error, count: this.#plan.failures.get(work)!.count });
    }
  }

  #passOver(name: string, error: PlimsollError): void {
    const { clock, onEvent } = this.#parts;
    const { unreadable } = this.status;
    unreadable.set(name, error.message);
    if (unreadable.size > syncUnreadableMax) unreadable.delete([...unreadable.keys()][0]!);
    this.#plan.foundUnreadable({ instance: parseSnapshotName(name)!.instance, name }, clock.nowMs());
    onEvent({ kind: "unreadable", name, error });
  }

  #upkeep(work: "list" | "clean" | "sweep"): Promise<void> {
    if (work === "list") return this.#list();
    return work === "clean" ? this.#clean() : this.#sweep();
  }

  /** Keeps the newest of each instance, whatever order they come in. */
  async #list(): Promise<void> {
    const { accepts, clock, database, signal, storage } = this.#parts;
    const mark = (await storage.mark?.({ signal })) ?? null;
    if (mark !== null && mark === this.#listedMark) {
      this.status.listedAtMs = clock.wallMs();
      return this.#plan.foundUnchanged(clock.nowMs());
    }
    const newest = new Map<string, SeenSnapshot>();
    const newestBytes = new Map<string, number>();
    const stillUnreadable = new Set<string>();
    const stored = { snapshots: 0, bytes: 0 };
    for await (const { name, bytes } of storage.list(snapshotPrefix(database), { signal })) {
      const parsed = parseSnapshotName(name);
      if (parsed === undefined || parsed.database !== database) continue;
      stored.snapshots++;
      stored.bytes += bytes;
      if (this.status.unreadable.has(name)) stillUnreadable.add(name);
      else if (accepts(parsed.instance) && name > (newest.get(parsed.instance)?.name ?? "")) {
        newest.set(parsed.instance, { instance: parsed.instance, name });
        newestBytes.set(parsed.instance, bytes);
        if (newest.size > syncInstancesMax)
          throw new PlimsollError("SYNC_TOO_MANY", { storage: storage.name, most: syncInstancesMax });
      }
    }
    for (const name of this.status.unreadable.keys()) {
      if (!stillUnreadable.has(name)) this.status.unreadable.delete(name);
    }
    this.status.stored = stored;
    this.status.newestBytes = newestBytes;
    this.status.counts.lists++;
    this.status.listedAtMs = clock.wallMs();
    this.#listedMark = mark;
    this.#plan.listed(newest.values(), clock.nowMs());
  }

  async #merge(snapshots: readonly SeenSnapshot[]): Promise<void> {
    const { budget, clock, onEvent, onProgress, signal, storage, target } = this.#parts;
    const names = snapshots.map(({ name }) => name);
    const startedAtMs = clock.nowMs();
    let bytes = 0;
    const shown = names.length === 1 ? names[0]! : `${names[0]} and ${names.length - 1} more`;
    const sources = names.map((name) => ({
      name,
      read: () => counted(storage.read(name, { signal }), (chunk) => (bytes += chunk)),
    }));
    const { ownTransactions, entries, changed } = await target.merge(sources, {
      signal,
      budget,
      onEntries: (done) =>
        onProgress({ work: "merge", name: shown, entries: done, entriesTotal: null, bytes }),
    });
    this.#plan.mergedAll({ snapshots, txnId: target.txnId(), ownTransactions });
    const seconds = (clock.nowMs() - startedAtMs) / 1000;
    const { counts } = this.status;
    counts.merges++;
    counts.mergedSnapshots += names.length;
    counts.mergedBytes += bytes;
    counts.mergedEntries += entries;
    this.status.lastMerge = { atMs: clock.wallMs(), seconds, snapshots: names, entries, changed, bytes };
    onEvent({ kind: "merged", names, entries, changed, bytes, seconds });
  }

  async #send(after: string | null): Promise<void> {
    const { budget, clock, database, onEvent, onProgress, settings, signal, storage, target } = this.#parts;
    using _lease = await budget.take(snapshotStreamBytes, signal);
    const startedAtMs = clock.nowMs();
    using captured = await target.capture({ signal });
    const txnId = Number(captured.lmdbTxnId);
    const entries = captured.databases.reduce((sum, { count }) => sum + count, 0);
    if (captured.databases.length === 0) return this.#plan.foundEmpty(txnId);
    const timestampNano = stampAfter(BigInt(clock.wallMs()) * 1_000_000n, after);
    const name = makeSnapshotName({ database, instance: settings.instance, timestampNano });
    const meta = {
      generationId: snapshotGeneration,
      instanceId: settings.instance,
      hostname: hostname(),
      databaseName: database,
      lmdbTxnId: captured.lmdbTxnId,
      timestampNano,
      fromLmdbTxnId: 0n,
    };
    let bytes = 0;
    const chunks = counted(writeSnapshot({ meta, dbis: captured.databases }, { signal }), (chunk) => {
      bytes += chunk;
      onProgress({ work: "send", name, entries: 0, entriesTotal: entries, bytes });
    });
    const written = await storage.write(name, chunks, { signal });
    this.#plan.sent(name, txnId, clock.nowMs());
    const seconds = (clock.nowMs() - startedAtMs) / 1000;
    const { counts } = this.status;
    counts.sends++;
    counts.sentBytes += written.bytes;
    counts.sentEntries += entries;
    const snapshots = [name];
    this.status.lastSend = {
      atMs: clock.wallMs(),
      seconds,
      snapshots,
      entries,
      changed: 0,
      bytes: written.bytes,
    };
    onEvent({ kind: "sent", name, entries, bytes: written.bytes, seconds });
  }

  async #clean(): Promise<void> {
    const { cleaner, clock, onEvent, signal } = this.#parts;
    const removed = cleaner === null ? 0 : await cleaner(this.#plan.committed, { signal });
    this.status.counts.cleaned += removed;
    this.status.cleanedAtMs = clock.wallMs();
    this.#plan.cleaned(clock.nowMs());
    if (removed > 0) onEvent({ kind: "cleaned", removed });
  }

  async #sweep(): Promise<void> {
    const { clock, onEvent, signal, target } = this.#parts;
    const { ownTransactions, removed } = await target.sweep({ signal });
    this.status.counts.swept += removed;
    this.status.sweptAtMs = clock.wallMs();
    this.#plan.swept(ownTransactions, target.txnId(), clock.nowMs());
    if (removed > 0) onEvent({ kind: "swept", removed });
  }
}

/** A clock that was set back must not hide what is sent now behind what was sent before. */
function stampAfter(nowNano: bigint, after: string | null): bigint {
  const former = after === null ? undefined : parseSnapshotName(after)?.timestampNano;
  return former !== undefined && former >= nowNano ? former + 1n : nowNano;
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}

function unreadableIn(error: unknown): string | null {
  if (!isPlimsollError(error) || !unreadableCodes.has(error.code)) return null;
  return parseSnapshotName(String(error.details.name)) === undefined ? null : String(error.details.name);
}

/** Troubles of the storage pass; those of the database are for people. */
function mayPass(error: unknown): boolean {
  return isPlimsollError(error) && /^(?:STORAGE|SNAPSHOT)_/.test(error.code);
}

function isRetryable(error: unknown): boolean {
  return isPlimsollError(error) && error.retryable;
}
