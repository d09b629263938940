import { PlimsollError } from "../kernel/index.js";

/** What the posting lists of one index look like: how many, how long, and where their bytes go. */
export interface IndexSizes {
  lists: number;
  postings: number;
  /** Bytes of list heads (term and count), of first ids, of the gaps between ids, and of payloads. */
  headBytes: number;
  firstIdBytes: number;
  gapBytes: number;
  payloadBytes: number;
  /** Number of lists by their length: `lengths[n]` lists have n postings, or are in the class of n. */
  lengths: Map<number, number>;
  /** Lists of a few postings, and those among them whose postings lie close together. */
  shortLists: number;
  closeLists: number;
}

const blockHeaderBytes = 24;
/** Lengths up to this one are counted each; above, by classes an eighth wide. */
const exactLengthMax = 32;
/** Lists of 2 to this many postings tell whether equal terms stand near each other. */
const shortLengthMax = 8;

/** Walks blocks of one segment in their order and adds up what the lists take, without decoding an id. */
export class TupleSizes {
  readonly indexes = new Map<number, IndexSizes>();
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;
  #index = -1;
  /** The term in two halves: its low 28 bits, and what is above them. */
  #termLow = 0;
  #termHigh = 0;
  /** Postings of the open list: it may go on in the next block. */
  #length = 0;
  #firstId = 0;
  #lastId = 0;
  readonly #closeSpan: number;

  /** Postings whose ids differ by less than `closeSpan` count as close together. */
  constructor(closeSpan: number) {
    this.#closeSpan = closeSpan;
  }

  add(block: Uint8Array): void {
    this.#block = block;
    this.#at = blockHeaderBytes;
    const before = { index: this.#index, low: this.#termLow, high: this.#termHigh };
    for (let isFirst = true; this.#at < block.length; isFirst = false) {
      const start = this.#at;
      const index = this.#varint() + (isFirst ? 0 : this.#index);
      this.#readTerm(isFirst || index !== this.#index);
      const counted = this.#varint();
      const isSame =
        isFirst && index === before.index && this.#termLow === before.low && this.#termHigh === before.high;
      if (!isSame) this.#closeList();
      this.#index = index;
      const sizes = this.#sizes();
      // A list that goes on is no new one, but has a head in each of its blocks.
      sizes.headBytes += this.#at - start;
      this.#passIds(sizes, Math.floor(counted / 2), counted % 2);
    }
  }

  finish(): Map<number, IndexSizes> {
    this.#closeList();
    return this.indexes;
  }

  #passIds(sizes: IndexSizes, count: number, payloadBytes: number): void {
    const first = this.#at;
    let id = this.#varint();
    if (this.#length === 0) this.#firstId = id;
    sizes.firstIdBytes += this.#at - first;
    this.#at += payloadBytes;
    const gaps = this.#at;
    for (let i = 1; i < count; i++) {
      id += this.#varint();
      this.#at += payloadBytes;
    }
    sizes.gapBytes += this.#at - gaps - payloadBytes * (count - 1);
    sizes.payloadBytes += payloadBytes * count;
    sizes.postings += count;
    this.#length += count;
    this.#lastId = id;
  }

  #closeList(): void {
    if (this.#length === 0) return;
    const sizes = this.#sizes();
    const length = lengthClass(this.#length);
    sizes.lists += 1;
    sizes.lengths.set(length, (sizes.lengths.get(length) ?? 0) + 1);
    if (this.#length > 1 && this.#length <= shortLengthMax) {
      sizes.shortLists += 1;
      if (this.#lastId - this.#firstId < this.#closeSpan) sizes.closeLists += 1;
    }
    this.#length = 0;
  }

  #sizes(): IndexSizes {
    let sizes = this.indexes.get(this.#index);
    if (sizes === undefined) {
      sizes = {
        lists: 0,
        postings: 0,
        headBytes: 0,
        firstIdBytes: 0,
        gapBytes: 0,
        payloadBytes: 0,
        lengths: new Map(),
        shortLists: 0,
        closeLists: 0,
      };
      this.indexes.set(this.#index, sizes);
    }
    return sizes;
  }

  #readTerm(isWhole: boolean): void {
    let low = 0;
    let high = 0;
    for (let place = 0; ; place++) {
      const byte = this.#byte();
      if (place < 4) low += (byte & 127) << (7 * place);
      else high += (byte & 127) * 128 ** (place - 4);
      if (byte < 128) break;
    }
    if (!isWhole) {
      low += this.#termLow;
      high += this.#termHigh + Math.floor(low / 2 ** 28);
      low %= 2 ** 28;
    }
    this.#termLow = low;
    this.#termHigh = high;
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) {
      throw new PlimsollError("BLOCK_DAMAGED", { what: "postings", reason: "its entries do not add up" });
    }
    return byte;
  }
}

function lengthClass(length: number): number {
  if (length <= exactLengthMax) return length;
  const step = 2 ** (Math.floor(Math.log2(length)) - 3);
  return (Math.floor(length / step) + 0.5) * step;
}
