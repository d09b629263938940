import { metIdsSpanMax } from "../kernel/index.js";
import { spanIds } from "./gathered-ids.js";
import type { QueryStore } from "./query-store.js";
import type { Span } from "./term-walk.js";

/** Of ids that lie in so large a part of the store as this all of a list is read anyway. */
const wideShare = 2;

/**
 * Those of rising ids that stand in any of the spans, or null where they lie too far apart. Long lists are
 * looked up as bits; for the others a bit for each id is set, and cleared again by whoever names it, so that
 * they pass by once and nothing is made of them.
 */
export function metIds(store: QueryStore, ids: Float64Array, spans: readonly Span[]): Float64Array | null {
  if (ids.length === 0) return ids;
  const first = ids[0]!;
  const last = ids[ids.length - 1]!;
  if (last - first >= metIdsSpanMax) return null;
  const isWide = (last - first) * wideShare >= store.sealed.nextId;
  const { bits, others } = splitByBits(store, spans, isWide);
  if (others.length === 0) return withBits(ids, bits);
  const marks = new Uint32Array(Math.floor((last - first) / 32) + 1);
  for (let at = 0; at < ids.length; at++) {
    const place = (ids[at]! - first) | 0;
    marks[place >>> 5]! |= 1 << (place & 31);
  }
  for (const piece of spanIds(store.reader, store.lists, others, { from: first, to: last + 1 })) {
    clear(marks, piece, first, last);
  }
  return unmarked(marks, ids, bits);
}

/** The same where all of the spans are lists that are kept as bits, or are due to become so; else null. */
export function metByBits(store: QueryStore, ids: Float64Array, spans: readonly Span[]): Float64Array | null {
  const { lists } = store;
  const known = spans.map((span) => knownBits(store, span));
  if (!known.includes(null)) return withBits(ids, known as Uint32Array[]);
  const isDue = ({ low, high, index }: Span) => low === high && lists.isDueAsBits(index, low, ids.length);
  // Each is told of what is sought in it.
  if (spans.map(isDue).includes(false)) return null;
  return withBits(
    ids,
    spans.map(({ index, low }) => lists.bits(index, low)),
  );
}

function knownBits({ lists }: QueryStore, { index, low, high }: Span): Uint32Array | null {
  return low === high ? lists.knownBits(index, low) : null;
}

function splitByBits(
  store: QueryStore,
  spans: readonly Span[],
  mayMake: boolean,
): { bits: Uint32Array[]; others: Span[] } {
  const bits: Uint32Array[] = [];
  const others: Span[] = [];
  for (const span of spans) {
    const { index, low, high } = span;
    let found = knownBits(store, span);
    if (found === null && mayMake && low === high && store.lists.isWorthBits(index, low)) {
      found = store.lists.bits(index, low);
    }
    if (found === null) others.push(span);
    else bits.push(found);
  }
  return { bits, others };
}

function withBits(ids: Float64Array, bits: readonly Uint32Array[]): Float64Array {
  const kept = new Float64Array(ids.length);
  let count = 0;
  for (let at = 0; at < ids.length; at++) if (isIn(bits, ids[at]!)) kept[count++] = ids[at]!;
  return kept.subarray(0, count);
}

function isIn(bits: readonly Uint32Array[], id: number): boolean {
  for (let at = 0; at < bits.length; at++) {
    if ((bits[at]![id >>> 5]! & (1 << (id & 31))) !== 0) return true;
  }
  return false;
}

function clear(marks: Uint32Array, piece: Float64Array, first: number, last: number): void {
  const { length } = piece;
  for (let at = firstAtOrAbove(piece, first); at < length; at++) {
    const id = piece[at]!;
    if (id > last) return;
    const place = (id - first) | 0;
    marks[place >>> 5]! &= ~(1 << (place & 31));
  }
}

function unmarked(marks: Uint32Array, ids: Float64Array, bits: readonly Uint32Array[]): Float64Array {
  const first = ids[0]!;
  const kept = new Float64Array(ids.length);
  let count = 0;
  for (let at = 0; at < ids.length; at++) {
    const place = (ids[at]! - first) | 0;
    const isNamed = (marks[place >>> 5]! & (1 << (place & 31))) === 0;
    if (isNamed || isIn(bits, ids[at]!)) kept[count++] = ids[at]!;
  }
  return kept.subarray(0, count);
}

function firstAtOrAbove(ids: Float64Array, id: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
