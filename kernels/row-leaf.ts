/**
 * Rows as cells of one leaf of a table of SQLite, by the documented format of its files. SQLite remembers how
 * many cells a page has, so a leaf always has the same number: those without a row stand behind all others,
 * and at least one is such.
 */
import { dateTextWrite } from "./date-text";
import { FLAG_TRUE } from "./json-grammar";
import {
  COLUMN_BOOL,
  COLUMN_DATE,
  COLUMN_FLOAT,
  COLUMN_INT,
  RowColumn,
  RowProgram,
  rowColumn,
} from "./row-program";
import {
  VALUE_BAD,
  dateFits,
  floatBitsOf,
  floatFits,
  intFits,
  intOf,
  textBytesMax,
  textWrite,
} from "./row-values";

export const LEAF_BYTES: u32 = 65536;
const leafType: u8 = 0x0d;
const leafHeaderBytes: usize = 8;

/** A row of no columns with a number above all others: payload, number, header. */
const emptyCell: u64 = 0x017fffffff01;
const emptyCellBytes: usize = 6;

const SERIAL_NULL: u32 = 0;
const SERIAL_INT8: u32 = 1;
const SERIAL_INT16: u32 = 2;
const SERIAL_INT32: u32 = 4;
const SERIAL_INT64: u32 = 6;
const SERIAL_FLOAT: u32 = 7;
const SERIAL_ZERO: u32 = 8;
const SERIAL_ONE: u32 = 9;
const SERIAL_TEXT: u32 = 13;
const dateBytes: u32 = 24;

/** The column whose value did not fit. */
export let leafFault: u32 = 0;

/** Begins a leaf; the position of its first row. */
export function leafOpen(rows: RowProgram, leaf: usize): usize {
  const emptyAt = <usize>emptyAtOf(rows);
  store<u64>(leaf, leafType);
  store<u16>(leaf, bswap<u16>(<u16>rows.cells), 3);
  store<u16>(leaf, bswap<u16>(<u16>emptyAt), 5);
  store<u64>(leaf + emptyAt, emptyCell);
  return leaf + emptyAt + emptyCellBytes;
}

/** Points the cells that no row has taken to the empty one. */
export function leafClose(rows: RowProgram, leaf: usize, count: u32): void {
  const emptyAt = bswap<u16>(<u16>emptyAtOf(rows));
  for (let cell = count; cell < rows.cells; cell++) {
    store<u16>(leaf + leafHeaderBytes + ((<usize>cell) << 1), emptyAt);
  }
}

@inline
function emptyAtOf(rows: RowProgram): u32 {
  return <u32>leafHeaderBytes + 2 * rows.cells;
}

/**
 * Writes a row as cell number `cell`, from `start` on; the position behind it, or VALUE_BAD. The values come
 * first, since only then the length of those with escapes is known, then what stands in front of them.
 */
export function cellWrite(rows: RowProgram, stamp: u32, leaf: usize, cell: u32, start: usize): usize {
  const body = start + headBytesMax(rows, stamp, cell);
  let to = body;
  let headerBytes: u32 = 0;
  const count = rows.columnCount;
  for (let i: u32 = 0; i < count; i++) {
    const column = rowColumn(rows, i);
    if (column.stamp != stamp) column.serial = SERIAL_NULL;
    else to = valueWrite(rows, column, to);
    if (to == VALUE_BAD) {
      leafFault = i;
      return VALUE_BAD;
    }
    headerBytes += varintBytes(column.serial);
  }
  // The header's own length is a part of it.
  headerBytes += varintBytes(headerBytes + 1);
  const payload = headerBytes + <u32>(to - body);
  const at = body - headerBytes - varintBytes(cell + 1) - varintBytes(payload);
  let head = varintWrite(varintWrite(at, payload), cell + 1);
  head = varintWrite(head, headerBytes);
  for (let i: u32 = 0; i < count; i++) head = varintWrite(head, rowColumn(rows, i).serial);
  store<u16>(leaf + leafHeaderBytes + ((<usize>cell) << 1), bswap<u16>(<u16>(at - leaf)));
  return to;
}

/** What stands in front of the values at most; just as much where no text has escapes. */
function headBytesMax(rows: RowProgram, stamp: u32, cell: u32): usize {
  let header: u32 = 0;
  let body: u32 = 0;
  const count = rows.columnCount;
  for (let i: u32 = 0; i < count; i++) {
    const column = rowColumn(rows, i);
    header += 1;
    if (column.stamp != stamp) continue;
    const type = column.type;
    if (type == COLUMN_BOOL) continue;
    if (type == COLUMN_INT || type == COLUMN_FLOAT) {
      body += 8;
      continue;
    }
    const bytes = type == COLUMN_DATE ? dateBytes : <u32>textBytesMax(column);
    body += bytes;
    header += varintBytes(SERIAL_TEXT + 2 * bytes) - 1;
  }
  header += varintBytes(header + 1);
  return header + varintBytes(cell + 1) + varintBytes(header + body);
}

@inline
function valueWrite(rows: RowProgram, column: RowColumn, to: usize): usize {
  const type = column.type;
  if (type == COLUMN_INT) return intFits(column) ? intWrite(column, to) : VALUE_BAD;
  if (type == COLUMN_FLOAT) {
    const bits = floatBitsOf(column);
    column.serial = SERIAL_FLOAT;
    store<u64>(to, bswap<u64>(bits));
    return floatFits(bits) ? to + 8 : VALUE_BAD;
  }
  if (type == COLUMN_BOOL) {
    column.serial = (<u32>column.value.flags & FLAG_TRUE) != 0 ? SERIAL_ONE : SERIAL_ZERO;
    return to;
  }
  if (type == COLUMN_DATE) {
    column.serial = SERIAL_TEXT + 2 * dateBytes;
    const ms = intOf(column);
    return dateFits(ms) ? dateTextWrite(ms, to) : VALUE_BAD;
  }
  const end = textWrite(rows, column, to);
  column.serial = SERIAL_TEXT + 2 * <u32>(end - to);
  return end;
}

/** Whole numbers take as few bytes as they need, of 1, 2, 4 and 8. */
@inline
function intWrite(column: RowColumn, to: usize): usize {
  const value = intOf(column);
  if (<i64>(<i8>value) == value) {
    column.serial = SERIAL_INT8;
    store<u8>(to, <u8>value);
    return to + 1;
  }
  if (<i64>(<i16>value) == value) {
    column.serial = SERIAL_INT16;
    store<u16>(to, bswap<u16>(<u16>value));
    return to + 2;
  }
  if (<i64>(<i32>value) == value) {
    column.serial = SERIAL_INT32;
    store<u32>(to, bswap<u32>(<u32>value));
    return to + 4;
  }
  column.serial = SERIAL_INT64;
  store<u64>(to, bswap<u64>(<u64>value));
  return to + 8;
}

/** Varints of SQLite are big endian, seven bits a byte; values here are below 2^21. */
@inline
function varintBytes(value: u32): u32 {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : 3;
}

@inline
function varintWrite(to: usize, value: u32): usize {
  if (value < 0x80) {
    store<u8>(to, value);
    return to + 1;
  }
  if (value < 0x4000) {
    store<u8>(to, 0x80 | (value >> 7));
    store<u8>(to, value & 0x7f, 1);
    return to + 2;
  }
  store<u8>(to, 0x80 | (value >> 14));
  store<u8>(to, 0x80 | ((value >> 7) & 0x7f), 1);
  store<u8>(to, value & 0x7f, 2);
  return to + 3;
}
