import { gallop } from "../postings/index.js";
import { type Column, roughTerm } from "./columns.js";
import type { SortRoom } from "./sort-passes.js";
import type { Span } from "./term-walk.js";

/** Which rough terms are of use: those of the span, and of these what a sort still has room for. */
export class RoughBounds {
  readonly #low: number;
  readonly #high: number;
  readonly #isDescending: boolean;
  readonly #room: SortRoom;
  #lastKey: SortRoom["lastKey"] = null;
  #lastRough = 0;

  constructor(span: Span, isDescending: boolean, room: SortRoom) {
    this.#low = roughTerm(span.low);
    this.#high = roughTerm(span.high);
    this.#isDescending = isDescending;
    this.#room = room;
  }

  /** Whether something between the two may be of use; where only the room is wanting, it is told. */
  lets(least: number, most: number): boolean {
    if (most < this.#low || least > this.#high) return false;
    const { lastKey } = this.#room;
    if (lastKey === null) return true;
    if (lastKey !== this.#lastKey) {
      this.#lastKey = lastKey;
      this.#lastRough = roughTerm(lastKey as bigint);
    }
    const isBehind = this.#isDescending ? most < this.#lastRough : least > this.#lastRough;
    if (isBehind) this.#room.hasLeftOut = true;
    return !isBehind;
  }
}

/** Those of the ids, met one by one, whose values may be of use. */
export function* scanMet(column: Column, ids: Iterable<number>, bounds: RoughBounds): Generator<number> {
  for (const id of ids) {
    const rough = column.roughTerm(id);
    if (rough !== undefined && bounds.lets(rough, rough)) yield id;
  }
}

/**
 * The same of ids in arrays, which are passed over a chunk of the column at a time where none of its values
 * is of use. Ids mostly rise with time: a descending order is scanned from the far end, so that the first
 * ones met are likely to be those that stay.
 */
export function* scanHeld(
  column: Column,
  pieces: Float64Array[],
  bounds: RoughBounds,
  isDescending: boolean,
): Generator<number> {
  for (let at = 0; at < pieces.length; at++) {
    yield* scanPiece(column, pieces[isDescending ? pieces.length - 1 - at : at]!, bounds, isDescending);
  }
}

function* scanPiece(
  column: Column,
  ids: Float64Array,
  bounds: RoughBounds,
  isDescending: boolean,
): Generator<number> {
  const step = isDescending ? -1 : 1;
  let at = isDescending ? ids.length - 1 : 0;
  let checkedTo = -1;
  while (at >= 0 && at < ids.length) {
    const id = ids[at]!;
    const chunk = column.chunkOf(id);
    if (chunk === undefined) {
      at += step;
      continue;
    }
    if (chunk.firstId !== checkedTo) {
      checkedTo = chunk.firstId;
      if (!bounds.lets(chunk.least, chunk.most)) {
        at = isDescending ? lastBelow(ids, chunk.firstId, at) : gallop(ids, at, chunk.firstId + chunk.count);
        continue;
      }
    }
    const rough = column.roughTerm(id);
    if (rough !== undefined && bounds.lets(rough, rough)) yield id;
    at += step;
  }
}

/** The last place before `to` whose id is below `id`, or -1. */
function lastBelow(ids: Float64Array, id: number, to: number): number {
  let low = 0;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
