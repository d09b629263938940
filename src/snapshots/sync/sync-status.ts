import type { SyncPlan } from "./sync-plan.js";

/** How an instance stands to this one. */
export interface InstanceStatus {
  instance: string;
  /** The newest snapshot in the storage, and the one that the database holds. */
  seen: string | null;
  merged: string | null;
}

export interface WorkDone {
  atMs: number;
  seconds: number;
  snapshots: string[];
  entries: number;
  changed: number;
  bytes: number;
}

export interface WorkFailing {
  work: string;
  count: number;
  sinceMs: number;
  message: string;
}

/** What a sync has done and is at, for people and for metrics. Times are milliseconds since 1970. */
export class SyncStatus {
  readonly database: string;
  readonly instance: string;
  readonly storage: string;
  readonly startedAtMs: number;
  work = "starting";
  lastMerge: WorkDone | null = null;
  lastSend: WorkDone | null = null;
  listedAtMs: number | null = null;
  /** In the last listing. */
  stored = { snapshots: 0, bytes: 0 };
  readonly counts = {
    lists: 0,
    merges: 0,
    mergedSnapshots: 0,
    mergedBytes: 0,
    mergedEntries: 0,
    sends: 0,
    sentBytes: 0,
    sentEntries: 0,
    cleaned: 0,
    swept: 0,
    failures: { list: 0, merge: 0, send: 0, clean: 0, sweep: 0 },
  };
  /** Snapshots that cannot be read, and why. */
  readonly unreadable = new Map<string, string>();
  #failing: WorkFailing[] = [];
  #instances: InstanceStatus[] = [];
  #awaited: string[] | null = null;

  constructor(head: { database: string; instance: string; storage: string; startedAtMs: number }) {
    this.database = head.database;
    this.instance = head.instance;
    this.storage = head.storage;
    this.startedAtMs = head.startedAtMs;
  }

  /** What fails now. */
  get failing(): readonly WorkFailing[] {
    return this.#failing;
  }

  get instances(): readonly InstanceStatus[] {
    return this.#instances;
  }

  /**
   * Instances whose snapshots were there at the start and are not merged yet; null before the first listing.
   */
  get awaited(): readonly string[] | null {
    return this.#awaited;
  }

  /** Takes over how the plan stands; `wallMs` is what its time `nowMs` is by the clock of people. */
  update(plan: SyncPlan, nowMs: number, wallMs: number): void {
    const names = new Set([...plan.seen.keys(), ...plan.merged.keys()]);
    this.#instances = [...names].sort().map((instance) => ({
      instance,
      seen: plan.seen.get(instance) ?? null,
      merged: plan.merged.get(instance) ?? null,
    }));
    this.#awaited = plan.awaited === null ? null : [...plan.awaited].sort();
    this.#failing = [...plan.failures].map(([work, { count, error, sinceMs }]) => ({
      work,
      count,
      sinceMs: wallMs - (nowMs - sinceMs),
      message: error instanceof Error ? error.message : String(error),
    }));
  }

  toJSON(): object {
    const { database, instance, storage, startedAtMs, work, listedAtMs, stored, counts } = this;
    const { lastMerge, lastSend, failing, instances, awaited } = this;
    const unreadable = Object.fromEntries(this.unreadable);
    const now = { work, awaited, instances, failing, unreadable, stored };
    const past = { startedAtMs, listedAtMs, lastMerge, lastSend, counts };
    return { database, instance, storage, ...now, ...past };
  }
}
