import type { RowPage } from "../../tables/index.js";

/**
 * Tells whether all keys of a chunk are different, which is what most chunks are and saves the database a
 * sort. It keeps 64 bits of hash a key: two keys that look alike are taken to be the same, and then the
 * database looks.
 */
export class KeyFilter {
  readonly #slots: Uint32Array;
  readonly #mask: number;
  mayRepeat = false;
  #count = 0;

  /** Slots for twice as many keys as there may be, 16 bytes a key. */
  constructor(keysMax: number) {
    const slots = 2 ** Math.ceil(Math.log2(keysMax * 2));
    this.#slots = new Uint32Array(slots * 2);
    this.#mask = slots - 1;
  }

  clear(): void {
    if (this.#count > 0) this.#slots.fill(0);
    this.#count = 0;
    this.mayRepeat = false;
  }

  /** Takes the keys of a page's rows; `fields` are the places of the key in a row, rising. */
  add(page: RowPage, table: number, fields: readonly number[]): void {
    for (let row = 0; row < page.count && !this.mayRepeat; row++) {
      this.#addRow(page.rows, page.offsets[row]!, table, fields);
    }
  }

  #addRow(bytes: Buffer, start: number, table: number, fields: readonly number[]): void {
    let low = 0x811c9dc5 ^ table;
    let high = 0x1b873593;
    let at = start + 2;
    let field = 0;
    for (const wanted of fields) {
      for (; field < wanted; field++) at += 4 + Math.max(0, bytes.readInt32BE(at));
      const end = at + 4 + Math.max(0, bytes.readInt32BE(at));
      // The length is hashed as well, so that parts of a key do not run into one another.
      for (; at < end; at++) {
        low = Math.imul(low ^ bytes[at]!, 0x01000193);
        high = Math.imul(high ^ bytes[at]!, 0x85ebca6b) + (high >>> 15);
      }
      field++;
    }
    this.#insert(mix(low), mix(high) | 1);
  }

  /** An empty slot holds 0, which no key's second half is. */
  #insert(low: number, high: number): void {
    this.#count++;
    // More keys than it was made for, of one huge batch, are not told apart.
    if (this.#count > this.#mask * 0.75) this.mayRepeat = true;
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#slots[slot * 2 + 1] === 0) {
        this.#slots[slot * 2] = low;
        this.#slots[slot * 2 + 1] = high;
        return;
      }
      if (this.#slots[slot * 2] === low >>> 0 && this.#slots[slot * 2 + 1] === high >>> 0) {
        this.mayRepeat = true;
        return;
      }
    }
  }
}

function mix(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  const whole = Math.imul(half ^ (half >>> 15), 0x846ca68b);
  return whole ^ (whole >>> 16);
}
