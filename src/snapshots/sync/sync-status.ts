import type { Clock } from "../../kernel/index.js";
import { parseSnapshotName } from "../wire/snapshot-name.js";
import type { SyncAction, SyncPlan, SyncWork } from "./sync-plan.js";

/** How an instance stands to this one. */
export interface InstanceStatus {
  instance: string;
  /** The one that this is. */
  isOwn: boolean;
  /** The newest snapshot in the storage, and the one that the database holds. */
  seen: string | null;
  merged: string | null;
  /** When the newest was taken, by the clock of whoever took it. */
  takenAtMs: number | null;
  bytes: number | null;
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
  work: SyncWork;
  count: number;
  sinceMs: number;
  retryAtMs: number;
  error: unknown;
}

export interface SyncStatusHead {
  database: string;
  instance: string;
  storage: string;
  plan: SyncPlan;
  clock: Clock;
}

/** What a sync has done and is at, for people and for metrics. Times are milliseconds since 1970. */
export class SyncStatus {
  readonly database: string;
  readonly instance: string;
  readonly storage: string;
  readonly startedAtMs: number;
  work: SyncAction["kind"] | "starting" = "starting";
  workSinceMs: number;
  lastMerge: WorkDone | null = null;
  lastSend: WorkDone | null = null;
  listedAtMs: number | null = null;
  cleanedAtMs: number | null = null;
  sweptAtMs: number | null = null;
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
  /** Of the newest snapshots in the last listing, by instance. */
  newestBytes: ReadonlyMap<string, number> = new Map();
  readonly #plan: SyncPlan;
  readonly #clock: Clock;

  constructor({ database, instance, storage, plan, clock }: SyncStatusHead) {
    this.database = database;
    this.instance = instance;
    this.storage = storage;
    this.startedAtMs = clock.wallMs();
    this.workSinceMs = this.startedAtMs;
    this.#plan = plan;
    this.#clock = clock;
  }

  begin(work: SyncAction["kind"]): void {
    this.work = work;
    this.workSinceMs = this.#clock.wallMs();
  }

  /** What fails now. */
  get failing(): WorkFailing[] {
    return [...this.#plan.failures].map(([work, { count, error, sinceMs, retryAtMs }]) => ({
      work,
      count,
      sinceMs: this.#wallMs(sinceMs),
      retryAtMs: this.#wallMs(retryAtMs),
      error,
    }));
  }

  /** By name. */
  get instances(): InstanceStatus[] {
    const { seen, merged } = this.#plan;
    return [...new Set([...seen.keys(), ...merged.keys()])].sort().map((instance) => {
      const newest = seen.get(instance) ?? null;
      const takenNano = newest === null ? undefined : parseSnapshotName(newest)?.timestampNano;
      return {
        instance,
        isOwn: instance === this.instance,
        seen: newest,
        merged: merged.get(instance) ?? null,
        takenAtMs: takenNano === undefined ? null : Number(takenNano / 1_000_000n),
        bytes: newest === null ? null : (this.newestBytes.get(instance) ?? null),
      };
    });
  }

  /**
   * Instances whose snapshots were there at the start and are not merged yet; null before the first listing.
   */
  get awaited(): string[] | null {
    return this.#plan.awaited === null ? null : [...this.#plan.awaited].sort();
  }

  /** When work that has its time is due; null for what is turned off. */
  dueAtMs(work: "list" | "clean" | "sweep"): number | null {
    const dueAtMs = this.#plan.dueAtMs(work);
    return dueAtMs === null ? null : this.#wallMs(dueAtMs);
  }

  /** What a time of the plan is by the clock of people. */
  #wallMs(planMs: number): number {
    return Math.round(this.#clock.wallMs() + planMs - this.#clock.nowMs());
  }
}
