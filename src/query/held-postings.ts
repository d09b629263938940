import { gallop, type IdCursor, type Postings } from "../postings/index.js";
import { endOfIds } from "./ids.js";

const none: Postings = { ids: new Float64Array(0), payloads: new Uint8Array(0), mayContinue: false };

/** A list of which every part is in memory; the ids of a later part are above those of an earlier one. */
export class HeldPostings implements IdCursor {
  readonly cost: number;
  id = endOfIds;
  readonly #parts: Postings[];
  #number = 0;
  #part = none;
  #at = 0;

  constructor(parts: Postings[], from: number) {
    this.#parts = parts;
    this.cost = parts.reduce((sum, part) => sum + part.ids.length, 0);
    this.#part = parts[0] ?? none;
    this.#settle(from);
  }

  get payload(): number {
    return this.#part.payloads[this.#at] ?? 0;
  }

  next(): void {
    this.#at++;
    if (this.#at < this.#part.ids.length) this.id = this.#part.ids[this.#at]!;
    else this.#settle(this.id + 1);
  }

  seek(id: number): void {
    if (id > this.id) this.#settle(id);
  }

  #settle(from: number): void {
    for (;;) {
      const { ids } = this.#part;
      const last = ids[ids.length - 1];
      if (last !== undefined && last >= from && this.#at < ids.length) {
        if (ids[this.#at]! < from) this.#at = gallop(ids, this.#at, from);
        this.id = ids[this.#at]!;
        return;
      }
      if (this.#number + 1 >= this.#parts.length) break;
      this.#part = this.#parts[++this.#number]!;
      this.#at = 0;
    }
    this.id = endOfIds;
  }
}
