import { estimateBlocksMax, listBitsShare, listLengthsMax } from "../kernel/index.js";
import type { StoreReader, TupleBlockEntry } from "../ports/index.js";
import { blocksOfTerm, type IdCursor, PostingCursor, type Postings } from "../postings/index.js";
import { BlockGroups, blockTuples } from "./block-groups.js";
import { HeldPostings } from "./held-postings.js";
import type { PostingCache } from "./posting-cache.js";
import { type Span, SpanBounds } from "./term-walk.js";

/** What an id takes in an array. */
const arrayIdBits = 64;

/** Seeking an id costs about as much as reading so many postings in a row. */
const seekCost = 8;

/** How many postings there are; when `isWhole` is false, no fewer than these. */
export interface Length {
  postings: number;
  isWhole: boolean;
}

/** Opens posting lists and measures them by their blocks' headers. */
export class Lists {
  readonly #reader: StoreReader;
  readonly #decoder: PostingCache;
  readonly #lengths = new Map<string, Length>();
  /** How many ids have been sought in long lists. */
  readonly #sought = new Map<string, number>();
  readonly #groups = new BlockGroups();

  constructor(reader: StoreReader, decoder: PostingCache) {
    this.#reader = reader;
    this.#decoder = decoder;
  }

  /** The list of a term over all segments, from the first id at or above `from`. */
  open(index: number, term: bigint, from: number): IdCursor {
    return this.#open(this.#reader.sealed.segments, index, term, from);
  }

  openSegment(segment: number, index: number, term: bigint, from: number): IdCursor {
    // Ids of former segments may stand in it, so no part of it is passed over by its range of ids.
    return this.#open([{ number: segment, endId: Number.POSITIVE_INFINITY }], index, term, from);
  }

  #open(segments: { number: number; endId: number }[], index: number, term: bigint, from: number): IdCursor {
    const held = this.#shortParts(segments, index, term, from);
    if (held !== null) return new HeldPostings(held, from);
    const fromStart = blocksOfTerm(this.#reader, segments, index, term);
    const blocksFrom = (id: number) => fromStart(Math.max(id, from));
    const cost = this.#lengths.get(`${index}:${term}`)?.postings ?? Number.MAX_SAFE_INTEGER;
    const cursor = new PostingCursor({ decoder: this.#decoder, index, term, blocksFrom, cost });
    cursor.seek(from);
    return cursor;
  }

  /**
   * All ids of a list, rising, as they are decoded: those that the cache has take no memory. Null when there
   * are more.
   */
  pieces(index: number, term: bigint, idsMax: number): Float64Array[] | null {
    const pieces: Float64Array[] = [];
    let left = idsMax;
    for (const { number } of this.#reader.sealed.segments) {
      for (const ids of this.segmentIds(number, index, term, 0)) {
        left -= ids.length;
        if (left < 0) return null;
        pieces.push(ids);
      }
    }
    return pieces;
  }

  /** A long list as a bit for each id of the store, when it is kept so. */
  knownBits(index: number, term: bigint): Uint32Array | null {
    return this.#decoder.bits(index, term) ?? null;
  }

  /** Whether a list takes less room as bits, and these no great part of the cache. */
  isWorthBits(index: number, term: bigint): boolean {
    const { nextId } = this.#reader.sealed;
    if (nextId / 8 > this.#decoder.bytesMax / listBitsShare) return false;
    return this.length(index, term).postings * arrayIdBits > nextId;
  }

  /**
   * Whether ids have been sought in such a list for so long that reading all of it costs no more. Before, it
   * would be dear: who walks a little way from the end seeks in its last blocks only.
   */
  isDueAsBits(index: number, term: bigint, idsSought: number): boolean {
    if (!this.isWorthBits(index, term)) return false;
    const key = `${index}:${term}`;
    const sought = (this.#sought.get(key) ?? 0) + idsSought;
    if (this.#sought.size > listLengthsMax) this.#sought.clear();
    this.#sought.set(key, sought);
    return sought * seekCost >= this.length(index, term).postings;
  }

  /** The same for a list that is worth it: all of it is read. */
  bits(index: number, term: bigint): Uint32Array {
    const known = this.#decoder.bits(index, term);
    if (known !== undefined) return known;
    const { segments, nextId } = this.#reader.sealed;
    const bits = new Uint32Array(Math.ceil(nextId / 32));
    for (const { number } of segments) {
      for (const ids of this.segmentIds(number, index, term, 0)) {
        for (let at = 0; at < ids.length; at++) bits[ids[at]! >>> 5]! |= 1 << (ids[at]! & 31);
      }
    }
    this.#decoder.keepBits(index, term, bits);
    return bits;
  }

  /** Ids of a term in one segment from the block that may hold `from` on, a block's at a time. */
  *segmentIds(segment: number, index: number, term: bigint, from: number): Generator<Float64Array> {
    const short = this.#short(segment, index, term);
    if (short !== null) {
      yield short.ids;
      return;
    }
    const part = [{ number: segment, endId: Number.POSITIVE_INFINITY }];
    for (const placed of blocksOfTerm(this.#reader, part, index, term)(from)) {
      const { ids, mayContinue } = this.#decoder.decode(placed.block, index, term, placed);
      yield ids;
      if (!mayContinue) return;
    }
  }

  /** The parts of a list that may hold ids from `from` on, when each is short; else null. */
  #shortParts(
    segments: { number: number; endId: number }[],
    index: number,
    term: bigint,
    from: number,
  ): Postings[] | null {
    const parts: Postings[] = [];
    for (const segment of segments) {
      if (segment.endId <= from) continue;
      const short = this.#short(segment.number, index, term);
      if (short === null) return null;
      if (short.ids.length > 0) parts.push(short);
    }
    return parts;
  }

  #short(segment: number, index: number, term: bigint): Postings | null {
    const part = [{ number: segment, endId: Number.POSITIVE_INFINITY }];
    return this.#decoder.short(segment, index, term, () => blocksOfTerm(this.#reader, part, index, term)(0));
  }

  /** Postings of one term, counted exactly up to `blocksMax` blocks. */
  length(index: number, term: bigint, blocksMax: number = estimateBlocksMax): Length {
    const key = `${index}:${term}`;
    const known = this.#lengths.get(key);
    if (known !== undefined && (known.isWhole || blocksMax <= estimateBlocksMax)) return known;
    const parts = this.#shortParts(this.#reader.sealed.segments, index, term, 0);
    const length =
      parts === null
        ? this.spanLength({ index, low: term, high: term }, blocksMax)
        : { postings: parts.reduce((sum, part) => sum + part.ids.length, 0), isWhole: true };
    if (this.#lengths.size > listLengthsMax) this.#lengths.clear();
    this.#lengths.set(key, length);
    return length;
  }

  /** Whether a range has more postings than so many; beyond what is estimated it is taken to have. */
  isLonger(span: Span, postingsMax: number): boolean {
    const { postings, isWhole } = this.spanLength(span, estimateBlocksMax, postingsMax);
    return !isWhole || postings > postingsMax;
  }

  /** Whether all blocks that a range lies in have no more postings than so many, by their heads alone. */
  isWithin(span: Span, postingsMax: number): boolean {
    if (span.low > span.high) return true;
    let postings = 0;
    for (const { number } of this.#reader.sealed.segments) {
      for (const entry of this.#reader.tupleBlocks(number, span.index, span.low, 0)) {
        if (entry.index > span.index || (entry.index === span.index && entry.term > span.high)) break;
        postings += blockTuples(entry.block);
        if (postings > postingsMax) return false;
      }
    }
    return true;
  }

  /** Postings of a range: blocks between others by their headers, those at the ends by what is in them. */
  spanLength(
    span: Span,
    blocksMax: number = estimateBlocksMax,
    postingsMax: number = Number.POSITIVE_INFINITY,
  ): Length {
    let postings = 0;
    let blocks = 0;
    for (const segment of this.#reader.sealed.segments) {
      let before: { id: number; term: bigint; index: number; tuples: number } | null = null;
      for (const entry of this.#reader.tupleBlocks(segment.number, span.index, span.low, 0)) {
        const isInside = entry.index === span.index && entry.term <= span.high;
        if (entry.index > span.index || (entry.index === span.index && entry.term > span.high)) break;
        // The block before lies wholly inside when it begins inside and another follows that does.
        if (before !== null) postings += before.tuples;
        before = null;
        if (blocks >= blocksMax || postings > postingsMax) return { postings, isWhole: false };
        blocks++;
        const startsInside = isInside && entry.term >= span.low;
        if (!startsInside) {
          postings += this.#countInside(segment.number, entry, span);
        } else {
          before = { id: entry.id, term: entry.term, index: entry.index, tuples: blockTuples(entry.block) };
        }
      }
      if (before !== null) postings += this.#countLast(segment.number, before, span);
    }
    return { postings, isWhole: true };
  }

  #countLast(segment: number, place: { id: number; term: bigint; index: number }, span: Span): number {
    for (const entry of this.#reader.tupleBlocks(segment, place.index, place.term, place.id)) {
      return this.#countInside(segment, entry, span);
    }
    return 0;
  }

  #countInside(segment: number, entry: TupleBlockEntry, span: Span): number {
    // The postings of one term are soon read as well, and stay in the cache.
    if (span.low === span.high) {
      return this.#decoder.decode(entry.block, span.index, span.low, { segment, ...entry }).ids.length;
    }
    let postings = 0;
    const bounds = new SpanBounds(span);
    this.#groups.open(entry.block);
    while (this.#groups.next()) {
      if (bounds.isAbove(this.#groups)) break;
      if (!bounds.isBelow(this.#groups)) postings += this.#groups.count;
    }
    return postings;
  }
}
