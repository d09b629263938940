import { PlimsollError } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";

/** Values of one index by record id; the chunk last used is kept in view. */
export class Column {
  readonly #reader: StoreReader;
  readonly #index: number;
  #firstId = 0;
  #endId = 0;
  #values: BigUint64Array = new BigUint64Array(0);
  #presence: Uint8Array = new Uint8Array(0);

  constructor(reader: StoreReader, index: number) {
    this.#reader = reader;
    this.#index = index;
  }

  /** Term of the record's first value; undefined when it has none. */
  term(id: number): bigint | undefined {
    if (id < this.#firstId || id >= this.#endId) this.#load(id);
    const row = id - this.#firstId;
    if (row < 0 || id >= this.#endId) return undefined;
    const isPresent = (this.#presence[row >> 3]! & (1 << (row & 7))) !== 0;
    return isPresent ? this.#values[row]! : undefined;
  }

  /** Copies the chunk: a view would not outlive the next read. */
  #load(id: number): void {
    const entry = this.#reader.columnChunk(this.#index, id);
    if (entry === undefined) return;
    const { values, presence } = columnParts(entry.chunk);
    this.#firstId = entry.firstId;
    this.#endId = entry.firstId + values.length;
    this.#values = values;
    this.#presence = presence;
  }
}

/** Rows of a chunk; -1 when its length is another. */
export function columnRows(chunk: Uint8Array): number {
  if (chunk.length < 4) return -1;
  const count = new DataView(chunk.buffer, chunk.byteOffset).getUint32(0, true);
  return chunk.length === 4 + count * 8 + Math.ceil(count / 8) ? count : -1;
}

/** Copies of a chunk's parts: u32 count, the values, a bit for each that is there. */
export function columnParts(chunk: Uint8Array): { values: BigUint64Array; presence: Uint8Array } {
  const count = columnRows(chunk);
  if (count < 0)
    throw new PlimsollError("BLOCK_DAMAGED", { what: "columns", reason: "its length does not add up" });
  const values = new BigUint64Array(count);
  new Uint8Array(values.buffer).set(chunk.subarray(4, 4 + count * 8));
  return { values, presence: chunk.slice(4 + count * 8, 4 + count * 8 + Math.ceil(count / 8)) };
}
