/** Works out what the records of a block call for: index entries, column values, keys and references. */
import { columnIndex, columnsOpen } from "./load-columns";
import { recordOpen, recordRead } from "./load-record";
import { REJECT_NONE, REJECT_TOO_MANY_VALUES, state } from "./load-state";
import { KEY_REFERENCE, KeyBuffer, compareKeys, entryHash, entryIsDeletion } from "./key-entry";
import { keyBufferSort } from "./key-sort";
import { Program } from "./program";
import { TupleBuffer, tupleAppend, tupleTerm, tupleUnite } from "./tuple";
import { tupleSort } from "./tuple-sort";
import { bucketOf, cellAdd, cellOf, isDead, keyCount, keyDetail, mix, verify } from "./verify-state";

/** What `verifyRecords` came back for. */
export const VERIFY_DONE: u32 = 0;
/** The record cannot be read: see loadRejectCode. */
export const VERIFY_REJECT: u32 = 1;
/** The buffer of references is full. */
export const VERIFY_CALLS_FULL: u32 = 2;
/** The record has more entries than this kernel has room for. */
export const VERIFY_OVERFLOW: u32 = 3;
/** The record's id is not above the one before, or not below the store's next one. */
export const VERIFY_ORDER: u32 = 4;
/** The block's directory does not add up. */
export const VERIFY_DAMAGED: u32 = 5;

const DIRECTORY_ENTRY_BYTES: usize = 8;

let directory: usize = 0;
let row: u32 = 0;
let rowCount: u32 = 0;
let at: usize = 0;
let firstId: u64 = 0;
let recordId: u64 = 0;
let lastId: i64 = -1;
let liveRecords: u32 = 0;
let isOrderTold: bool = false;

export function verifyBindRecords(
  tuples: usize,
  keys: usize,
  calls: usize,
  scan: usize,
  columns: usize,
  columnsBytes: u32,
): void {
  state.tuples = changetype<TupleBuffer>(tuples);
  state.keys = changetype<KeyBuffer>(keys);
  verify.calls = changetype<TupleBuffer>(calls);
  state.scan = scan;
  state.columns = columns;
  state.columnsBytes = columnsBytes;
}

/** Sets the program by which the next blocks are read. */
export function verifyProgram(program: usize): void {
  state.program = changetype<Program>(program);
  store<u32>(state.scan, <u32>program + state.program.trie);
  state.ordinal = 0;
  columnsOpen(state.columnsBytes);
  state.row = 0;
}

/** Opens the records [from, to) of a decompressed block; `before` is the last id before them. */
export function verifyBlock(
  raw: usize,
  bytes: u32,
  count: u32,
  first: u64,
  from: u32,
  to: u32,
  before: i64,
): u32 {
  directory = raw;
  row = from;
  rowCount = to;
  firstId = first;
  lastId = before;
  liveRecords = 0;
  isOrderTold = false;
  const end = <u64>raw + <u64>bytes;
  let total = <u64>raw + <u64>count * DIRECTORY_ENTRY_BYTES;
  at = <usize>total;
  for (let i: u32 = 0; i < count && total <= end; i++) {
    if (i == from) at = <usize>total;
    total += <u64>load<u32>(raw + <usize>i * DIRECTORY_ENTRY_BYTES, 4);
  }
  return total == end && from < to && to <= count ? VERIFY_DONE : VERIFY_DAMAGED;
}

export function verifyRow(): u32 {
  return row;
}

export function verifyRecordId(): f64 {
  return <f64>recordId;
}

export function verifyLastId(): i64 {
  return lastId;
}

/** Live records of the block so far. */
export function verifyLive(): u32 {
  return liveRecords;
}

/** Goes on through the block until it is done or the host is needed. */
export function verifyRecords(): u32 {
  while (row < rowCount) {
    const entry = directory + <usize>row * DIRECTORY_ENTRY_BYTES;
    const bytes = <usize>load<u32>(entry, 4);
    const id = firstId + <u64>load<u32>(entry);
    recordId = id;
    if (!isOrderTold && (<i64>id <= lastId || id >= verify.nextId)) {
      isOrderTold = true;
      return VERIFY_ORDER;
    }
    const status = recordCount(id, at, at + bytes);
    if (status == VERIFY_OVERFLOW || status == VERIFY_CALLS_FULL) return status;
    isOrderTold = false;
    lastId = id;
    at += bytes;
    row++;
    if (status != VERIFY_DONE) return status;
  }
  return VERIFY_DONE;
}

/** Adds what one record calls for, all of it or nothing. */
function recordCount(id: u64, start: usize, end: usize): u32 {
  state.tuples.count = 0;
  state.keys.count = 0;
  state.keys.arenaBytes = 0;
  recordOpen(id);
  state.jsonStart = start;
  state.jsonEnd = end;
  const code = recordRead();
  let status = VERIFY_DONE;
  if (code == REJECT_TOO_MANY_VALUES || (code == REJECT_NONE && state.isOverflown)) status = VERIFY_OVERFLOW;
  else if (code != REJECT_NONE) status = VERIFY_REJECT;
  else if (verify.calls.capacity - verify.calls.count < state.keys.count) status = VERIFY_CALLS_FULL;
  state.rejectCode = code;
  if (status == VERIFY_DONE) {
    postingsCount(id);
    if (!isDead(id)) {
      liveRecords++;
      if (state.keys.count != 0) keysCount(id);
    }
  }
  columnsCount(id, status == VERIFY_DONE);
  return status;
}

function postingsCount(id: u64): void {
  const tuples = state.tuples.tuples;
  let count = <u32>((state.tupleAt - tuples) >> 4);
  if (count == 0) return;
  tupleSort(tuples, count);
  count = tupleUnite(tuples, count);
  const bucket = bucketOf(id);
  const end = tuples + (<usize>count << 4);
  for (let tuple = tuples; tuple < end; tuple += 16) {
    const w0 = load<u64>(tuple);
    const w1 = load<u64>(tuple, 8);
    cellAdd(cellOf(<u32>(w0 >> 48), bucket), 1, mix(tupleTerm(w0, w1), w1 & 0xffffffffffff));
  }
}

/** Adds the column values, when they count, and clears them for the next record. */
function columnsCount(id: u64, isCounted: bool): void {
  const count = state.program.columnCount;
  for (let column: u32 = 0; column < count; column++) {
    const values = state.columns + <usize>column * state.columnStride + 8;
    const presence = values + (<usize>state.columnRows << 3);
    if (load<u8>(presence) == 0) continue;
    store<u8>(presence, 0);
    if (!isCounted) continue;
    const cell = cellOf(verify.rows + columnIndex(column), bucketOf(id));
    cellAdd(cell, 1, mix(load<u64>(values), id));
  }
}

/**
 * Adds what the record defines and deletes, and notes the references; a record refers to a key but once, and
 * deletes it but once.
 */
function keysCount(id: u64): void {
  const keys = state.keys;
  keyBufferSort(changetype<usize>(keys));
  let before: usize = 0;
  for (let i: u32 = 0; i < keys.count; i++) {
    const entry = keys.arena + <usize>load<u64>(keys.tuples + (<usize>i << 4), 8);
    const hash = entryHash(entry);
    const isRepeat = before != 0 && entryHash(before) == hash && compareKeys(before, entry) == 0;
    before = entry;
    if (isRepeat) continue;
    if ((hash & KEY_REFERENCE) == 0 || entryIsDeletion(entry)) keyCount(hash, id, keyDetail(entry), 1);
    else tupleAppend(changetype<usize>(verify.calls), 0, hash, id, 0);
  }
}
