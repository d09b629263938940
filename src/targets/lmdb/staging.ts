import type { TableName } from "./environment.js";

interface StagedPut {
  table: TableName;
  key: Buffer;
  offset: number;
  length: number;
}

/**
 * Puts wait here, in one buffer of fixed size, until there are enough for a transaction: a transaction a put
 * would cost a sync each, and an open transaction would hold its pages in memory whatever their number.
 */
export class Staging {
  readonly #bytes: Buffer;
  #puts: StagedPut[] = [];
  #used = 0;

  constructor(bytesMax: number) {
    // Backed by an ArrayBuffer of its own: lmdb-js takes the address of the buffer behind a view.
    this.#bytes = Buffer.from(new ArrayBuffer(bytesMax));
  }

  get isEmpty(): boolean {
    return this.#puts.length === 0;
  }

  get bytes(): number {
    return this.#used;
  }

  /** False when there is no room: write what is staged, then call again. */
  add(table: TableName, key: Buffer, value: Uint8Array): boolean {
    if (this.#used + value.length > this.#bytes.length || this.#puts.length >= stagedPutsMax) return false;
    this.#bytes.set(value, this.#used);
    this.#puts.push({ table, key, offset: this.#used, length: value.length });
    this.#used += value.length;
    return true;
  }

  *puts(): Iterable<{ table: TableName; key: Buffer; value: Buffer }> {
    for (const { table, key, offset, length } of this.#puts) {
      yield { table, key, value: this.#bytes.subarray(offset, offset + length) };
    }
  }

  clear(): void {
    this.#puts = [];
    this.#used = 0;
  }
}

/** Small values are bounded by their number: the list of puts is memory too (about 200 bytes each). */
const stagedPutsMax = 8192;
