import { type Kernel, liveEntryBytes } from "../kernel/index.js";
import type { KeyBlockEntry, TupleBlockEntry } from "../ports/index.js";
import {
  type KeyRule,
  mergeKeys,
  mergeTuples,
  runToEnd,
  streamOfBlocks,
  tuplePlaceAt,
} from "../postings/index.js";

/** Sorted postings and keys of some live records, as a segment of a store holds them. */
export interface LiveRun {
  tuples: TupleBlockEntry[];
  keys: KeyBlockEntry[];
  bytes: number;
}

const firstAt = 8;

/** A copy of a block of tuples, by its first. */
export function tupleEntry(block: Uint8Array): TupleBlockEntry {
  const copy = block.slice();
  return { ...tuplePlaceAt(new DataView(copy.buffer), firstAt), block: copy };
}

export function keyEntry(block: Uint8Array, ordinal: number): KeyBlockEntry {
  const copy = block.slice();
  return { hash: new DataView(copy.buffer).getBigUint64(firstAt, true), ordinal, block: copy };
}

/** What blocks take in memory. */
export function heldBytes(blocks: readonly { block: Uint8Array }[]): number {
  return blocks.reduce((sum, { block }) => sum + block.length + liveEntryBytes, 0);
}

export function runOf(tuples: TupleBlockEntry[], keys: KeyBlockEntry[]): LiveRun {
  return { tuples, keys, bytes: heldBytes(tuples) + heldBytes(keys) };
}

/** What a segment says of its blocks. */
export function segmentCounts({ tuples, keys }: LiveRun) {
  const bytesOf = (blocks: readonly { block: Uint8Array }[]) =>
    blocks.reduce((sum, { block }) => sum + block.length, 0);
  const countOf = (blocks: readonly { block: Uint8Array }[]) =>
    blocks.reduce((sum, { block }) => sum + new DataView(block.buffer).getUint32(block.byteOffset, true), 0);
  return {
    tuples: countOf(tuples),
    postingBytes: bytesOf(tuples),
    keys: countOf(keys),
    keyBytes: bytesOf(keys),
  };
}

/** Key blocks of a run from the last one that may hold the hash. */
export function* keyBlocksFrom(
  keys: readonly KeyBlockEntry[],
  hash: bigint,
  ordinal = 0,
): Iterable<KeyBlockEntry> {
  const isBefore = (entry: KeyBlockEntry) =>
    entry.hash < hash || (entry.hash === hash && entry.ordinal <= ordinal);
  const at = lastWhere(keys.length, (place) => isBefore(keys[place]!));
  for (let place = Math.max(0, at); place < keys.length; place++) yield keys[place]!;
}

/** The last place of `count` that a condition holds for, which holds up to some place; -1 for none. */
export function lastWhere(count: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Merges the last runs while the one before is not much larger: there are never more than a few, and each
 * record is merged a few times only.
 */
export function mergeTail(kernel: Kernel, runs: LiveRun[], keyspaces: number): void {
  while (runs.length > 1 && runs.at(-2)!.bytes < 2 * runs.at(-1)!.bytes) {
    runs.push(mergeRuns(kernel, runs.splice(-2), keyspaces));
  }
}

/** Several runs as one. */
export function mergeRuns(kernel: Kernel, runs: readonly LiveRun[], keyspaces: number): LiveRun {
  const tuples: TupleBlockEntry[] = [];
  const keys: KeyBlockEntry[] = [];
  runToEnd(
    mergeTuples({
      kernel,
      inputs: runs.map((run) => streamOfBlocks(run.tuples.map(({ block }) => block))),
      output: (block) => tuples.push(tupleEntry(block)),
    }),
  );
  runToEnd(
    mergeKeys({
      kernel,
      inputs: runs.map((run) => ({
        stream: streamOfBlocks(run.keys.map(({ block }) => block)),
        emit: true,
      })),
      rules: Array.from({ length: keyspaces }, (): KeyRule => "all"),
      firstNewId: 0,
      output: (block) => keys.push(keyEntry(block, keys.length)),
      dead: () => {},
    }),
  );
  return runOf(tuples, keys);
}
