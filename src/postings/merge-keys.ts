import { type Kernel, PlimsollError } from "../kernel/index.js";
import type { BlockStream } from "./block-stream.js";

/**
 * `all` settles nothing: every entry goes on, for merges of runs into larger runs. `owned` and `versions` are
 * the rules of Nostr events, by their ids and by their groups (kernels/key-group.ts).
 */
export type KeyRule = "keep" | "replace" | "newest" | "reject" | "all" | "owned" | "versions";

export interface KeyInput {
  stream: BlockStream;
  /** Whether winners and dangling references of this input go into the output. */
  emit: boolean;
}

/**
 * What became of the keys of one key space. Under the rules `owned` and `versions` a record may lose in
 * several groups: only its references are counted, and its fate by those who merge the dead by id.
 */
export interface KeyCounts {
  /** New records whose key was not there before. */
  stored: number;
  /** New records that took the place of an existing one. */
  replacing: number;
  /** Dead records by reason. */
  duplicates: number;
  superseded: number;
  /** New ones that a deletion took out; existing ones are among the replaced. */
  deleted: number;
  replaced: number;
  rejected: number;
  danglingNew: number;
  danglingExisting: number;
  /** References of former imports whose key this import defines. */
  resolved: number;
}

export interface MergeKeysOptions {
  /** Lends mergeKeysBytes of memory for the time of the merge. */
  kernel: Kernel;
  inputs: KeyInput[];
  /** The rule of every key space, by its number. */
  rules: KeyRule[];
  /** Entries with a lower id are of former imports. */
  firstNewId: number;
  /** The block is a view of kernel memory: valid until the call returns. */
  output(block: Uint8Array, first: { hash: bigint }, count: number): void;
  /**
   * Takes dead records, and beside them under another index (INDEX_REPLACING) the new ones that took a place
   * under the rule `versions`: `count` tuples of 16 bytes, not sorted; a view of kernel memory.
   */
  dead(tuples: Uint8Array, count: number): void;
}

const ruleOrder: KeyRule[] = ["keep", "replace", "newest", "reject", "all", "owned", "versions"];

/**
 * Merges sorted streams of key blocks and settles every key by its rule. Pauses behind every block, so that
 * the caller may see to what was put out; returns the counts by key space.
 */
export function* mergeKeys(options: MergeKeysOptions): Generator<void, KeyCounts[]> {
  const { kernel } = options;
  const mark = kernel.mark();
  try {
    const merge = openMerge(options);
    yield* runMerge(options, merge);
    takeDead(options, merge);
    return options.rules.map((_, keyspace) => readCounts(kernel, merge, keyspace));
  } finally {
    kernel.release(mark);
  }
}

/** Bytes of kernel memory that a merge of keys borrows, alignment included. */
export function mergeKeysBytes(kernel: Kernel, inputCount: number, keyspaceCount: number): number {
  return kernel.exports.keyMergeBytes(inputCount, keyspaceCount) + 32;
}

function openMerge(options: MergeKeysOptions): number {
  const { inputs, rules, firstNewId } = options;
  const { exports, u8 } = options.kernel;
  const merge = options.kernel.alloc(exports.keyMergeBytes(inputs.length, rules.length));
  const idHigh = Math.floor(firstNewId / 2 ** 32);
  exports.keyMergeInit(merge, inputs.length, rules.length, idHigh, firstNewId >>> 0);
  u8.set(
    rules.map((rule) => ruleOrder.indexOf(rule)),
    exports.keyMergeRules(merge),
  );
  u8.set(
    inputs.map((input) => Number(input.emit)),
    exports.keyMergeEmits(merge),
  );
  return merge;
}

function* runMerge(options: MergeKeysOptions, merge: number): Generator<void> {
  const { exports, u8, view } = options.kernel;
  const output = exports.keyMergeOutput(merge);
  for (;;) {
    const state = exports.keyMergeStep(merge);
    if (state === exports.KEY_MERGE_NEED_INPUT.value) {
      const wanted = exports.keyMergeWanted(merge);
      const place = exports.keyMergeInput(merge, wanted);
      const into = u8.subarray(place, place + exports.BLOCK_BYTES_MAX.value);
      exports.keyMergeFeed(merge, options.inputs[wanted]!.stream.next(into));
    } else if (state === exports.KEY_MERGE_BLOCK_READY.value) {
      const block = u8.subarray(output, output + exports.keyMergeOutputBytes(merge));
      const hash = view.getBigUint64(output + 8, true);
      options.output(block, { hash }, view.getUint32(output, true));
      yield;
    } else if (state === exports.KEY_MERGE_DEAD_FULL.value) {
      takeDead(options, merge);
    } else if (state === exports.KEY_MERGE_DONE.value) {
      return;
    } else if (state === exports.KEY_MERGE_COLLISIONS.value) {
      throw new PlimsollError("KEY_COLLISIONS", { count: exports.KEY_COLLISIONS_MIN.value });
    } else {
      throw new PlimsollError("BLOCK_DAMAGED", { what: "keys", reason: "its entries do not add up" });
    }
  }
}

function takeDead(options: MergeKeysOptions, merge: number): void {
  const { exports, u8, view } = options.kernel;
  const buffer = exports.keyMergeDead(merge);
  const count = view.getUint32(buffer, true);
  if (count === 0) return;
  const tuples = buffer + exports.TUPLE_BUFFER_BYTES.value;
  options.dead(u8.subarray(tuples, tuples + count * exports.TUPLE_BYTES.value), count);
  view.setUint32(buffer, 0, true);
}

/** Most key spaces have no entities: a short merge would take longer to say so than for all else. */
const noCounts: KeyCounts = Object.freeze({
  stored: 0,
  replacing: 0,
  duplicates: 0,
  superseded: 0,
  deleted: 0,
  replaced: 0,
  rejected: 0,
  danglingNew: 0,
  danglingExisting: 0,
  resolved: 0,
});

function readCounts(kernel: Kernel, merge: number, keyspace: number): KeyCounts {
  const { exports, view } = kernel;
  const words = 2 * exports.KEY_COUNTERS.value;
  const first = exports.keyMergeCounters(merge) + keyspace * words * 4;
  let isEmpty = true;
  for (let word = 0; word < words && isEmpty; word++) isEmpty = view.getUint32(first + word * 4, true) === 0;
  if (isEmpty) return noCounts;
  const counter = (number: WebAssembly.Global) => Number(view.getBigUint64(first + number.value * 8, true));
  return {
    stored: counter(exports.COUNT_NEW),
    replacing: counter(exports.COUNT_REPLACING),
    duplicates: counter(exports.COUNT_DUPLICATE),
    superseded: counter(exports.COUNT_SUPERSEDED),
    deleted: counter(exports.COUNT_DELETED),
    replaced: counter(exports.COUNT_REPLACED),
    rejected: counter(exports.COUNT_REJECTED),
    danglingNew: counter(exports.COUNT_DANGLING_NEW),
    danglingExisting: counter(exports.COUNT_DANGLING_EXISTING),
    resolved: counter(exports.COUNT_RESOLVED),
  };
}
