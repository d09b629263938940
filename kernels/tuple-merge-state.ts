// State and memory layout of a merge of tuples; the merge itself is tuple-merge.ts. For each input there are
// one compressed block and CHUNK_TUPLES decoded tuples, and for all one staging area of merged tuples.
import { TUPLE_BYTES } from "./tuple";
import { BLOCK_BUFFER_BYTES } from "./tuple-block";

export const MERGE_DONE: u32 = 0;
/** The input `tupleMergeWanted` is out of tuples: feed its next block, or 0 bytes at its end. */
export const MERGE_NEED_INPUT: u32 = 1;
/** A block lies at `tupleMergeOutput`; take it before the next step. */
export const MERGE_BLOCK_READY: u32 = 2;
/** The input `tupleMergeWanted` was fed a block that does not add up. */
export const MERGE_DAMAGED: u32 = 3;

export const CHUNK_TUPLES: u32 = 64;
export const STAGING_TUPLES: u32 = 32768;
export const NONE: u32 = 0xffffffff;
/** Head of an input that has ended: above every tuple, because no index has this number. */
export const END: u64 = 0xffffffffffffffff;

@unmanaged
export class TupleMerge {
  inputCount: u32;
  /** Inputs that have been fed their first block. */
  fedCount: u32;
  /** Input that must be fed before the merge goes on, or NONE. */
  wanted: u32;
  isBuilt: u32;
  isDraining: u32;
  isFinished: u32;
  isDamaged: u32;
  stagedCount: u32;
  stagedHead: u32;
  hasLower: u32;
  tree: usize;
  heads: usize;
  inputs: usize;
  staging: usize;
  output: usize;
  spare: u32;
  lower0: u64;
  lower1: u64;
  upper0: u64;
  upper1: u64;
}

/** One input: a cursor, then its decoded chunk, then its compressed block. */
@unmanaged
export class MergeInput {
  at: usize;
  atEnd: usize;
  isEnding: u32;
  hasPassedLower: u32;
}

export const CURSOR_AT: usize = 16;
export const CHUNK_AT: usize = 80;
export const BLOCK_AT: usize = CHUNK_AT + <usize>CHUNK_TUPLES * TUPLE_BYTES;
const INPUT_BYTES: usize = BLOCK_AT + BLOCK_BUFFER_BYTES;
const STATE_BYTES: usize = 128;

@inline
function tableBytes(inputCount: u32): usize {
  return ((<usize>inputCount << 2) + 15) & ~15;
}

/** Bytes that a merge of `inputCount` inputs takes in all. */
export function tupleMergeBytes(inputCount: u32): u32 {
  const perInput = <usize>inputCount * (INPUT_BYTES + TUPLE_BYTES);
  const staging = <usize>STAGING_TUPLES * TUPLE_BYTES;
  return <u32>(STATE_BYTES + tableBytes(inputCount) + perInput + staging + BLOCK_BUFFER_BYTES);
}

/** Lays a merge out over tupleMergeBytes(inputCount) bytes at `merge` (16-byte aligned). */
export function tupleMergeInit(merge: usize, inputCount: u32): void {
  const m = changetype<TupleMerge>(merge);
  memory.fill(merge, 0, STATE_BYTES);
  m.inputCount = inputCount;
  m.wanted = inputCount > 0 ? 0 : NONE;
  m.tree = merge + STATE_BYTES;
  m.heads = m.tree + tableBytes(inputCount);
  m.inputs = m.heads + <usize>inputCount * TUPLE_BYTES;
  m.staging = m.inputs + <usize>inputCount * INPUT_BYTES;
  m.output = m.staging + <usize>STAGING_TUPLES * TUPLE_BYTES;
  m.upper0 = END;
  m.upper1 = END;
  for (let i: u32 = 0; i < inputCount; i++) memory.fill(inputAt(m, i), 0, CHUNK_AT);
}

/**
 * Keeps the merge to tuples at or above `bounds[0]` and below `bounds[1]` (two tuples of 16 bytes at
 * `bounds`).
 */
export function tupleMergeBound(merge: usize, bounds: usize): void {
  const m = changetype<TupleMerge>(merge);
  m.lower0 = load<u64>(bounds);
  m.lower1 = load<u64>(bounds, 8);
  m.upper0 = load<u64>(bounds, 16);
  m.upper1 = load<u64>(bounds, 24);
  m.hasLower = <u32>((m.lower0 | m.lower1) != 0);
}

export function tupleMergeWanted(merge: usize): u32 {
  return changetype<TupleMerge>(merge).wanted;
}

/** Where the host puts the next block of an input: BLOCK_BUFFER_BYTES of room. */
export function tupleMergeInput(merge: usize, input: u32): usize {
  return inputAt(changetype<TupleMerge>(merge), input) + BLOCK_AT;
}

export function tupleMergeOutput(merge: usize): usize {
  return changetype<TupleMerge>(merge).output;
}

@inline
export function inputAt(m: TupleMerge, input: u32): usize {
  return m.inputs + <usize>input * INPUT_BYTES;
}
