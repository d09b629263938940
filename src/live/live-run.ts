import type { Kernel } from "../kernel/index.js";
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

export function runOf(tuples: TupleBlockEntry[], keys: KeyBlockEntry[]): LiveRun {
  const bytesOf = (blocks: { block: Uint8Array }[]) =>
    blocks.reduce((sum, { block }) => sum + block.length, 0);
  return { tuples, keys, bytes: bytesOf(tuples) + bytesOf(keys) };
}

/**
 * Merges the last runs while the one before is not much larger: there are never more than a few, and each
 * record is merged a few times only.
 */
export function mergeTail(kernel: Kernel, runs: LiveRun[], keyspaces: number): void {
  while (runs.length > 1 && runs.at(-2)!.bytes < 2 * runs.at(-1)!.bytes) {
    const [left, right] = runs.splice(-2) as [LiveRun, LiveRun];
    runs.push(merged(kernel, left, right, keyspaces));
  }
}

function merged(kernel: Kernel, left: LiveRun, right: LiveRun, keyspaces: number): LiveRun {
  const tuples: TupleBlockEntry[] = [];
  const keys: KeyBlockEntry[] = [];
  runToEnd(
    mergeTuples({
      kernel,
      inputs: [left, right].map((run) => streamOfBlocks(run.tuples.map(({ block }) => block))),
      output: (block) => tuples.push(tupleEntry(block)),
    }),
  );
  runToEnd(
    mergeKeys({
      kernel,
      inputs: [left, right].map((run) => ({
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
