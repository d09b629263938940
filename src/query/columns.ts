import { PlimsollError } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { BlockCache, type IdBlock } from "./block-cache.js";

export interface ColumnChunk extends IdBlock {
  values: BigUint64Array;
  /** The same as halves, the low one first. */
  halves: Uint32Array;
  /** The least and the greatest of its rough terms, those of rows without a value included. */
  least: number;
  most: number;
  presence: Uint8Array;
}

/** What a kept chunk takes beside its values: the entry and the heads of its arrays. */
const chunkBytes = 512;

/** A value and its presence, with the share of the chunk's entry. */
const valueBytes = 9;

/**
 * Chunks of columns, copied, for a view would not outlive the next read. Those of one index are kept: the one
 * that queries order by, from one to the next.
 */
export class ColumnChunks {
  readonly #reader: StoreReader;
  #bytesMax: number;
  #index = -1;
  #cache: BlockCache<ColumnChunk>;

  constructor(reader: StoreReader, bytesMax: number) {
    this.#reader = reader;
    this.#bytesMax = bytesMax;
    this.#cache = new BlockCache(bytesMax);
  }

  set bytesMax(bytes: number) {
    this.#bytesMax = bytes;
    this.#cache.bytesMax = bytes;
  }

  /** Whether a column of so many rows has room in the cache. */
  holds(rows: number): boolean {
    return rows * valueBytes <= this.#bytesMax;
  }

  find(index: number, id: number): ColumnChunk | undefined {
    if (index !== this.#index) {
      this.#index = index;
      this.#cache = new BlockCache(this.#bytesMax);
    }
    return this.#cache.get(id) ?? this.#read(index, id);
  }

  #read(index: number, id: number): ColumnChunk | undefined {
    const entry = this.#reader.columnChunk(index, id);
    if (entry === undefined) return undefined;
    const { firstId } = entry;
    const { values, presence } = columnParts(entry.chunk);
    const bytes = values.byteLength + presence.byteLength + chunkBytes;
    const halves = new Uint32Array(values.buffer);
    const chunk = {
      firstId,
      count: values.length,
      bytes,
      idAt: (i: number) => firstId + i,
      values,
      halves,
      ...extremes(halves),
      presence,
    };
    this.#cache.add(chunk);
    return chunk;
  }
}

/** Values of one index by record id; the chunk last used is at hand. */
export class Column {
  readonly #chunks: ColumnChunks;
  readonly #index: number;
  #chunk: ColumnChunk | undefined;

  constructor(chunks: ColumnChunks, index: number) {
    this.#chunks = chunks;
    this.#index = index;
  }

  /** Term of the record's first value; undefined when it has none. */
  term(id: number): bigint | undefined {
    const chunk = this.#chunkWith(id);
    return chunk?.values[id - chunk.firstId];
  }

  /** The same as `roughTerm`, without a BigInt. */
  roughTerm(id: number): number | undefined {
    const chunk = this.#chunkWith(id);
    if (chunk === undefined) return undefined;
    const at = (id - chunk.firstId) * 2;
    return roughOf(chunk.halves[at + 1]!, chunk.halves[at]!);
  }

  /** The chunk with the record's row, if there is one. */
  chunkOf(id: number): ColumnChunk | undefined {
    let chunk = this.#chunk;
    if (chunk === undefined || id < chunk.firstId || id >= chunk.firstId + chunk.count) {
      chunk = this.#chunks.find(this.#index, id);
      if (chunk === undefined) return undefined;
      this.#chunk = chunk;
    }
    return id - chunk.firstId < chunk.count ? chunk : undefined;
  }

  /** The same, if there is a value in that row. */
  #chunkWith(id: number): ColumnChunk | undefined {
    const chunk = this.chunkOf(id);
    if (chunk === undefined) return undefined;
    const row = id - chunk.firstId;
    return (chunk.presence[row >> 3]! & (1 << (row & 7))) === 0 ? undefined : chunk;
  }
}

/**
 * A number for a term that never falls where the term rises: what differs in it differs in the same sense,
 * and what does not must be held against the terms themselves. Whole numbers up to 2^53 have one each.
 */
export function roughTerm(term: bigint): number {
  return roughOf(Number(term >> 32n), Number(term & 0xffff_ffffn));
}

function extremes(halves: Uint32Array): { least: number; most: number } {
  let [least, most] = [Infinity, -Infinity];
  for (let at = 0; at < halves.length; at += 2) {
    const rough = roughOf(halves[at + 1]!, halves[at]!);
    if (rough < least) least = rough;
    if (rough > most) most = rough;
  }
  return { least, most };
}

function roughOf(high: number, low: number): number {
  return (high - 2 ** 31) * 2 ** 32 + low;
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
  // A slice of a Buffer would be a view.
  return { values, presence: new Uint8Array(chunk.subarray(4 + count * 8)) };
}
