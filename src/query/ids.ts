import { gallop, type IdCursor } from "../postings/index.js";

/** What a cursor's `id` is when none is left: above every record id. */
export const endOfIds = Number.POSITIVE_INFINITY;

/** Ids at or above `from` of an ascending array. */
export class ArrayIds implements IdCursor {
  readonly payload = 0;
  readonly cost: number;
  id: number;
  readonly #ids: Float64Array;
  #at: number;

  constructor(ids: Float64Array, from: number) {
    this.cost = ids.length;
    this.#ids = ids;
    this.#at = firstAtOrAbove(ids, from, 0);
    this.id = ids[this.#at] ?? endOfIds;
  }

  next(): void {
    this.#at++;
    this.id = this.#ids[this.#at] ?? endOfIds;
  }

  seek(target: number): void {
    if (target <= this.id) return;
    this.#at = firstAtOrAbove(this.#ids, target, this.#at);
    this.id = this.#ids[this.#at] ?? endOfIds;
  }
}

/** `gallop` takes the first id for granted; here it is looked at too. */
function firstAtOrAbove(ids: Float64Array, target: number, from: number): number {
  const first = ids[from];
  return first === undefined || first >= target ? from : gallop(ids, from, target);
}
