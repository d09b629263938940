/**
 * Records as rows of a table, where the host has a program for it: the values that were noted while the
 * record was read go into the page at work, which the host takes when it is full. A page lies in the output
 * region, where otherwise blocks do; where its rows begin and of which records they come is kept beside it.
 */
import { REJECT_NONE, REJECT_ROW_MANY, REJECT_ROW_TYPE, state } from "./load-state";
import { Value } from "./program";
import { LEAF_BYTES, cellWrite, leafClose, leafFault, leafOpen } from "./row-leaf";
import {
  REST_NONE,
  ROWS_LEAF,
  ROWS_TUPLES,
  ROW_BYTES_FIXED,
  ROW_COLUMN_BYTES,
  RowProgram,
  rowColumn,
} from "./row-program";
import { restBytes } from "./row-rest";
import { VALUE_BAD, textBytesMax } from "./row-values";
import { tupleFault, tupleWrite } from "./row-tuple";

/** What `rowWrite` says when the host must take the page first. */
export const ROWS_FULL: u32 = 0xffffffff;

/** Rows of a page at most: their offsets, and the end of the last, share the region of the directory. */
const pageRowsMax: u32 = 4000;
const ordinalsAt: usize = 16384;

/** The page at work: its form, rows so far, where the next begins, and whether no other may follow. */
let pageForm: u32 = ROWS_TUPLES;
let pageCount: u32 = 0;
let pageAt: usize = 0;
let isPageFull: bool = false;
/** Where the row of the record at work ends. */
let rowEnd: usize = 0;

@inline
function rowProgram(): RowProgram {
  return changetype<RowProgram>(changetype<usize>(state.program) + state.program.rowsOfTable);
}

/** Notes the value of a column; a second one in a record is one too many. */
@inline
export function rowNote(number: u32, value: Value, term: u64): void {
  const rows = rowProgram();
  const column = rowColumn(rows, number);
  const stamp = state.program.stamp;
  if (column.stamp == stamp) {
    if (rows.manyStamp == stamp) return;
    rows.manyStamp = stamp;
    rows.manySlot = value.slot;
    return;
  }
  column.stamp = stamp;
  column.value = value;
  column.term = term;
}

/** The column of what no field names has a value when there is something. */
function restNote(rows: RowProgram, stamp: u32): void {
  const bytes = restBytes(rows);
  if (bytes == 0) return;
  const column = rowColumn(rows, rows.restColumn);
  column.stamp = stamp;
  column.term = bytes;
}

/** Begins anew, with no page at work. */
export function rowsOpen(): void {
  pageCount = 0;
  isPageFull = false;
}

/**
 * Writes the row of the record at work behind those of the page; it is there from `rowCommit` on. Gives
 * REJECT_NONE, what is wrong with it, or ROWS_FULL.
 */
export function rowWrite(): u32 {
  const rows = rowProgram();
  const stamp = state.program.stamp;
  if (rows.manyStamp == stamp) {
    state.rejectDetail = rows.manySlot;
    return REJECT_ROW_MANY;
  }
  if (rows.restColumn != REST_NONE) restNote(rows, stamp);
  const bytes = rowBytesMax(rows, stamp);
  if (pageCount == 0) pageOpen(rows, bytes);
  else if (isPageFull || pageAt + bytes > pageLimit()) return ROWS_FULL;
  if (pageForm == ROWS_LEAF) rowEnd = cellWrite(rows, stamp, state.output0, pageCount, pageAt);
  else rowEnd = tupleWrite(rows, stamp, pageAt);
  if (rowEnd != VALUE_BAD) return REJECT_NONE;
  const fault = pageForm == ROWS_LEAF ? leafFault : tupleFault;
  state.rejectDetail = rowColumn(rows, fault).slot;
  return REJECT_ROW_TYPE;
}

/** Takes the row that was written into the page. */
export function rowCommit(): void {
  const rows = rowProgram();
  const entry = state.directory + ((<usize>pageCount) << 2);
  store<u32>(entry, <u32>(pageAt - state.output0));
  store<u32>(entry, state.ordinal, ordinalsAt);
  pageAt = rowEnd;
  pageCount++;
  if (pageForm == ROWS_LEAF) isPageFull = pageCount == min(rows.cells - 1, pageRowsMax);
  else if (rows.form == ROWS_LEAF) isPageFull = true;
  else isPageFull = pageCount == pageRowsMax || <u32>(pageAt - state.output0) >= rows.pageBytes;
}

/** A row that no leaf has room for is a page of its own, as a tuple. */
function pageOpen(rows: RowProgram, bytes: usize): void {
  pageAt = state.output0;
  pageForm = rows.form;
  isPageFull = false;
  if (pageForm != ROWS_LEAF) return;
  pageAt = leafOpen(rows, state.output0);
  if (pageAt + bytes <= pageLimit()) return;
  pageForm = ROWS_TUPLES;
  pageAt = state.output0;
}

/** Pages end at their bound but for the row that crosses it, so the region has room for one more. */
@inline
function pageLimit(): usize {
  if (pageForm == ROWS_LEAF) return state.output0 + LEAF_BYTES;
  return state.outputEnd - ((pageRowsMax + 1) << 3);
}

/** Bytes that the row takes at most, those included that writers overwrite behind it. */
function rowBytesMax(rows: RowProgram, stamp: u32): usize {
  const count = rows.columnCount;
  let bytes: usize = ROW_BYTES_FIXED + count * ROW_COLUMN_BYTES;
  for (let i: u32 = 0; i < count; i++) {
    const column = rowColumn(rows, i);
    if (column.stamp == stamp) bytes += textBytesMax(column);
  }
  return bytes;
}

// What the host asks when it takes a page.

/** Ends the page at work, with the offsets and ordinals of its rows behind it; gives its bytes. */
export function rowsTake(): u32 {
  const count = <usize>pageCount;
  let to: usize = state.output0 + LEAF_BYTES;
  if (pageForm == ROWS_LEAF) {
    leafClose(rowProgram(), state.output0, pageCount);
  } else {
    to = (pageAt + 3) & ~3;
    store<u32>(state.directory + (count << 2), <u32>(pageAt - state.output0));
    memory.copy(to, state.directory, (count + 1) << 2);
    to += (count + 1) << 2;
  }
  memory.copy(to, state.directory + ordinalsAt, count << 2);
  return <u32>(to + (count << 2) - state.output0);
}

export function rowsForm(): u32 {
  return pageForm;
}

export function rowsCount(): u32 {
  return pageCount;
}

/** Bytes of the rows alone. */
export function rowsBytes(): u32 {
  return <u32>(pageAt - state.output0);
}

/** The page has been read. */
export function rowsTaken(): void {
  pageCount = 0;
}
