import type { Postings } from "./posting-decoder.js";

/** Ascending record ids, read lazily. A cursor stands on its first id from the start. */
export interface IdCursor {
  /** The present id; Infinity behind the last. */
  readonly id: number;
  /** Payload byte of the present posting. */
  readonly payload: number;
  /** Estimated number of ids: cheap lists lead an intersection. */
  readonly cost: number;
  next(): void;
  /** Goes to the first id at or above `id`; never backwards. */
  seek(id: number): void;
}

/** The segment of a block and its first tuple: no other block of a snapshot has the same. */
export interface BlockPlace {
  segment: number;
  index: number;
  term: bigint;
  id: number;
}

export interface PlacedBlock extends BlockPlace {
  block: Uint8Array;
}

/** Tuple blocks in order, from the one that may hold a posting of the list with this id. */
export type BlocksFrom = (id: number) => Iterable<PlacedBlock>;

/** Takes the postings of (index, term) out of a block. */
export interface ListDecoder {
  decode(block: Uint8Array, index: number, term: bigint, place: BlockPlace): Postings;
}

export interface PostingListOptions {
  decoder: ListDecoder;
  index: number;
  term: bigint;
  blocksFrom: BlocksFrom;
  cost: number;
}

const noPostings: Postings = { ids: new Float64Array(0), payloads: new Uint8Array(0), mayContinue: true };

/** The posting list of one (index, term) over all segments; holds one decoded block. */
export class PostingCursor implements IdCursor {
  readonly cost: number;
  id = Number.POSITIVE_INFINITY;
  readonly #options: PostingListOptions;
  #blocks: Iterator<PlacedBlock>;
  #postings = noPostings;
  #at = 0;
  /** The last id of the present block; Infinity behind all blocks. */
  #last = Number.POSITIVE_INFINITY;

  constructor(options: PostingListOptions) {
    this.#options = options;
    this.cost = options.cost;
    this.#blocks = options.blocksFrom(0)[Symbol.iterator]();
    this.#readBlock();
  }

  get payload(): number {
    return this.#postings.payloads[this.#at] ?? 0;
  }

  next(): void {
    this.#at++;
    if (this.#at < this.#postings.ids.length) this.id = this.#postings.ids[this.#at]!;
    else this.#readBlock();
  }

  seek(id: number): void {
    if (id <= this.id) return;
    if (this.#last < id) {
      this.#blocks.return?.();
      this.#blocks = this.#options.blocksFrom(id)[Symbol.iterator]();
      this.#readBlock();
      // The block that may hold the id can begin and even end below it.
      while (this.#last < id) this.#readBlock();
      if (this.id >= id) return;
    }
    const { ids } = this.#postings;
    // Lists of a length are met step by step.
    const next = this.#at + 1;
    this.#at = ids[next]! >= id ? next : gallop(ids, next, id);
    this.id = ids[this.#at]!;
  }

  /** Goes to the next block that holds postings of the list. */
  #readBlock(): void {
    const { decoder, index, term } = this.#options;
    this.#at = 0;
    for (let step = this.#blocks.next(); !step.done; step = this.#blocks.next()) {
      this.#postings = decoder.decode(step.value.block, index, term, step.value);
      const { ids } = this.#postings;
      if (ids.length === 0) continue;
      this.id = ids[0]!;
      this.#last = ids[ids.length - 1]!;
      return;
    }
    this.#postings = noPostings;
    this.id = Number.POSITIVE_INFINITY;
    this.#last = Number.POSITIVE_INFINITY;
  }
}

/** What the blocks of a list are read from: a store's reader. */
export interface TupleBlockReader {
  tupleBlocks(
    segment: number,
    index: number,
    term: bigint,
    id: number,
  ): Iterable<{ index: number; term: bigint; id: number; block: Uint8Array }>;
}

/** Segments oldest first: the ids of a later one are above those of an earlier one. */
export interface SegmentRange {
  number: number;
  endId: number;
}

/**
 * The blocks of (index, term) over all segments, oldest first, each segment left where the list ends in it.
 */
export function blocksOfTerm(
  reader: TupleBlockReader,
  segments: readonly SegmentRange[],
  index: number,
  term: bigint,
): BlocksFrom {
  return function* (id) {
    for (const segment of segments) {
      if (segment.endId <= id) continue;
      for (const entry of reader.tupleBlocks(segment.number, index, term, id)) {
        if (entry.index > index || (entry.index === index && entry.term > term)) break;
        yield { segment: segment.number, ...entry };
      }
    }
  };
}

/** First place at or behind `from` whose id is at or above `id`: doubling steps, then halving. */
export function gallop(ids: Float64Array, from: number, id: number): number {
  let low = from;
  let step = 1;
  while (low + step < ids.length && ids[low + step]! < id) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, ids.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
