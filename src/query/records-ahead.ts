import { aheadBytesMax, aheadEntryBytes, aheadRecordsMax, aheadRecordsMin } from "../kernel/index.js";
import type { LiveRecord } from "./live-record.js";
import type { RecordBlocks } from "./record-blocks.js";
import type { SortGroup } from "./sort-passes.js";

/**
 * Records that come in another order than they lie in: some groups ahead are looked at, and their records
 * read in the order of the store, so that a block which holds several of them is unpacked once.
 */
export class RecordsAhead {
  readonly #records: RecordBlocks;
  readonly #read = new Map<number, LiveRecord | null>();
  /** How many are still wanted, and how many are looked at ahead while nobody knows. */
  #wanted: number;
  #size = aheadRecordsMin;

  constructor(records: RecordBlocks, wanted: number) {
    this.#records = records;
    this.#wanted = wanted;
  }

  /** The same groups; the records of each are at hand when it comes. */
  *groups(groups: Iterable<SortGroup>): Generator<SortGroup> {
    let ahead: SortGroup[] = [];
    let ids: number[] = [];
    for (const group of groups) {
      ahead.push(group);
      const members = group.ids();
      // What cannot be held is gone through when its turn comes.
      if (Array.isArray(members)) for (const id of members as number[]) ids.push(id);
      if (ids.length < this.#window && Array.isArray(members)) continue;
      this.#readAll(ids);
      yield* ahead;
      ahead = [];
      ids = [];
    }
    this.#readAll(ids);
    yield* ahead;
  }

  /** The record with this id, when there is one and it is alive. */
  live(id: number): LiveRecord | undefined {
    const read = this.#read.get(id);
    if (read === undefined) return this.#records.live(id);
    return read ?? undefined;
  }

  /** To be told of each record that left: no more are read than may be wanted. */
  found(): void {
    this.#wanted--;
  }

  get #window(): number {
    return Math.min(this.#size, this.#wanted);
  }

  #readAll(ids: number[]): void {
    this.#read.clear();
    let bytes = 0;
    for (const id of ids.sort((left, right) => left - right)) {
      const record = this.#records.live(id);
      this.#read.set(id, record ?? null);
      bytes += aheadEntryBytes + (record?.bytes.length ?? 0);
      if (bytes > aheadBytesMax) break;
    }
    this.#size = Number.isFinite(this.#wanted) ? aheadRecordsMax : Math.min(aheadRecordsMax, this.#size * 2);
  }
}
