// Merge of sorted streams of key blocks in the order (hash, key space, key, id), which settles every key on
// the way: see key-group.ts. The host does all reading and writing, as with tuple merges. Groups of any size
// take no memory.
import { compareKeys, entryBytes, entryHash, entryIsReference } from "./key-entry";
import { entryKeyspace, isEntryBelow } from "./key-entry";
import { entryBytesWithin } from "./key-block";
import { RULE_ALL, groupAdd, groupOpen } from "./key-group";
import { beginBlock, closeGroup, emit, finishOutput, settleReference } from "./key-merge-output";
import { KEY_MERGE_BLOCK_READY, KEY_MERGE_DAMAGED, KEY_MERGE_DEAD_FULL } from "./key-merge-state";
import { KEY_MERGE_NEED_INPUT, KeyHead, KeyMerge, NONE, blockAt, headAt } from "./key-merge-state";
import { TupleBuffer } from "./tuple";
import { BLOCK_BYTES_MAX, BLOCK_HEADER_BYTES, blockBytes } from "./tuple-block";

/**
 * Takes the block of `bytes` bytes that the host has put in place for the wanted input; 0 bytes say that it
 * has ended.
 */
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

/**
 * Plays the matches from a leaf to the root; while the tree is built, the first to come to a match waits
 * there.
 */
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

/** A step notes the winner of the group that ends, and the record that loses or is deleted. */
const STEP_TUPLES_MAX: u32 = 2;

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
    if (dead.capacity - dead.count < STEP_TUPLES_MAX) return KEY_MERGE_DEAD_FULL;
    const winner = load<u32>(m.tree);
    const head = headAt(m, winner);
    if (head.entry == 0) {
      closeGroup(m);
      m.isFinished = 1;
      continue;
    }
    settle(m, head.entry, load<u8>(m.emits + winner) != 0);
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
    closeGroup(m);
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
