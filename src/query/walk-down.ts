import { recordIdMax, tupleBlockBytesMax, walkRoomPostings } from "../kernel/index.js";
import type { StoreReader, TupleBlockEntry } from "../ports/index.js";
import { BlockGroups } from "./block-groups.js";
import type { TermBatch } from "./term-batch.js";
import { type Span, SpanBounds, segmentGroups } from "./term-walk.js";

/** Everything in the span over all segments, by falling term and then by rising id. */
export class WalkDown {
  readonly #segments: SegmentDown[];
  /** The segment whose postings of a term are being handed out. */
  #head: SegmentDown | undefined;

  constructor(reader: StoreReader, span: Span) {
    this.#segments = reader.sealed.segments.map(({ number }) => new SegmentDown(reader, number, span));
  }

  /** Adds what comes next until the batch is full or nothing is left. */
  fill(batch: TermBatch): void {
    while (!batch.isFull) {
      const head = this.#head ?? this.#greatest();
      if (head === undefined) return;
      this.#head = head;
      if (!head.give(batch)) return;
      head.next();
      this.#head = undefined;
    }
  }

  /** Of equal terms that of the oldest segment, whose ids are the lowest. */
  #greatest(): SegmentDown | undefined {
    let greatest: SegmentDown | undefined;
    for (const segment of this.#segments) {
      if (segment.isLeft && (greatest === undefined || segment.isAbove(greatest))) greatest = segment;
    }
    return greatest;
  }
}

/** The first term of a block, which may begin in the block before. */
interface FirstTerm {
  high: number;
  low: number;
  ids: Float64Array;
  isLong: boolean;
}

/**
 * The terms of one segment from the greatest down. A block is unpacked into arrays, since nobody reads it
 * backwards; its first term is held back until the block before is seen.
 */
class SegmentDown {
  isLeft = true;
  #high = 0;
  #low = 0;
  readonly #reader: StoreReader;
  readonly #segment: number;
  readonly #span: Span;
  readonly #bounds: SpanBounds;
  readonly #blocks: Iterator<TupleBlockEntry>;
  readonly #groups = new BlockGroups();
  /** Terms of the block that are still to come; their halves, the low one first, and where their ids end. */
  #left = 0;
  #halves = new Uint32Array(walkRoomPostings * 2);
  #ends = new Uint32Array(walkRoomPostings);
  #blockIds = new Float64Array(walkRoomPostings);
  #isAtEnd = false;
  /** Ids of the present term, and where the others come from when its list is long. */
  #ids: Float64Array = this.#blockIds;
  #at = 0;
  #end = 0;
  #list: Iterator<BlockGroups> | null = null;

  constructor(reader: StoreReader, segment: number, span: Span) {
    this.#reader = reader;
    this.#segment = segment;
    this.#span = span;
    this.#bounds = new SpanBounds(span);
    const blocks = reader.tupleBlocksReverse(segment, span.index, span.high, recordIdMax);
    this.#blocks = blocks[Symbol.iterator]();
    this.next();
  }

  isAbove(other: SegmentDown): boolean {
    return this.#high > other.#high || (this.#high === other.#high && this.#low > other.#low);
  }

  /** Whether all that is left of the present term found room in the batch. */
  give(batch: TermBatch): boolean {
    do {
      while (this.#at < this.#end) {
        if (batch.isFull) return false;
        batch.add(this.#high, this.#low, this.#ids[this.#at++]!);
      }
    } while (this.#hasMore());
    return true;
  }

  #hasMore(): boolean {
    const step = this.#list?.next();
    if (step === undefined || step.done === true) return false;
    this.#ids = step.value.ids;
    this.#at = 0;
    this.#end = step.value.count;
    return true;
  }

  /** Goes to the next term below. */
  next(): void {
    this.#list = null;
    if (this.#left === 0) this.#read(null);
    if (this.#left === 0) {
      this.isLeft = false;
    } else if (this.#left > 1) {
      this.#left--;
      this.#show(this.#left);
    } else {
      const first = { high: this.#halves[1]!, low: this.#halves[0]!, ids: this.#firstIds(), isLong: false };
      this.#left = 0;
      this.#read(first);
      this.#showFirst(first);
    }
  }

  #firstIds(): Float64Array {
    return this.#blockIds.slice(0, this.#ends[0]!);
  }

  #show(at: number): void {
    this.#low = this.#halves[at * 2]!;
    this.#high = this.#halves[at * 2 + 1]!;
    this.#ids = this.#blockIds;
    this.#at = this.#ends[at - 1]!;
    this.#end = this.#ends[at]!;
  }

  /** What fills more than one block is read forwards. */
  #showFirst({ high, low, ids, isLong }: FirstTerm): void {
    this.#high = high;
    this.#low = low;
    this.#ids = ids;
    this.#at = 0;
    this.#end = isLong ? 0 : ids.length;
    if (!isLong) return;
    const term = (BigInt(high) << 32n) | BigInt(low);
    const span = { index: this.#span.index, low: term, high: term };
    this.#list = segmentGroups(this.#reader, this.#segment, span);
  }

  /** Unpacks the next block that holds terms of the span; what is held back may begin in it. */
  #read(first: FirstTerm | null): void {
    const { index, low } = this.#span;
    while (this.#left === 0 && !this.#isAtEnd) {
      const step = this.#blocks.next();
      if (step.done === true) {
        this.#isAtEnd = true;
        return;
      }
      const entry = step.value;
      this.#unpack(entry.block);
      this.#isAtEnd = entry.index < index || (entry.index === index && entry.term < low);
      if (first === null || !this.#isLast(first)) continue;
      first.isLong = true;
      this.#left--;
    }
  }

  /** Whether the block ends with this term. */
  #isLast({ high, low }: FirstTerm): boolean {
    const last = this.#left - 1;
    return last >= 0 && this.#halves[last * 2 + 1] === high && this.#halves[last * 2] === low;
  }

  #unpack(block: Uint8Array): void {
    const groups = this.#groups.open(block);
    let ids = 0;
    while (groups.next()) {
      if (this.#bounds.isBelow(groups)) continue;
      if (this.#bounds.isAbove(groups)) break;
      if (ids + groups.count > this.#blockIds.length) this.#grow(ids + groups.count);
      for (let at = 0; at < groups.count; at++) this.#blockIds[ids + at] = groups.ids[at]!;
      ids += groups.count;
      this.#halves[this.#left * 2] = groups.low;
      this.#halves[this.#left * 2 + 1] = groups.high;
      this.#ends[this.#left] = ids;
      this.#left++;
    }
  }

  /** A block has no more postings than bytes. */
  #grow(postings: number): void {
    const size = Math.min(tupleBlockBytesMax, Math.max(postings, this.#blockIds.length * 2));
    const [halves, ends, ids] = [this.#halves, this.#ends, this.#blockIds];
    this.#halves = new Uint32Array(size * 2);
    this.#halves.set(halves);
    this.#ends = new Uint32Array(size);
    this.#ends.set(ends);
    this.#blockIds = new Float64Array(size);
    this.#blockIds.set(ids);
  }
}
