import type { StoreReader } from "../ports/index.js";
import { BlockGroups } from "./block-groups.js";
import type { TermBatch } from "./term-batch.js";

/** Terms from `low` to `high`, both included. */
export interface Span {
  index: number;
  low: bigint;
  high: bigint;
}

/**
 * Some ids of a term, rising; a long list comes in several pieces. The array lives until the next piece is
 * taken.
 */
export interface TermIds {
  term: bigint;
  ids: ArrayLike<number>;
}

/** Holds groups against a span by the halves of their terms. */
export class SpanBounds {
  readonly #index: number;
  readonly #lowHigh: number;
  readonly #lowLow: number;
  readonly #highHigh: number;
  readonly #highLow: number;

  constructor({ index, low, high }: Span) {
    this.#index = index;
    this.#lowHigh = Number(low >> 32n);
    this.#lowLow = Number(low & 0xffff_ffffn);
    this.#highHigh = Number(high >> 32n);
    this.#highLow = Number(high & 0xffff_ffffn);
  }

  isBelow({ index, high, low }: BlockGroups): boolean {
    if (index !== this.#index) return index < this.#index;
    return high < this.#lowHigh || (high === this.#lowHigh && low < this.#lowLow);
  }

  isAbove({ index, high, low }: BlockGroups): boolean {
    if (index !== this.#index) return index > this.#index;
    return high > this.#highHigh || (high === this.#highHigh && low > this.#highLow);
  }
}

/**
 * Groups of one segment whose terms lie in the span, in order; every step decodes into the same arrays, which
 * may be those of the walk before.
 */
export function* segmentGroups(
  reader: StoreReader,
  segment: number,
  span: Span,
  groups = new BlockGroups(),
): Generator<BlockGroups> {
  const bounds = new SpanBounds(span);
  for (const entry of reader.tupleBlocks(segment, span.index, span.low, 0)) {
    if (entry.index > span.index || (entry.index === span.index && entry.term > span.high)) return;
    groups.open(entry.block);
    while (groups.next()) {
      if (bounds.isBelow(groups)) continue;
      if (bounds.isAbove(groups)) return;
      yield groups;
    }
  }
}

/** Everything in the span over all segments, by rising term and then by rising id. */
export function* walkUp(reader: StoreReader, span: Span): Generator<TermIds> {
  const streams = reader.sealed.segments.map((segment) => segmentGroups(reader, segment.number, span));
  const heads = streams.map((stream) => stream.next().value as BlockGroups | undefined);
  for (;;) {
    let term: bigint | undefined;
    for (const head of heads)
      if (head !== undefined && (term === undefined || head.term < term)) term = head.term;
    if (term === undefined) return;
    for (let at = 0; at < streams.length; at++) {
      for (let head = heads[at]; head !== undefined && head.term === term; head = heads[at]) {
        yield { term, ids: head.ids.subarray(0, head.count) };
        heads[at] = streams[at]!.next().value as BlockGroups | undefined;
      }
    }
  }
}

/** The same as `walkUp`, by the batch. */
export class WalkUp {
  readonly #pieces: Generator<TermIds>;
  #ids: ArrayLike<number> = [];
  #high = 0;
  #low = 0;
  #at = 0;

  constructor(reader: StoreReader, span: Span) {
    this.#pieces = walkUp(reader, span);
  }

  /** Adds what comes next until the batch is full or nothing is left. */
  fill(batch: TermBatch): void {
    for (;;) {
      for (; this.#at < this.#ids.length; this.#at++) {
        if (batch.isFull) return;
        batch.add(this.#high, this.#low, this.#ids[this.#at]!);
      }
      const step = this.#pieces.next();
      if (step.done === true) return;
      this.#ids = step.value.ids;
      this.#at = 0;
      this.#high = Number(step.value.term >> 32n);
      this.#low = Number(step.value.term & 0xffff_ffffn);
    }
  }
}
