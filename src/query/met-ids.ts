import { metIdsSpanMax } from "../kernel/index.js";
import { spanIds } from "./gathered-ids.js";
import type { QueryStore } from "./query-store.js";
import type { Span } from "./term-walk.js";

/**
 * Those of rising ids that stand in any of the spans, or null where they lie too far apart. A bit for each is
 * set, and cleared again by whoever names it, so that long lists pass by once and nothing is made of them.
 */
export function metIds(store: QueryStore, ids: Float64Array, spans: readonly Span[]): Float64Array | null {
  if (ids.length === 0) return ids;
  const first = ids[0]!;
  const last = ids[ids.length - 1]!;
  if (last - first >= metIdsSpanMax) return null;
  const marks = new Uint32Array(Math.floor((last - first) / 32) + 1);
  for (let at = 0; at < ids.length; at++) {
    const place = (ids[at]! - first) | 0;
    marks[place >>> 5]! |= 1 << (place & 31);
  }
  for (const piece of spanIds(store.reader, store.lists, spans, { from: first, to: last + 1 })) {
    clear(marks, piece, first, last);
  }
  return unmarked(marks, ids);
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

function unmarked(marks: Uint32Array, ids: Float64Array): Float64Array {
  const first = ids[0]!;
  const kept = new Float64Array(ids.length);
  let count = 0;
  for (let at = 0; at < ids.length; at++) {
    const place = (ids[at]! - first) | 0;
    if ((marks[place >>> 5]! & (1 << (place & 31))) === 0) kept[count++] = ids[at]!;
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
