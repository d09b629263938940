/**
 * What the parts of a verification share. What the records call for is added to cells, what the store holds
 * is taken off them: a cell that comes back to zero stands for two equal sets. Cells are laid out by row (an
 * index, or the column of an index) and by bucket of record ids, so that a difference tells where to look.
 */
import { KEY_DELETED, KEY_EXTRA_BYTES, entryHasExtra, entryIsDeletion } from "./key-entry";
import { entryKey, entryKeyBytes, entryVersion } from "./key-entry";
import { TupleBuffer } from "./tuple";
import { xxh64 } from "./xxh64";

/** i64 members, u64 sum of their mixed words. */
export const CELL_BYTES: u32 = 16;

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME3: u64 = 0x165667b19e3779f9;

@unmanaged
export class VerifyState {
  cells: usize;
  /** Rows of postings, where that of index 0 stands for the keys; the rows of columns follow. */
  rows: u32;
  bucketsLog: u32;
  bucketShift: u32;
  /** References that the records call for: (0, hash, id). */
  calls: TupleBuffer;
  /** A bit for each id of [deadFirst, deadEnd). */
  dead: usize;
  deadFirst: u64;
  deadEnd: u64;
  /** Spans of ids that are held against nothing: u64 first, u64 end, rising. */
  spans: usize;
  spanCount: u32;
  nextId: u64;
  /** The key space whose definitions stay when their record is deleted, or none. */
  ownedSpace: u32;
}

export const verify = changetype<VerifyState>(memory.data(128, 16));

export function verifyBindCells(
  cells: usize,
  rows: u32,
  bucketsLog: u32,
  bucketShift: u32,
  nextId: u64,
): void {
  verify.cells = cells;
  verify.rows = rows;
  verify.bucketsLog = bucketsLog;
  verify.bucketShift = bucketShift;
  verify.nextId = nextId;
}

export function verifyBindDead(bits: usize, first: u64, end: u64): void {
  verify.dead = bits;
  verify.deadFirst = first;
  verify.deadEnd = end;
}

export function verifyBindSpans(spans: usize, count: u32): void {
  verify.spans = spans;
  verify.spanCount = count;
}

/** Names the key space in which records may be deleted; a number above all when there is none. */
export function verifyBindOwned(keyspace: u32): void {
  verify.ownedSpace = keyspace;
}

@inline
export function isDead(id: u64): bool {
  if (id < verify.deadFirst || id >= verify.deadEnd) return false;
  const at = id - verify.deadFirst;
  return ((<u32>load<u8>(verify.dead + <usize>(at >> 3)) >> (<u32>at & 7)) & 1) != 0;
}

/** Whether the id lies in a span that is held against nothing. */
export function isExcluded(id: u64): bool {
  let low: u32 = 0;
  let high = verify.spanCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u64>(verify.spans + (<usize>middle << 4), 8) <= id) low = middle + 1;
    else high = middle;
  }
  return low < verify.spanCount && load<u64>(verify.spans + (<usize>low << 4)) <= id;
}

/** The bucket of an id; one beyond the store counts with the last. */
@inline
export function bucketOf(id: u64): usize {
  return min<usize>(<usize>(id >> verify.bucketShift), (<usize>1 << verify.bucketsLog) - 1);
}

@inline
export function cellOf(row: u32, bucket: usize): usize {
  return verify.cells + (((<usize>row << verify.bucketsLog) + bucket) << 4);
}

/** Mixes two words so that sums over sets differ when the sets do. */
@inline
export function mix(first: u64, second: u64): u64 {
  let hash = (first ^ PRIME3) * PRIME1;
  hash = ((hash ^ (hash >> 32)) + second) * PRIME2;
  hash = (hash ^ (hash >> 29)) * PRIME3;
  return hash ^ (hash >> 32);
}

@inline
export function cellAdd(cell: usize, members: i64, sum: u64): void {
  store<i64>(cell, load<i64>(cell) + members);
  store<u64>(cell, load<u64>(cell, 8) + sum, 8);
}

/** A key entry, added (1) or taken off (-1); the hash holds its role, and there may be more to it. */
@inline
export function keyCount(hash: u64, id: u64, detail: u64, members: i64): void {
  const word = detail == 0 ? id : mix(detail, id);
  cellAdd(cellOf(0, bucketOf(id)), members, mix(hash, word) * <u64>members);
}

/** What a key entry holds beyond its key and its record: version, extra, and whether it deletes. */
export function keyDetail(entry: usize): u64 {
  let detail = entryVersion(entry);
  if (entryHasExtra(entry)) {
    detail = mix(detail, xxh64(entryKey(entry) + entryKeyBytes(entry), KEY_EXTRA_BYTES, 0));
  }
  return entryIsDeletion(entry) ? mix(detail, KEY_DELETED) : detail;
}
