import { gatheredIdsMax, gatheredWindowIds } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import type { IdCursor } from "../postings/index.js";
import { ArrayIds, endOfIds } from "./ids.js";
import { type Span, segmentGroups } from "./term-walk.js";

export interface GatherBounds {
  idsMax: number;
  windowIds: number;
}

const defaultBounds: GatherBounds = { idsMax: gatheredIdsMax, windowIds: gatheredWindowIds };

/**
 * The ids of ranges and of large unions, whose postings are in order of term and not of id, as rising ids in
 * bounded memory: a sorted array while they are few, else a bitmap over a window of ids that is filled anew
 * from the postings whenever the reader moves out of it.
 */
export class GatheredIds {
  readonly #reader: StoreReader;
  readonly #bounds: GatherBounds;
  readonly #spans: Span[];
  #sorted: Float64Array | null = null;
  #window: Uint32Array | null = null;
  #windowStart = -1;
  /** Postings read so far: for the explanation. */
  postingsRead = 0;

  constructor(reader: StoreReader, spans: Span[], bounds: GatherBounds = defaultBounds) {
    this.#reader = reader;
    this.#bounds = bounds;
    this.#spans = spans;
    this.#gather();
  }

  get isArray(): boolean {
    return this.#sorted !== null;
  }

  get isEmpty(): boolean {
    return this.#sorted !== null && this.#sorted.length === 0;
  }

  /** Whether reading about in them at will costs no more than reading once through. */
  get isHeld(): boolean {
    return this.#sorted !== null || this.#reader.sealed.nextId <= this.#bounds.windowIds;
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
    for (const group of this.#groups(0, endOfIds)) {
      if (count + group.count > this.#bounds.idsMax) return;
      if (count + group.count > ids.length) {
        const larger = new Float64Array(
          Math.min(this.#bounds.idsMax, Math.max(ids.length * 2, count + group.count)),
        );
        larger.set(ids.subarray(0, count));
        ids = larger;
      }
      ids.set(group.ids.subarray(0, group.count), count);
      count += group.count;
    }
    this.#sorted = distinct(ids.subarray(0, count).sort());
  }

  #fill(start: number): void {
    this.#window ??= new Uint32Array(
      Math.ceil(Math.min(this.#bounds.windowIds, this.#reader.sealed.nextId) / 32) + 1,
    );
    this.#window.fill(0);
    this.#windowStart = start;
    const end = start + this.#bounds.windowIds;
    for (const group of this.#groups(start, end)) {
      for (let i = 0; i < group.count; i++) {
        const offset = group.ids[i]! - start;
        if (offset >= 0 && offset < this.#bounds.windowIds) this.#window[offset >>> 5]! |= 1 << (offset & 31);
      }
    }
  }

  /** Groups of all spans in the segments that may hold ids of [start, end). */
  *#groups(start: number, end: number) {
    for (const segment of this.#reader.sealed.segments) {
      if (segment.endId <= start || segment.firstId >= end) continue;
      for (const span of this.#spans) {
        for (const group of segmentGroups(this.#reader, segment.number, span)) {
          this.postingsRead += group.count;
          yield group;
        }
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

/** Takes repeats out of a sorted array, in place. */
function distinct(sorted: Float64Array): Float64Array {
  let count = 0;
  for (let at = 0; at < sorted.length; at++) {
    if (at > 0 && sorted[at] === sorted[at - 1]) continue;
    sorted[count++] = sorted[at]!;
  }
  return sorted.subarray(0, count);
}
