// State and memory layout of a merge of keys; the merge itself is key-merge.ts.
import { KEY_BYTES_MAX } from "./key-entry";
import { KEY_COUNTERS, KeyGroup } from "./key-group";
import { TUPLE_BUFFER_BYTES, TUPLE_BYTES, tupleBufferInit } from "./tuple";
import { BLOCK_BUFFER_BYTES, BLOCK_HEADER_BYTES } from "./tuple-block";

export const KEY_MERGE_DONE: u32 = 0;
/** The input `keyMergeWanted` is out of entries: feed its next block, or 0 bytes at its end. */
export const KEY_MERGE_NEED_INPUT: u32 = 1;
/** A block of `keyMergeOutputBytes` lies at `keyMergeOutput`; take it before the next step. */
export const KEY_MERGE_BLOCK_READY: u32 = 2;
/**
 * The tuple buffer `keyMergeDead` is full: take its tuples and set its count to 0. At the end the host looks
 * again.
 */
export const KEY_MERGE_DEAD_FULL: u32 = 3;
/** The input `keyMergeWanted` was fed a block that does not add up. */
export const KEY_MERGE_DAMAGED: u32 = 4;
/** More keys share one hash than there is room to remember. */
export const KEY_MERGE_COLLISIONS: u32 = 5;

const DEAD_TUPLES: u32 = 8192;
export const NONE: u32 = 0xffffffff;
export const DEFINED_BYTES: u32 = 65536;
/** So many keys of any length under one hash are remembered in any case. */
export const KEY_COLLISIONS_MIN: u32 = DEFINED_BYTES / (2 * KEY_BYTES_MAX);
export const DEFINED_HEADER_BYTES: u32 = 8;
const HEAD_BYTES: usize = 16;

@unmanaged
export class KeyMerge {
  inputCount: u32;
  fedCount: u32;
  wanted: u32;
  isBuilt: u32;
  isFinished: u32;
  failure: u32;
  tree: usize;
  heads: usize;
  inputs: usize;
  /** A byte an input: whether its entries go into the output. */
  emits: usize;
  output: usize;
  /** Bytes in the output buffer, header included, and entries among them. */
  outputBytes: u32;
  outputCount: u32;
  outputLast: usize;
  /** Where the block that is ready ends; what lies behind belongs to the next one. 0 when none is ready. */
  sealedBytes: u32;
  defined: usize;
  definedBytes: u32;
  definedHash: u64;
  group: KeyGroup;
}

/** Head of an input: hash, place of the entry (0 when the input has ended), end of its block. */
@unmanaged
export class KeyHead {
  hash: u64;
  entry: usize;
  blockEnd: usize;
}

const STATE_BYTES: usize = 256;
const GROUP_AT: usize = 128;
const BEST_BYTES: usize = 1104;
const OUTPUT_BYTES: usize = <usize>BLOCK_BUFFER_BYTES + 2 * BEST_BYTES;

@inline
function align16(bytes: usize): usize {
  return (bytes + 15) & ~15;
}

/** Bytes that a merge of `inputCount` inputs over `keyspaces` key spaces takes in all. */
export function keyMergeBytes(inputCount: u32, keyspaces: u32): u32 {
  const tables = align16(<usize>inputCount << 2) + align16(inputCount) + align16(keyspaces);
  const counters = align16(<usize>(keyspaces * KEY_COUNTERS) << 3);
  const inputs = <usize>inputCount * (HEAD_BYTES + BLOCK_BUFFER_BYTES);
  const dead = TUPLE_BUFFER_BYTES + DEAD_TUPLES * TUPLE_BYTES;
  return <u32>(STATE_BYTES + tables + counters + inputs + dead + BEST_BYTES + OUTPUT_BYTES + DEFINED_BYTES);
}

/**
 * Lays a merge out at `merge` (16-byte aligned). Afterwards the host fills in the rules and the emit flags.
 * The first new id comes as two halves.
 */
export function keyMergeInit(
  merge: usize,
  inputCount: u32,
  keyspaces: u32,
  newIdHigh: u32,
  newIdLow: u32,
): void {
  const m = changetype<KeyMerge>(merge);
  memory.fill(merge, 0, STATE_BYTES);
  const g = changetype<KeyGroup>(merge + GROUP_AT);
  m.group = g;
  m.inputCount = inputCount;
  m.wanted = inputCount > 0 ? 0 : NONE;
  m.tree = merge + STATE_BYTES;
  m.heads = m.tree + align16(<usize>inputCount << 2);
  m.inputs = m.heads + <usize>inputCount * HEAD_BYTES;
  m.output = m.inputs + <usize>inputCount * BLOCK_BUFFER_BYTES;
  m.defined = m.output + OUTPUT_BYTES;
  g.best = m.defined + DEFINED_BYTES;
  g.dead = g.best + BEST_BYTES;
  g.counters = g.dead + TUPLE_BUFFER_BYTES + DEAD_TUPLES * TUPLE_BYTES;
  g.rules = g.counters + align16(<usize>(keyspaces * KEY_COUNTERS) << 3);
  g.firstNewId = (<u64>newIdHigh << 32) | <u64>newIdLow;
  memory.fill(g.counters, 0, <usize>(keyspaces * KEY_COUNTERS) << 3);
  memory.fill(m.heads, 0, <usize>inputCount * HEAD_BYTES);
  memory.fill(g.rules, 0, align16(keyspaces) + align16(inputCount));
  tupleBufferInit(g.dead, g.dead + TUPLE_BUFFER_BYTES, DEAD_TUPLES, false);
  m.emits = g.rules + align16(keyspaces);
  m.outputBytes = BLOCK_HEADER_BYTES;
  m.isFinished = <u32>(inputCount == 0);
}

/** Where the host writes the rule of every key space (a byte each, RULE_*). */
export function keyMergeRules(merge: usize): usize {
  return changetype<KeyMerge>(merge).group.rules;
}

/** Where the host writes, a byte an input, whether its entries go into the output. */
export function keyMergeEmits(merge: usize): usize {
  return changetype<KeyMerge>(merge).emits;
}

/** KEY_COUNTERS u64 for every key space. */
export function keyMergeCounters(merge: usize): usize {
  return changetype<KeyMerge>(merge).group.counters;
}

/** Tuple buffer of dead records. */
export function keyMergeDead(merge: usize): usize {
  return changetype<KeyMerge>(merge).group.dead;
}

export function keyMergeWanted(merge: usize): u32 {
  return changetype<KeyMerge>(merge).wanted;
}

/** Where the host puts the next block of an input: BLOCK_BUFFER_BYTES of room. */
export function keyMergeInput(merge: usize, input: u32): usize {
  return blockAt(changetype<KeyMerge>(merge), input);
}

export function keyMergeOutput(merge: usize): usize {
  return changetype<KeyMerge>(merge).output;
}

export function keyMergeOutputBytes(merge: usize): u32 {
  return changetype<KeyMerge>(merge).sealedBytes;
}

@inline
export function blockAt(m: KeyMerge, input: u32): usize {
  return m.inputs + <usize>input * BLOCK_BUFFER_BYTES;
}

@inline
export function headAt(m: KeyMerge, input: u32): KeyHead {
  return changetype<KeyHead>(m.heads + (<usize>input << 4));
}
