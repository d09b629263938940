import { type Clock, cleanerNamesMax, systemClock } from "../../kernel/index.js";
import type { SnapshotStorage, StorageCallOptions } from "../../ports/index.js";
import { parseSnapshotName, snapshotPrefix } from "../wire/snapshot-name.js";
import {
  type CleaningRules,
  type CleaningState,
  isRemovable,
  type JudgedSnapshot,
} from "./cleaning-policy.js";

export interface CleanerOptions extends CleaningRules {
  storage: SnapshotStorage;
  database: string;
  /** Null where nobody of ours publishes there: then old instances stay. */
  ownInstance: string | null;
  clock?: Clock;
  namesMax?: number;
}

export interface CleaningReport {
  removed: number;
  kept: number;
  /** Objects that begin like snapshots of the database and are none; they are left alone. */
  foreign: number;
  /** Writings of killed writers that were taken away. */
  leftovers: number;
}

type Listed = Omit<JudgedSnapshot, "successorSeenForMs">;

/**
 * Takes snapshots away that nobody needs any more. It judges by what it has seen itself, so that the first
 * round removes nothing, and by the clock of no other machine but for instances that are silent for long.
 * Killed at any moment it has removed some of what may go.
 */
export class SnapshotCleaner {
  readonly #options: CleanerOptions;
  readonly #clock: Clock;
  /** When each name that is there was seen first; names that are gone are forgotten. */
  #seenAtMs = new Map<string, number>();

  constructor(options: CleanerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** `committed` says which snapshot of each instance our own last one contains. */
  async run(committed: ReadonlyMap<string, string>, options: StorageCallOptions): Promise<CleaningReport> {
    const { storage, ownInstance } = this.#options;
    const state = { wallMs: this.#clock.wallMs(), ownInstance, committed, isOwnStored: false };
    const report: CleaningReport = { removed: 0, kept: 0, foreign: 0, leftovers: 0 };
    const newest: Listed[] = [];
    let former: Listed | null = null;
    for await (const snapshot of this.#listed(report, options)) {
      if (former !== null) {
        // In a list that is out of order the one behind is not always the newer one.
        const isNewest = former.instance !== snapshot.instance || former.name >= snapshot.name;
        if (isNewest) this.#noteNewest(newest, former);
        else await this.#judge({ ...former, successorSeenForMs: snapshot.seenForMs }, state, report, options);
      }
      former = snapshot;
    }
    if (former !== null) this.#noteNewest(newest, former);
    // Our own may be listed behind those whose content it has to hold.
    state.isOwnStored = newest.some(({ instance }) => instance === ownInstance);
    for (const snapshot of newest)
      await this.#judge({ ...snapshot, successorSeenForMs: null }, state, report, options);
    report.leftovers = (await storage.removeLeftovers?.(options)) ?? 0;
    return report;
  }

  /** Those that cannot be noted are kept: one by one they come up again when others are gone. */
  #noteNewest(newest: Listed[], snapshot: Listed): void {
    if (newest.length < cleanerNamesMax) newest.push(snapshot);
  }

  /** Snapshots of the database in the order of the list, each with how long it has been seen. */
  async *#listed(report: CleaningReport, options: StorageCallOptions): AsyncGenerator<Listed> {
    const { storage, database, namesMax = cleanerNamesMax } = this.#options;
    const nowMs = this.#clock.nowMs();
    const former = this.#seenAtMs;
    this.#seenAtMs = new Map();
    for await (const { name } of storage.list(snapshotPrefix(database), options)) {
      const parts = parseSnapshotName(name);
      if (parts === undefined || parts.database !== database) {
        report.foreign++;
        continue;
      }
      const firstMs = former.get(name) ?? nowMs;
      if (this.#seenAtMs.size < namesMax) this.#seenAtMs.set(name, firstMs);
      const takenMs = Number(parts.timestampNano / 1_000_000n);
      yield { name, instance: parts.instance, takenMs, seenForMs: nowMs - firstMs };
    }
  }

  async #judge(
    snapshot: JudgedSnapshot,
    state: CleaningState,
    report: CleaningReport,
    options: StorageCallOptions,
  ): Promise<void> {
    if (!isRemovable(snapshot, this.#options, state)) {
      report.kept++;
      return;
    }
    await this.#options.storage.remove(snapshot.name, options);
    this.#seenAtMs.delete(snapshot.name);
    report.removed++;
  }
}
