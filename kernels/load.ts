/**
 * The record loader: takes the records of a frame one by one into tuples, key entries, columns and record
 * blocks. A record is loaded whole or not at all: until `commit`, everything it left can be taken back.
 * `loadRun` comes back to the host for whatever it cannot do itself, and is called again to go on.
 */
import { blockAppend, blockDirectoryBytes, blockFlush, blockReserve } from "./load-blocks";
import { columnsOpen, columnsRollBack } from "./load-columns";
import { elementNext, lineEnd, lineNext } from "./load-frame";
import { quadLoad, quadNext, quadsOpen } from "./load-quads";
import { recordOpen, recordRead } from "./load-record";
import { ROWS_FULL, rowCommit, rowWrite, rowsOpen } from "./load-rows";
import { xmlLoad, xmlNext, xmlOpen } from "./load-xml";
import {
  FORMAT_CSV,
  FORMAT_JSON,
  FORMAT_JSONL,
  FORMAT_TRIPLES,
  FORMAT_XML,
  LOAD_CHECK,
  LOAD_COLUMNS_FULL,
  LOAD_DONE,
  LOAD_NEED_SPILL,
  LOAD_OUTPUT_FULL,
  LOAD_REJECT,
  LOAD_ROWS_FULL,
  REJECT_CSV_COLUMNS,
  REJECT_CSV_QUOTE,
  REJECT_FIELD_TYPE,
  REJECT_INVALID_UTF8,
  REJECT_NONE,
  REJECT_RECORD_TOO_LARGE,
  REJECT_TOO_MANY_TERMS,
  state,
} from "./load-state";
import {
  CSV_BLANK,
  CSV_COLUMNS,
  CSV_FIELD_TYPE,
  CSV_INVALID_UTF8,
  CSV_OUTPUT_FULL,
  CSV_QUOTE,
  CSV_ROW,
  csvRow,
} from "./csv";
import { KeyBuffer } from "./key-entry";
import { Program } from "./program";
import { TupleBuffer } from "./tuple";

/**
 * Bytes that must lie in front of a frame and of a text made from CSV: what they borrow for a block's
 * directory.
 */
export const LOAD_HEAD_BYTES: u32 = 16;
/** Bytes that must lie behind them. */
export const LOAD_SLACK_BYTES: u32 = 64;

// Fields of the context of csv.ts.
const CSV_NEXT: usize = 12;
const CSV_WRITTEN: usize = 16;
const CSV_COLUMN: usize = 20;
const CSV_FOUND: usize = 28;
const CSV_FAIL_OFFSET: usize = 32;

/** What the record at work would take back. */
let keyCount: u32 = 0;
let keyArenaBytes: u32 = 0;
let isChecking: bool = false;

/** Binds the loader to its regions; see RecordLoader for who owns them. */
export function loadBind(
  tuples: usize,
  keys: usize,
  scan: usize,
  csv: usize,
  csvText: usize,
  csvTextBytes: u32,
  columns: usize,
  columnsBytes: u32,
  directory: usize,
  block: usize,
  lz4Table: usize,
  output: usize,
  outputBytes: u32,
  recordBytesMax: u32,
): void {
  state.tuples = changetype<TupleBuffer>(tuples);
  state.keys = changetype<KeyBuffer>(keys);
  state.scan = scan;
  state.csv = csv;
  state.csvText = csvText;
  state.csvTextBytes = csvTextBytes;
  state.columns = columns;
  state.columnsBytes = columnsBytes;
  state.directory = directory;
  state.blockBytes = block + blockDirectoryBytes();
  state.lz4Table = lz4Table;
  state.output0 = output;
  state.outputEnd = output + outputBytes;
  state.recordBytesMax = recordBytesMax;
}

/** Begins a frame. False when the columns of the program do not fit in their region. */
export function loadBegin(
  program: usize,
  format: u32,
  frame: usize,
  frameEnd: usize,
  idHigh: u32,
  idLow: u32,
): bool {
  state.program = changetype<Program>(program);
  state.format = format;
  state.frame = frame;
  state.frameEnd = frameEnd;
  state.cursor = frame;
  state.firstId = ((<u64>idHigh) << 32) | <u64>idLow;
  state.ordinal = 0;
  state.accepted = 0;
  state.deletions = 0;
  state.acceptedBytes = 0;
  state.outputAt = state.output0;
  state.blockAt = state.blockBytes;
  state.blockCount = 0;
  isChecking = false;
  store<u32>(state.scan, <u32>program + state.program.trie);
  if (format == FORMAT_CSV) store<u32>(state.csv, <u32>program + state.program.rows);
  if (format == FORMAT_XML) xmlOpen();
  else if (format >= FORMAT_TRIPLES) quadsOpen();
  columnsOpen(state.columnsBytes);
  rowsOpen();
  return state.program.columnCount == 0 || state.columnRows != 0;
}

/** Goes on until the frame is done or the host is needed; `checkFailed` answers LOAD_CHECK. */
export function loadRun(checkFailed: bool): u32 {
  if (isChecking) {
    isChecking = false;
    if (checkFailed) rollBack();
    else commit();
    advance();
  }
  while (true) {
    const columnCount = state.program.columnCount;
    if (columnCount != 0 && state.ordinal - state.columnFirst >= state.columnRows) return LOAD_COLUMNS_FULL;
    if (!recordNext()) return blockFlush() ? LOAD_DONE : LOAD_OUTPUT_FULL;
    let code = recordLoad();
    if (code == REJECT_NONE && state.program.rowsOfTable != 0) code = rowWrite();
    if (code == ROWS_FULL) {
      rollBack();
      return LOAD_ROWS_FULL;
    }
    if (code != REJECT_NONE) {
      rollBack();
      state.rejectCode = code;
      advance();
      return LOAD_REJECT;
    }
    if (state.isOverflown) {
      const isEmpty = state.tuples.count == 0 && keyCount == 0;
      rollBack();
      if (!isEmpty || state.tuples.canGrow != 0) return LOAD_NEED_SPILL;
      state.rejectCode = REJECT_TOO_MANY_TERMS;
      advance();
      return LOAD_REJECT;
    }
    if (state.program.hasNoBlocks == 0 && !blockReserve(<u32>(state.jsonEnd - state.jsonStart))) {
      rollBack();
      return LOAD_OUTPUT_FULL;
    }
    if (state.program.hasCheck != 0) {
      isChecking = true;
      return LOAD_CHECK;
    }
    commit();
    advance();
  }
}

@inline
function recordNext(): bool {
  if (state.format == FORMAT_JSONL) return lineNext();
  if (state.format == FORMAT_JSON) return elementNext();
  if (state.format == FORMAT_CSV) return rowNext();
  return state.format == FORMAT_XML ? xmlNext() : quadNext();
}

let rowStatus: u32 = 0;

/** Reads the next row that is not blank into JSON; what is wrong with it is told by `recordLoad`. */
function rowNext(): bool {
  while (state.cursor < state.frameEnd) {
    const start = state.cursor;
    rowStatus = csvRow(state.csv, start, state.frameEnd, state.csvText, state.csvTextBytes);
    state.next = load<u32>(state.csv, CSV_NEXT);
    if (rowStatus != CSV_BLANK) {
      state.recordStart = start;
      state.recordEnd = state.next;
      return true;
    }
    state.cursor = state.next;
  }
  return false;
}

/** Reads the record at hand and appends its entries, to be committed or taken back. */
function recordLoad(): u32 {
  keyCount = state.keys.count;
  keyArenaBytes = state.keys.arenaBytes;
  recordOpen(state.firstId + state.ordinal);
  state.row = state.ordinal - state.columnFirst;
  if (state.format == FORMAT_XML) return xmlLoad();
  if (state.format >= FORMAT_TRIPLES) return quadLoad();
  state.jsonStart = state.recordStart;
  state.jsonEnd = state.recordEnd;
  if (state.format == FORMAT_CSV) {
    const code = rowCode();
    if (code != REJECT_NONE) return code;
  }
  if (state.jsonEnd - state.jsonStart > state.recordBytesMax) return REJECT_RECORD_TOO_LARGE;
  return recordRead();
}

function rowCode(): u32 {
  const csv = state.csv;
  state.rejectOffset = load<u32>(csv, CSV_FAIL_OFFSET);
  state.rejectDetail = load<u32>(csv, CSV_COLUMN);
  state.jsonStart = state.csvText;
  state.jsonEnd = state.csvText + load<u32>(csv, CSV_WRITTEN);
  switch (rowStatus) {
    case CSV_ROW:
      return REJECT_NONE;
    case CSV_COLUMNS:
      state.rejectDetail = load<u32>(csv, CSV_FOUND);
      return REJECT_CSV_COLUMNS;
    case CSV_QUOTE:
      return REJECT_CSV_QUOTE;
    case CSV_INVALID_UTF8:
      return REJECT_INVALID_UTF8;
    case CSV_FIELD_TYPE:
      state.rejectDetail |= LOAD_DETAIL_COLUMN;
      return REJECT_FIELD_TYPE;
    default:
      return REJECT_RECORD_TOO_LARGE;
  }
}

/** Marks a reject's detail as the number of a CSV column, where it would be a slot. */
export const LOAD_DETAIL_COLUMN: u32 = 0x80000000;

function commit(): void {
  if (state.isDeletion && state.program.keepsDeletions == 0) {
    if (state.program.columnCount != 0) columnsRollBack();
    state.deletions++;
    return;
  }
  state.tuples.count = <u32>((state.tupleAt - state.tuples.tuples) >> 4);
  state.columnsUsed = state.row + 1;
  state.accepted++;
  if (state.program.rowsOfTable != 0) rowCommit();
  if (state.program.hasNoBlocks != 0) {
    state.acceptedBytes += <u32>(state.jsonEnd - state.jsonStart);
    return;
  }
  const isMinified = state.format == FORMAT_JSON && lineEnd(state.jsonStart, state.jsonEnd) != state.jsonEnd;
  state.acceptedBytes += blockAppend(state.jsonStart, state.jsonEnd, isMinified);
}

function rollBack(): void {
  state.keys.count = keyCount;
  state.keys.arenaBytes = keyArenaBytes;
  if (state.program.columnCount != 0) columnsRollBack();
}

@inline
function advance(): void {
  state.ordinal++;
  state.cursor = state.next;
}
