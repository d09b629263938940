import { deadPageIds, deadPagesBytesMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { type IdCursor, union } from "../postings/index.js";
import { ByteCache } from "./byte-cache.js";
import type { Lists } from "./lists.js";

/** What a page takes beside its bits. */
const pageBytes = 256;

/**
 * The list of dead records: later segments also name ids of former ones, so the segments are united, not
 * joined. Whether one record is dead is asked for every record that is read: a bit tells, in pages that are
 * filled from the lists and kept within a bound.
 */
export class DeadRecords {
  readonly #reader: StoreReader;
  readonly #lists: Lists;
  readonly #pages = new ByteCache<number, Uint8Array>(deadPagesBytesMax);
  /** The page that was asked last: ids that are asked for mostly follow one another. */
  #last: { number: number; bits: Uint8Array } | null = null;

  constructor(reader: StoreReader, lists: Lists) {
    this.#reader = reader;
    this.#lists = lists;
  }

  open(from: number): IdCursor {
    const { segments } = this.#reader.sealed;
    return union(segments.map((segment) => this.#lists.openSegment(segment.number, 0, 0n, from)));
  }

  has(id: number): boolean {
    if (this.#reader.sealed.deadRecords === 0) return false;
    const number = Math.floor(id / deadPageIds);
    const bits = this.#bitsOf(number);
    const at = id - number * deadPageIds;
    return (bits[at >> 3]! & (1 << (at & 7))) !== 0;
  }

  /** Those of rising ids that are alive. */
  without(ids: Float64Array): Float64Array {
    if (this.#reader.sealed.deadRecords === 0) return ids;
    const kept = new Float64Array(ids.length);
    let count = 0;
    let first = 0;
    let end = 0;
    let bits: Uint8Array = new Uint8Array(0);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (id >= end) {
        const number = Math.floor(id / deadPageIds);
        bits = this.#bitsOf(number);
        first = number * deadPageIds;
        end = first + deadPageIds;
      }
      const at = id - first;
      if ((bits[at >> 3]! & (1 << (at & 7))) === 0) kept[count++] = id;
    }
    return kept.subarray(0, count);
  }

  #bitsOf(number: number): Uint8Array {
    if (this.#last?.number !== number) {
      this.#last = { number, bits: this.#pages.get(number) ?? this.#read(number) };
    }
    return this.#last.bits;
  }

  #read(number: number): Uint8Array {
    const bits = new Uint8Array(deadPageIds / 8);
    const from = number * deadPageIds;
    for (const segment of this.#reader.sealed.segments) this.#fill(bits, segment.number, from);
    this.#pages.set(number, bits, bits.length + pageBytes);
    return bits;
  }

  #fill(bits: Uint8Array, segment: number, from: number): void {
    for (const ids of this.#lists.segmentIds(segment, 0, 0n, from)) {
      for (const id of ids) {
        const at = id - from;
        if (at >= deadPageIds) return;
        if (at >= 0) bits[at >> 3]! |= 1 << (at & 7);
      }
    }
  }
}
