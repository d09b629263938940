import type { Kernel } from "../kernel/index.js";
import type { SegmentKeyBlock, SegmentState, SegmentTupleBlock, TargetSession } from "../ports/index.js";
import {
  type BlockStream,
  type KeyRule,
  keyBlockFilter,
  keyFilterForm,
  mergeKeys,
  mergeTuples,
} from "../postings/index.js";

export interface SegmentSources {
  tuples: readonly BlockStream[];
  keys: readonly BlockStream[];
  /** The rule of every key space. */
  rules: KeyRule[];
  /** Entries of keys with a lower id were settled before. */
  firstNewId: number;
}

export type SegmentCounts = Pick<
  SegmentState,
  "tuples" | "postingBytes" | "keys" | "keyBytes" | "keyFilters"
>;

/**
 * Merges sorted streams into one segment of the store, a block at a time; `breathe` is awaited behind each.
 * Other work of the same kernel may be done there, if it has given its memory back by the end.
 */
export async function writeSegment(
  { session, number, kernel }: { session: TargetSession; number: number; kernel: Kernel },
  { tuples, keys, rules, firstNewId }: SegmentSources,
  breathe: (bytes: number) => Promise<void>,
): Promise<SegmentCounts> {
  const counts: SegmentCounts = {
    tuples: 0,
    postingBytes: 0,
    keys: 0,
    keyBytes: 0,
    keyFilters: keyFilterForm,
  };
  let tupleBlock: SegmentTupleBlock;
  const mergingTuples = mergeTuples({
    kernel,
    inputs: [...tuples],
    output: (block, first, count) => {
      tupleBlock = { ...first, block };
      counts.tuples += count;
      counts.postingBytes += block.length;
    },
  });
  for (const _ of mergingTuples) {
    await session.appendTupleBlock(number, tupleBlock!);
    await breathe(tupleBlock!.block.length);
  }
  let keyBlock: SegmentKeyBlock;
  let ordinal = 0;
  const mergingKeys = mergeKeys({
    kernel,
    inputs: keys.map((stream) => ({ stream, emit: true })),
    rules,
    firstNewId,
    output: (block, { hash }, count) => {
      keyBlock = { hash, ordinal: ordinal++, block, filter: keyBlockFilter(block) };
      counts.keys += count;
      counts.keyBytes += block.length;
    },
    // Who is dead was settled when it was written, and stands among the tuples.
    dead: () => {},
  });
  for (const _ of mergingKeys) {
    await session.appendKeyBlock(number, keyBlock!);
    await breathe(keyBlock!.block.length);
  }
  return counts;
}
