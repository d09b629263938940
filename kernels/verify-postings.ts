/** Takes what the store holds off the cells: posting blocks and column chunks; their form is checked too. */
import { BLOCK_HEADER_BYTES, TupleCursor, tupleCursorGroup, tupleCursorOpen } from "./tuple-block";
import { tupleWord0, tupleWord1 } from "./tuple";
import { varintBytes, varintValue } from "./varint";
import { bucketOf, cellAdd, cellOf, isExcluded, mix, verify } from "./verify-state";

/** What is wrong with a block: bits of what `verifyPostings` returns. */
export const POSTINGS_DAMAGED: u32 = 1;
export const POSTINGS_MISKEYED: u32 = 2;
export const POSTINGS_DISORDER: u32 = 4;
/** A record that is not there: see postingsFaultId. */
export const POSTINGS_BEYOND: u32 = 8;
/** An index that is not there: see postingsFaultIndex. */
export const POSTINGS_UNKNOWN: u32 = 16;

const cursor = changetype<TupleCursor>(memory.data(64, 16));

/** The posting before, in the segment at work. */
let lastIndex: i64 = -1;
let lastTerm: u64 = 0;
let lastId: i64 = -1;

let found: u32 = 0;
let foundDead: u32 = 0;
let faultId: u64 = 0;
let faultIndex: u32 = 0;

export function verifySegment(): void {
  lastIndex = -1;
  lastTerm = 0;
  lastId = -1;
}

/** Postings of the block last read, and those of them that name dead records. */
export function postingsFound(): u32 {
  return found;
}

export function postingsFoundDead(): u32 {
  return foundDead;
}

export function postingsFaultId(): f64 {
  return <f64>faultId;
}

export function postingsFaultIndex(): u32 {
  return faultIndex;
}

/** Takes a block's postings off; `known` holds a byte for each row, the key is the one it is stored under. */
export function verifyPostings(
  block: usize,
  bytes: u32,
  known: usize,
  index: u32,
  term: u64,
  id: u64,
): u32 {
  found = 0;
  foundDead = 0;
  tupleCursorOpen(changetype<usize>(cursor), block, bytes);
  let faults: u32 = 0;
  for (let head = cursor.at; tupleCursorGroup(cursor); head = cursor.at) {
    if (isTermOverlong(head)) cursor.isDamaged = 1;
    const isFirst = found == 0;
    faults |= orderCheck();
    const row = <u32>cursor.index;
    const isKnown = row < verify.rows && load<u8>(known + row) != 0;
    if (row != 0 && !isKnown) {
      faults |= POSTINGS_UNKNOWN;
      faultIndex = row;
    }
    const firstId = groupCount(row, row != 0 && isKnown);
    if (isFirst) {
      if (row != index || cursor.term != term || firstId != id) faults |= POSTINGS_MISKEYED;
      if (!isHeadOf(block, row, cursor.term, firstId)) cursor.isDamaged = 1;
    }
    if (<i64>firstId <= lastId) faults |= POSTINGS_DISORDER;
    if (isUnordered) faults |= POSTINGS_DISORDER;
    lastId = <i64>cursor.id;
    if (cursor.id >= verify.nextId) {
      faults |= POSTINGS_BEYOND;
      faultId = cursor.id;
    }
    if (cursor.isDamaged) break;
  }
  const isCounted = bytes >= BLOCK_HEADER_BYTES && load<u32>(block) == found;
  return cursor.isDamaged || !isCounted ? faults | POSTINGS_DAMAGED : faults;
}

/** Whether the term of a group's head has bits beyond its 64: decoders differ in what they make of them. */
function isTermOverlong(head: usize): bool {
  const at = head + varintBytes(head);
  return varintBytes(at) == 10 && load<u8>(at, 9) > 1;
}

/** Whether the block's head names this tuple, its payload apart. */
function isHeadOf(block: usize, index: u32, term: u64, id: u64): bool {
  const w1 = tupleWord1(term, id, 0);
  return load<u64>(block, 8) == tupleWord0(index, term) && load<u64>(block, 16) >> 8 == w1 >> 8;
}

/** Holds the group's list against the one before, and begins a new list. */
function orderCheck(): u32 {
  const index = <i64>cursor.index;
  if (index == lastIndex && cursor.term == lastTerm) return 0;
  const isRising = index > lastIndex || (index == lastIndex && cursor.term > lastTerm);
  lastIndex = index;
  lastTerm = cursor.term;
  lastId = -1;
  return isRising ? 0 : POSTINGS_DISORDER;
}

let isUnordered: bool = false;

/** Decodes a group and takes it off the cells of its row; returns its first id and leaves the last one. */
function groupCount(row: u32, isCounted: bool): u64 {
  const end = cursor.end;
  const term = cursor.term;
  const hasPayload = <usize>cursor.hasPayload;
  const hasSpans = verify.spanCount != 0;
  let at = cursor.at;
  let id: u64 = 0;
  let first: u64 = 0;
  let bucket: usize = 0;
  let members: i64 = 0;
  let sum: u64 = 0;
  isUnordered = false;
  let i: u32 = 0;
  for (; i < cursor.remaining && at < end; i++) {
    const bytes = varintBytes(at);
    const delta = varintValue(at, bytes);
    at += bytes;
    id += delta;
    const payload = hasPayload ? <u64>load<u8>(at) : 0;
    at += hasPayload;
    if (i == 0) first = id;
    else if (delta == 0) isUnordered = true;
    if (!isCounted || (hasSpans && isExcluded(id))) continue;
    const own = bucketOf(id);
    if (own != bucket) {
      if (members != 0) cellAdd(cellOf(row, bucket), members, sum);
      bucket = own;
      members = 0;
      sum = 0;
    }
    members--;
    sum -= mix(term, (id << 8) | payload);
  }
  if (members != 0) cellAdd(cellOf(row, bucket), members, sum);
  if (at > end || i < cursor.remaining) cursor.isDamaged = 1;
  found += i;
  if (row == 0) foundDead += i;
  cursor.at = at;
  cursor.id = id;
  cursor.remaining = 0;
  return first;
}

/** Sets the bits of the dead records that a block names; returns whether the list may go on behind it. */
export function verifyDeadBlock(block: usize, bytes: u32): bool {
  tupleCursorOpen(changetype<usize>(cursor), block, bytes);
  while (tupleCursorGroup(cursor)) {
    if (cursor.index != 0) return false;
    let id: u64 = 0;
    for (let i: u32 = 0; i < cursor.remaining && cursor.at < cursor.end; i++) {
      const width = varintBytes(cursor.at);
      id += varintValue(cursor.at, width);
      cursor.at += width + cursor.hasPayload;
      if (id >= verify.deadFirst && id < verify.deadEnd) deadSet(id - verify.deadFirst);
    }
    cursor.remaining = 0;
  }
  return true;
}

@inline
function deadSet(at: u64): void {
  const byte = verify.dead + <usize>(at >> 3);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | (1 << (<u32>at & 7))));
}

/** Takes the values of a column off, from the row that is `first`; returns how many there are. */
export function verifyColumn(index: u32, values: usize, presence: usize, count: u32, first: u64): u32 {
  const row = verify.rows + index;
  const hasSpans = verify.spanCount != 0;
  let present: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (((<u32>load<u8>(presence + (i >> 3)) >> (i & 7)) & 1) == 0) continue;
    present++;
    const id = first + <u64>i;
    if (hasSpans && isExcluded(id)) continue;
    cellAdd(cellOf(row, bucketOf(id)), -1, 0 - mix(load<u64>(values + (<usize>i << 3)), id));
  }
  return present;
}
