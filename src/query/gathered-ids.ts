import { gatheredIdsMax, gatheredWindowIds } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import type { IdCursor } from "../postings/index.js";
import { BlockGroups } from "./block-groups.js";
import { ArrayIds, endOfIds } from "./ids.js";
import type { Lists } from "./lists.js";
import { type Span, segmentGroups } from "./term-walk.js";

/** What an id takes in an array: where there are more than one for so many ids, a bitmap is smaller. */
const arrayIdBits = 64;

export interface GatherBounds {
  idsMax: number;
  windowIds: number;
  /** How many are likely: what would become a bitmap is one from the start. */
  likely?: number;
}

export const gatherBounds: GatherBounds = { idsMax: gatheredIdsMax, windowIds: gatheredWindowIds };

/**
 * The ids of ranges and of large unions, whose postings are in order of term and not of id, as rising ids in
 * bounded memory: a sorted array while they are few, a bitmap where that is the smaller, and beyond that a
 * bitmap over a window of ids that is filled anew from the postings whenever the reader moves out of it.
 */
export class GatheredIds {
  readonly #reader: StoreReader;
  readonly #lists: Lists;
  readonly #bounds: GatherBounds;
  readonly #spans: readonly Span[];
  #sorted: Float64Array | null = null;
  #window: Uint32Array | null = null;
  #windowStart = -1;
  /** Postings read so far: for the explanation. */
  postingsRead = 0;

  constructor(
    reader: StoreReader,
    lists: Lists,
    spans: readonly Span[],
    bounds: GatherBounds = gatherBounds,
  ) {
    this.#reader = reader;
    this.#lists = lists;
    this.#bounds = bounds;
    this.#spans = spans;
    // A single span is likely to be one list, which is in order as it is.
    if (spans.length > 1 && this.#isSmallerAsBits(bounds.likely ?? 0)) this.#bring(0);
    else this.#gather();
  }

  /** All of them, rising, where an array was the smaller. */
  get sorted(): Float64Array | null {
    return this.#sorted;
  }

  get isEmpty(): boolean {
    return this.#sorted !== null && this.#sorted.length === 0;
  }

  /** Whether reading about in them at will costs no more than reading once through. */
  get isHeld(): boolean {
    return this.#sorted !== null || this.#reader.sealed.nextId <= this.#bounds.windowIds;
  }

  /** All of them in an array; for a set that is no larger than could be gathered. */
  toArray(): Float64Array {
    if (this.#sorted !== null) return this.#sorted;
    const ids = new Float64Array(this.postingsRead);
    let count = 0;
    for (let start = 0; start < this.#reader.sealed.nextId; start += this.#bounds.windowIds) {
      this.#bring(start);
      count = takeBits(this.#window!, start, ids, count);
    }
    return ids.subarray(0, count);
  }

  open(from: number): IdCursor {
    return this.#sorted === null ? new WindowIds(this, from) : new ArrayIds(this.#sorted, from);
  }

  has(id: number): boolean {
    if (this.#sorted !== null) return new ArrayIds(this.#sorted, id).id === id;
    if (id >= this.#reader.sealed.nextId) return false;
    const at = this.#bring(id);
    return (this.#window![at >>> 5]! & (1 << (at & 31))) !== 0;
  }

  /** First id at or above `from`. */
  nextInWindows(from: number): number {
    const end = this.#reader.sealed.nextId;
    let at = from;
    while (at < end) {
      const found = this.#nextBit(at);
      if (found >= 0) return this.#windowStart + found;
      at = this.#windowStart + this.#bounds.windowIds;
    }
    return endOfIds;
  }

  #nextBit(id: number): number {
    const at = this.#bring(id);
    return nextBit(this.#window!, at);
  }

  /** Moves the window to where it holds the id; returns the id's place in it. */
  #bring(id: number): number {
    const start = Math.floor(id / this.#bounds.windowIds) * this.#bounds.windowIds;
    if (start !== this.#windowStart) this.#fill(start);
    return id - start;
  }

  /** Collects into an array that grows by doubling; gives up when there are too many. */
  #gather(): void {
    let ids = new Float64Array(1024);
    let count = 0;
    let isRising = true;
    for (const piece of this.#pieces(0, endOfIds)) {
      // The pieces of one list need no sorting; those of several hardly ever follow one another.
      if (count > 0 && piece.length > 0 && piece[0]! <= ids[count - 1]!) isRising = false;
      const needed = count + piece.length;
      if (needed > this.#bounds.idsMax) return;
      if (needed > ids.length) {
        const larger = new Float64Array(Math.min(this.#bounds.idsMax, Math.max(ids.length * 2, needed)));
        larger.set(ids.subarray(0, count));
        ids = larger;
      }
      ids.set(piece, count);
      count = needed;
    }
    if (isRising) {
      this.#sorted = ids.subarray(0, count);
    } else if (this.#isSmallerAsBits(count)) {
      this.#openWindow(0);
      for (let at = 0; at < count; at++) this.#mark(ids[at]!);
    } else {
      this.#sorted = distinct(ids.subarray(0, count).sort());
    }
  }

  #isSmallerAsBits(count: number): boolean {
    const { nextId } = this.#reader.sealed;
    return nextId <= this.#bounds.windowIds && count * arrayIdBits > nextId;
  }

  #openWindow(start: number): void {
    this.#window ??= new Uint32Array(
      Math.ceil(Math.min(this.#bounds.windowIds, this.#reader.sealed.nextId) / 32) + 1,
    );
    this.#window.fill(0);
    this.#windowStart = start;
  }

  #mark(offset: number): void {
    this.#window![offset >>> 5]! |= 1 << (offset & 31);
  }

  #fill(start: number): void {
    this.#openWindow(start);
    const end = start + this.#bounds.windowIds;
    for (const piece of this.#pieces(start, end)) {
      for (let at = 0; at < piece.length; at++) {
        const offset = piece[at]! - start;
        if (offset >= 0 && offset < this.#bounds.windowIds) this.#mark(offset);
      }
    }
  }

  *#pieces(from: number, to: number): Generator<Float64Array> {
    for (const ids of spanIds(this.#reader, this.#lists, this.#spans, { from, to })) {
      this.postingsRead += ids.length;
      yield ids;
    }
  }
}

/**
 * Ids of all spans in the segments that may hold ids of [from, to), some at a time, and others beside them.
 */
export function* spanIds(
  reader: StoreReader,
  lists: Lists,
  spans: readonly Span[],
  { from, to }: { from: number; to: number },
): Generator<Float64Array> {
  // Room for a block, which lists alone do not need.
  let groups: BlockGroups | undefined;
  for (const segment of reader.sealed.segments) {
    if (segment.endId <= from || segment.firstId >= to) continue;
    for (const span of spans) {
      // The list of one term comes through the cache, a range block by block.
      if (span.low === span.high) {
        for (const ids of lists.segmentIds(segment.number, span.index, span.low, from)) {
          if (ids[0]! >= to) break;
          yield ids;
        }
        continue;
      }
      groups ??= new BlockGroups();
      for (const group of segmentGroups(reader, segment.number, span, groups)) {
        yield group.ids.subarray(0, group.count);
      }
    }
  }
}

class WindowIds implements IdCursor {
  readonly payload = 0;
  readonly #set: GatheredIds;
  readonly cost: number;
  id: number;

  constructor(set: GatheredIds, from: number) {
    this.#set = set;
    this.cost = set.postingsRead;
    this.id = set.nextInWindows(from);
  }

  next(): void {
    this.id = this.#set.nextInWindows(this.id + 1);
  }

  seek(target: number): void {
    if (target > this.id) this.id = this.#set.nextInWindows(target);
  }
}

/** Position of the first set bit at or after `from`, or -1. */
function nextBit(words: Uint32Array, from: number): number {
  let at = from >>> 5;
  if (at >= words.length) return -1;
  let word = words[at]! & (-1 << (from & 31));
  while (word === 0) {
    at++;
    if (at >= words.length) return -1;
    word = words[at]!;
  }
  return at * 32 + (31 - Math.clz32(word & -word));
}

/** Adds the ids of the set bits from `count` on; the answer is how many there are then. */
function takeBits(words: Uint32Array, start: number, ids: Float64Array, from: number): number {
  let count = from;
  for (let at = 0; at < words.length; at++) {
    for (let word = words[at]!; word !== 0; word &= word - 1) {
      ids[count++] = start + at * 32 + (31 - Math.clz32(word & -word));
    }
  }
  return count;
}

/** Takes repeats out of a sorted array, in place. */
function distinct(sorted: Float64Array): Float64Array {
  let count = 0;
  for (let at = 0; at < sorted.length; at++) {
    if (at > 0 && sorted[at] === sorted[at - 1]) continue;
    sorted[count++] = sorted[at]!;
  }
  return sorted.subarray(0, count);
}
