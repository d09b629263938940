import { recordIdMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { BlockGroups } from "./block-groups.js";

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
  for (const entry of reader.tupleBlocks(segment, span.index, span.low, 0)) {
    if (entry.index > span.index || (entry.index === span.index && entry.term > span.high)) return;
    groups.open(entry.block);
    while (groups.next()) {
      if (groups.index < span.index || (groups.index === span.index && groups.term < span.low)) continue;
      if (groups.index > span.index || groups.term > span.high) return;
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

/** The same by falling term; ids of one term still rise. */
export function* walkDown(reader: StoreReader, span: Span): Generator<TermIds> {
  const segments = reader.sealed.segments.map((segment) => segment.number);
  const streams = segments.map((segment) => segmentTermsDown(reader, segment, span));
  const heads = streams.map((stream) => stream.next().value as TermDown | undefined);
  for (;;) {
    let term: bigint | undefined;
    for (const head of heads)
      if (head !== undefined && (term === undefined || head.term > term)) term = head.term;
    if (term === undefined) return;
    for (let at = 0; at < streams.length; at++) {
      const head = heads[at];
      if (head === undefined || head.term !== term) continue;
      if (head.ids !== null) {
        yield { term, ids: head.ids };
      } else {
        const list = segmentGroups(reader, segments[at]!, { index: span.index, low: term, high: term });
        for (const group of list) yield { term, ids: group.ids.subarray(0, group.count) };
      }
      heads[at] = streams[at]!.next().value as TermDown | undefined;
    }
  }
}

/** A term with its ids, or with null when they fill more than one block and must be read forwards. */
interface TermDown {
  term: bigint;
  ids: Float64Array | null;
}

/**
 * Terms of one segment from the greatest down. A block's first term is held back until the block before is
 * seen.
 */
function* segmentTermsDown(reader: StoreReader, segment: number, span: Span): Generator<TermDown> {
  const groups = new BlockGroups();
  let held: TermDown | null = null;
  for (const entry of reader.tupleBlocksReverse(segment, span.index, span.high, recordIdMax)) {
    const terms: TermDown[] = [];
    groups.open(entry.block);
    while (groups.next()) {
      if (groups.index < span.index || (groups.index === span.index && groups.term < span.low)) continue;
      if (groups.index > span.index || groups.term > span.high) break;
      terms.push({ term: groups.term, ids: groups.ids.slice(0, groups.count) });
    }
    const last = terms.at(-1);
    if (held !== null && last !== undefined && held.term === last.term) {
      held = { term: last.term, ids: null };
      terms.pop();
    }
    if (terms.length > 0) {
      if (held !== null) yield held;
      held = terms.shift()!;
      for (const term of terms.reverse()) yield term;
    }
    if (entry.index < span.index || (entry.index === span.index && entry.term < span.low)) break;
  }
  if (held !== null) yield held;
}
