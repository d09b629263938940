// Merge of sorted streams of key blocks in the order (hash, key space, key, id), which settles every key on the way:
// see key-group.ts. The host does all reading and writing, as with tuple merges. Groups of any size take no memory;
// what is remembered are the keys defined under the present hash, because their references follow (the role is the
// hash's lowest bit). Two keys under one 63-bit hash are all but impossible by chance, yet handled.
import { compareBytes, compareKeys, copyWild, entryBytes, entryHash, entryIsReference } from "./key-entry";
import { entryKey, entryKeyBytes, entryKeyspace, isEntryBelow, KEY_BYTES_MAX, KEY_ENTRY_BYTES_MAX } from "./key-entry";
import { entryBytesWithin, keyBlockSeal } from "./key-block";
import { COUNT_DANGLING_EXISTING, COUNT_DANGLING_NEW, COUNT_RESOLVED, KEY_COUNTERS, KeyGroup } from "./key-group";
import { count, groupAdd, groupClose, groupOpen, isNew, RULE_ALL } from "./key-group";
import { TUPLE_BUFFER_BYTES, TUPLE_BYTES, TupleBuffer, tupleBufferInit } from "./tuple";
import { BLOCK_BUFFER_BYTES, BLOCK_BYTES_MAX, BLOCK_HEADER_BYTES, blockBytes } from "./tuple-block";

export const KEY_MERGE_DONE: u32 = 0;
/** The input `keyMergeWanted` is out of entries: feed its next block, or 0 bytes at its end. */
export const KEY_MERGE_NEED_INPUT: u32 = 1;
/** A block of `keyMergeOutputBytes` lies at `keyMergeOutput`; take it before the next step. */
export const KEY_MERGE_BLOCK_READY: u32 = 2;
/** The tuple buffer `keyMergeDead` is full: take its tuples and set its count to 0. At the end the host looks again. */
export const KEY_MERGE_DEAD_FULL: u32 = 3;
/** The input `keyMergeWanted` was fed a block that does not add up. */
export const KEY_MERGE_DAMAGED: u32 = 4;
/** More keys share one hash than there is room to remember. */
export const KEY_MERGE_COLLISIONS: u32 = 5;

const DEAD_TUPLES: u32 = 8192;
const NONE: u32 = 0xffffffff;
const DEFINED_BYTES: u32 = 65536;
/** So many keys of any length under one hash are remembered in any case. */
export const KEY_COLLISIONS_MIN: u32 = DEFINED_BYTES / (2 * KEY_BYTES_MAX);
const DEFINED_HEADER_BYTES: u32 = 8;
const HEAD_BYTES: usize = 16;

@unmanaged
class KeyMerge {
  inputCount: u32;
  fedCount: u32;
  wanted: u32;
  isBuilt: u32;
  isFinished: u32;
  failure: u32;
  /** Set when entries are merged only: nothing is settled, everything is put out. */
  isPlain: u32;
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
class KeyHead {
  hash: u64;
  entry: usize;
  blockEnd: usize;
}

const STATE_BYTES: usize = 256;
const GROUP_AT: usize = 128;
const BEST_BYTES: usize = 1072;
const OUTPUT_BYTES: usize = <usize>BLOCK_BUFFER_BYTES + 2 * BEST_BYTES;

// @ts-ignore: decorator
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
 * Lays a merge out at `merge` (16-byte aligned). Afterwards the host fills in the rules and the emit flags. The first
 * new id comes as two halves.
 */
export function keyMergeInit(merge: usize, inputCount: u32, keyspaces: u32, newIdHigh: u32, newIdLow: u32): void {
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
  tupleBufferInit(g.dead, g.dead + TUPLE_BUFFER_BYTES, DEAD_TUPLES);
  m.emits = g.rules + align16(keyspaces);
  m.outputBytes = BLOCK_HEADER_BYTES;
  m.isFinished = <u32>(inputCount == 0);
}

/** Merges entries without settling any key: for lowering the number of runs. */
export function keyMergePlain(merge: usize): void {
  changetype<KeyMerge>(merge).isPlain = 1;
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

// @ts-ignore: decorator
@inline
function blockAt(m: KeyMerge, input: u32): usize {
  return m.inputs + <usize>input * BLOCK_BUFFER_BYTES;
}

// @ts-ignore: decorator
@inline
function headAt(m: KeyMerge, input: u32): KeyHead {
  return changetype<KeyHead>(m.heads + (<usize>input << 4));
}

/** Takes the block of `bytes` bytes that the host has put in place for the wanted input; 0 bytes say that it has ended. */
export function keyMergeFeed(merge: usize, bytes: u32): void {
  const m = changetype<KeyMerge>(merge);
  const head = headAt(m, m.wanted);
  if (bytes == 0) {
    head.entry = 0;
    head.hash = 0xffffffffffffffff;
  } else {
    const block = blockAt(m, m.wanted);
    const isWhole = bytes > BLOCK_HEADER_BYTES && bytes <= BLOCK_BYTES_MAX && blockBytes(block) == bytes;
    head.blockEnd = block + bytes;
    if (!isWhole || !setHead(head, block + BLOCK_HEADER_BYTES)) {
      m.failure = KEY_MERGE_DAMAGED;
      return;
    }
  }
  if (m.isBuilt) {
    replay(m, m.wanted);
    m.wanted = NONE;
  } else {
    m.fedCount++;
    m.wanted = m.fedCount < m.inputCount ? m.fedCount : NONE;
  }
}

function setHead(head: KeyHead, entry: usize): bool {
  if (entryBytesWithin(entry, head.blockEnd) == 0) return false;
  head.entry = entry;
  head.hash = entryHash(entry);
  return true;
}

function isHeadBelow(m: KeyMerge, a: u32, b: u32): bool {
  const headA = headAt(m, a);
  const headB = headAt(m, b);
  if (headA.hash != headB.hash) return headA.hash < headB.hash;
  if (headA.entry == 0 || headB.entry == 0) return headA.entry != 0;
  return isEntryBelow(headA.entry, headB.entry);
}

/** Plays every match of the tournament once, from the leaves up. */
function build(m: KeyMerge): void {
  memory.fill(m.tree, 0xff, <usize>m.inputCount << 2);
  for (let leaf: u32 = 0; leaf < m.inputCount; leaf++) replay(m, leaf);
  m.isBuilt = 1;
}

/** Plays the matches from a leaf to the root; while the tree is built, the first to come to a match waits there. */
function replay(m: KeyMerge, leaf: u32): void {
  let winner = leaf;
  for (let node = (leaf + m.inputCount) >> 1; node > 0; node >>= 1) {
    const place = m.tree + (<usize>node << 2);
    const other = load<u32>(place);
    if (other == NONE) {
      store<u32>(place, winner);
      return;
    }
    if (isHeadBelow(m, other, winner)) {
      store<u32>(place, winner);
      winner = other;
    }
  }
  store<u32>(m.tree, winner);
}

/** Goes on until the host must act; see the KEY_MERGE_ codes. */
export function keyMergeStep(merge: usize): u32 {
  const m = changetype<KeyMerge>(merge);
  if (m.sealedBytes) beginBlock(m);
  const dead = changetype<TupleBuffer>(m.group.dead);
  while (true) {
    if (m.failure) return m.failure;
    if (m.sealedBytes) return KEY_MERGE_BLOCK_READY;
    if (m.isFinished) return finishOutput(m);
    if (m.wanted != NONE) return KEY_MERGE_NEED_INPUT;
    if (!m.isBuilt) build(m);
    if (dead.count == dead.capacity) return KEY_MERGE_DEAD_FULL;
    const winner = load<u32>(m.tree);
    const head = headAt(m, winner);
    if (head.entry == 0) {
      closeGroup(m);
      m.isFinished = 1;
      continue;
    }
    if (m.isPlain) emit(m, head.entry);
    else settle(m, head.entry, load<u8>(m.emits + winner) != 0);
    advance(m, winner, head);
  }
}

function advance(m: KeyMerge, winner: u32, head: KeyHead): void {
  const next = head.entry + entryBytes(head.entry);
  if (next == head.blockEnd) {
    m.wanted = winner;
  } else if (setHead(head, next)) {
    replay(m, winner);
  } else {
    m.wanted = winner;
    m.failure = KEY_MERGE_DAMAGED;
  }
}

/** Takes the least entry of all inputs. */
function settle(m: KeyMerge, entry: usize, isEmitted: bool): void {
  const g = m.group;
  if (load<u8>(g.rules + entryKeyspace(entry)) == RULE_ALL) {
    if (isEmitted) emit(m, entry);
    return;
  }
  const hash = entryHash(entry);
  if (g.isOpen && hash == entryHash(g.best) && compareKeys(entry, g.best) == 0) {
    groupAdd(g, entry, isEmitted);
    return;
  }
  closeGroup(m);
  if (!entryIsReference(entry)) groupOpen(g, entry, isEmitted);
  else settleReference(m, entry, isEmitted);
}

/** Ends the open group of definitions: its winner is written, its key remembered for the references to come. */
function closeGroup(m: KeyMerge): void {
  const g = m.group;
  if (!g.isOpen) return;
  groupClose(g);
  if (g.bestIsEmitted) emit(m, g.best);
  remember(m, g.best, g.hasExisting);
}

/** Appends a key to the list of those defined under the present hash: u32 key bytes, u16 key space, u8 existing, key. */
function remember(m: KeyMerge, entry: usize, isExisting: u32): void {
  const hash = entryHash(entry);
  if (m.definedHash != hash) {
    m.definedHash = hash;
    m.definedBytes = 0;
  }
  const keyBytes = entryKeyBytes(entry);
  if (m.definedBytes + 2 * KEY_BYTES_MAX > DEFINED_BYTES) {
    m.failure = KEY_MERGE_COLLISIONS;
    return;
  }
  const item = m.defined + m.definedBytes;
  store<u32>(item, keyBytes);
  store<u16>(item, <u16>entryKeyspace(entry), 4);
  store<u16>(item, <u16>isExisting, 6);
  copyWild(item + DEFINED_HEADER_BYTES, entryKey(entry), keyBytes);
  m.definedBytes += DEFINED_HEADER_BYTES + keyBytes;
}

function settleReference(m: KeyMerge, entry: usize, isEmitted: bool): void {
  const g = m.group;
  const keyspace = entryKeyspace(entry);
  const item = findDefined(m, entry);
  if (item == 0) {
    count(g, keyspace, isNew(g, entry) ? COUNT_DANGLING_NEW : COUNT_DANGLING_EXISTING);
    if (isEmitted) emit(m, entry);
  } else if (!isNew(g, entry) && load<u16>(item, 6) == 0) {
    count(g, keyspace, COUNT_RESOLVED);
  }
}

/** The remembered definition of a reference's key, or 0. */
function findDefined(m: KeyMerge, entry: usize): usize {
  if (m.definedHash != (entryHash(entry) & ~(<u64>1))) return 0;
  const keyspace = entryKeyspace(entry);
  const key = entryKey(entry);
  const keyBytes = entryKeyBytes(entry);
  const end = m.defined + m.definedBytes;
  let item = m.defined;
  while (item < end) {
    const itemBytes = load<u32>(item);
    const itemKey = item + DEFINED_HEADER_BYTES;
    if (load<u16>(item, 4) == keyspace && compareBytes(itemKey, itemBytes, key, keyBytes) == 0) return item;
    item = itemKey + itemBytes;
  }
  return 0;
}

/** Appends an entry to the output. One that passes the block's end closes the block, and begins the next. */
function emit(m: KeyMerge, entry: usize): void {
  const bytes = entryBytes(entry);
  const out = m.output + m.outputBytes;
  if (!m.sealedBytes && m.outputBytes + bytes > BLOCK_BYTES_MAX) sealOutput(m);
  copyWild(out, entry, bytes);
  if (!m.sealedBytes) m.outputLast = out;
  m.outputBytes += bytes;
  m.outputCount++;
}

function sealOutput(m: KeyMerge): void {
  keyBlockSeal(m.output, m.outputCount, m.outputBytes - BLOCK_HEADER_BYTES, entryHash(m.outputLast));
  m.sealedBytes = m.outputBytes;
  m.outputCount = 0;
}

/** Brings what lay behind the block that was taken to the front of the next one. */
function beginBlock(m: KeyMerge): void {
  const first = m.output + BLOCK_HEADER_BYTES;
  const restBytes = m.outputBytes - m.sealedBytes;
  memory.copy(first, m.output + m.sealedBytes, restBytes);
  m.sealedBytes = 0;
  m.outputBytes = BLOCK_HEADER_BYTES + restBytes;
  const end = first + restBytes;
  for (let entry = first; entry < end; entry += entryBytes(entry)) m.outputLast = entry;
}

function finishOutput(m: KeyMerge): u32 {
  if (m.outputCount == 0) return KEY_MERGE_DONE;
  sealOutput(m);
  return KEY_MERGE_BLOCK_READY;
}
