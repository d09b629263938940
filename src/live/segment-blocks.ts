import { assert } from "../kernel/index.js";
import type { KeyBlockEntry, StoreReader, TupleBlockEntry } from "../ports/index.js";
import type { BlockStream } from "../postings/index.js";

interface Placed {
  block: Uint8Array;
}

/**
 * The blocks of a segment as a stream that can let go of its reader between two of them: it goes on with
 * another reader behind the last block that it gave.
 */
class SegmentBlocks<Entry extends Placed> implements BlockStream {
  readonly #blocksFrom: (last: Entry | null) => Iterable<Entry>;
  #iterator: Iterator<Entry> | null = null;
  #last: Entry | null = null;
  /** Bytes that were read. */
  readBytes = 0;

  constructor(blocksFrom: (last: Entry | null) => Iterable<Entry>) {
    this.#blocksFrom = blocksFrom;
  }

  next(into: Uint8Array): number {
    this.#iterator ??= this.#open();
    const step = this.#iterator.next();
    if (step.done) return 0;
    const { block } = step.value;
    assert(block.length <= into.length, "a block fits its buffer");
    into.set(block);
    // Its place alone: the block is the reader's.
    this.#last = { ...step.value, block: noBlock };
    this.readBytes += block.length;
    return block.length;
  }

  leave(): void {
    this.#iterator?.return?.();
    this.#iterator = null;
  }

  #open(): Iterator<Entry> {
    const iterator = this.#blocksFrom(this.#last)[Symbol.iterator]();
    // A reader begins with the block that was asked for, or the one before it.
    if (this.#last !== null) iterator.next();
    return iterator;
  }
}

const noBlock = new Uint8Array(0);

/** Some segments as sorted streams, read through readers that come and go. */
export class SegmentStreams {
  readonly #open: () => StoreReader;
  #reader: StoreReader | null = null;
  readonly tuples: readonly SegmentBlocks<TupleBlockEntry>[];
  readonly keys: readonly SegmentBlocks<KeyBlockEntry>[];

  constructor(segments: readonly number[], openReader: () => StoreReader) {
    this.#open = openReader;
    this.tuples = segments.map(
      (segment) =>
        new SegmentBlocks<TupleBlockEntry>((last) => {
          const { index, term, id } = last ?? { index: 0, term: 0n, id: 0 };
          return this.#opened.tupleBlocks(segment, index, term, id);
        }),
    );
    this.keys = segments.map(
      (segment) =>
        new SegmentBlocks<KeyBlockEntry>((last) =>
          this.#opened.keyBlocks(segment, last?.hash ?? 0n, last?.ordinal ?? 0),
        ),
    );
  }

  /** Bytes that were read since the beginning. */
  get readBytes(): number {
    return [...this.tuples, ...this.keys].reduce((sum, { readBytes }) => sum + readBytes, 0);
  }

  get #opened(): StoreReader {
    this.#reader ??= this.#open();
    return this.#reader;
  }

  /** Lets go of the reader; the next block is read by another one. */
  leave(): void {
    for (const stream of [...this.tuples, ...this.keys]) stream.leave();
    this.#reader?.close();
    this.#reader = null;
  }
}
