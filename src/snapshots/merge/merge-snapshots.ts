import { assert, PlimsollError } from "../../kernel/index.js";
import type { DatabaseStream, DbiHead, SnapshotEntry } from "../snapshot-entry.js";
import { transformSinceVersion } from "../wire/format.js";
import { compareForwards, type DatabaseSchema, keyComparison, keyOrderOf } from "../wire/key-order.js";
import { compareEntries } from "./entry-rule.js";
import { MergeLane, type MergeSource } from "./merge-lane.js";
import { Tournament } from "./tournament.js";

export interface MergeOptions {
  /** Of the databases that the snapshots were made of; the readers have to be told the same. */
  schema: DatabaseSchema;
  /**
   * Deletions before this time are left out, with all that they delete. Only where the sources are all that
   * there is: an entry elsewhere that such a deletion is about would stay.
   */
  deletedBeforeNano?: bigint;
}

/**
 * Many snapshots as one: databases by name, entries by key, and of the entries of a key the one that wins. It
 * is in one pass over all of them, and holds nothing but what their readers hold. Of more than one source
 * databases have to come sorted by name, as LMDB lists them.
 */
export function mergeSnapshots(sources: readonly MergeSource[], options: MergeOptions): DatabaseStream {
  return new SnapshotMerge(sources, options);
}

class SnapshotMerge implements DatabaseStream {
  readonly #lanes: MergeLane[];
  readonly #schema: DatabaseSchema;
  readonly #deletedBeforeNano: bigint;
  /** The lanes that have the database in work. */
  #active: MergeLane[] = [];
  #tournament = new Tournament([], compareForwards);
  #compare = compareForwards;
  /**
   * Indices of active lanes whose entry was used: they go on to the next one before anything else happens.
   */
  #used: number[] = [];
  #ready: SnapshotEntry | null = null;

  constructor(sources: readonly MergeSource[], { schema, deletedBeforeNano = 0n }: MergeOptions) {
    this.#lanes = sources.map((source) => new MergeLane(source, { mustBeSorted: sources.length > 1 }));
    this.#schema = schema;
    this.#deletedBeforeNano = deletedBeforeNano;
  }

  async nextDbi(): Promise<DbiHead | null> {
    for (const lane of this.#lanes) await lane.toDatabase();
    const lowest = this.#lanes.reduce(
      (least, lane) => (lane.isBefore(least) ? lane : least),
      this.#lanes[0]!,
    );
    if (!lowest?.head) return null;
    const { name } = lowest.head;
    this.#active = this.#lanes.filter((lane) => lane.head?.name === name);
    const head = this.#agreedHead();
    for (const lane of this.#active) lane.beginDatabase();
    this.#compare = keyComparison(keyOrderOf(head, this.#schema));
    this.#tournament = new Tournament(this.#active, this.#compare);
    this.#used = this.#active.map((_, index) => index);
    this.#ready = null;
    return head;
  }

  async fill(): Promise<boolean> {
    while (!this.#ready) {
      while (!this.#advance()) await this.#wait();
      this.#ready = this.#settle();
      if (!this.#ready && this.#used.length === 0) return false;
    }
    return true;
  }

  next(): SnapshotEntry | null {
    const ready = this.#ready;
    if (ready) {
      this.#ready = null;
      return ready;
    }
    return this.#advance() ? this.#settle() : null;
  }

  /** Brings all used lanes to their next entry; false where one of them has to be waited for. */
  #advance(): boolean {
    for (let count = this.#used.length; count > 0; count--) {
      const index = this.#used[count - 1]!;
      if (!this.#active[index]!.take()) return false;
      this.#tournament.update(index);
      this.#used.pop();
    }
    return true;
  }

  async #wait(): Promise<void> {
    const lane = this.#active[this.#used.at(-1)!]!;
    if (!(await lane.source.fill())) this.#used.pop();
  }

  /**
   * The winner among the entries of the lowest key; null at the end, or where a lane has to be waited for.
   */
  #settle(): SnapshotEntry | null {
    for (;;) {
      const first = this.#tournament.winner;
      if (first < 0) return null;
      let best = this.#use(first);
      for (let index = this.#tournament.winner; index >= 0; index = this.#tournament.winner) {
        if (this.#compareKeys(first, index) !== 0) break;
        const entry = this.#use(index);
        if (compareEntries(best, entry) < 0) best = entry;
      }
      if (!best.isDeleted || best.timestampNano >= this.#deletedBeforeNano) return best;
      if (!this.#advance()) return null;
    }
  }

  #use(index: number): SnapshotEntry {
    this.#used.push(index);
    const { entry } = this.#active[index]!;
    this.#active[index]!.isThere = false;
    this.#tournament.update(index);
    assert(entry, "a lane that wins has an entry");
    return entry;
  }

  #compareKeys(first: number, second: number): number {
    const a = this.#active[first]!;
    const b = this.#active[second]!;
    return this.#compare(a.bytes, a.keyStart, a.keyEnd, b.bytes, b.keyStart, b.keyEnd);
  }

  /**
   * The head of the newest format, of which the flags are the application's own. Others have to say the same
   * as far as their format lets them: the order of keys always, flags and transform since version 3.
   */
  #agreedHead(): DbiHead {
    const newest = this.#active.reduce((best, lane) =>
      lane.source.formatVersion > best.source.formatVersion ? lane : best,
    );
    const head = newest.head!;
    for (const { head: other, source } of this.#active) {
      const isSameOrder = keyOrderOf(head, this.#schema) === keyOrderOf(other!, this.#schema);
      const isSame = head.flags === other!.flags && head.transform === other!.transform;
      if (isSameOrder && (isSame || source.formatVersion < transformSinceVersion)) continue;
      const names = { name: source.name, other: newest.source.name, database: head.name };
      throw new PlimsollError("SNAPSHOT_HEADS_DIFFER", names);
    }
    return head;
  }
}
