// Reads one row of CSV (RFC 4180: quotes, doubled quotes and line breaks in them, CRLF or LF) and writes it
// as one line of JSON, an object with a member for each column.
//
// Program, as the host writes it (src/model/csv-program.ts), u32 each, at a multiple of 4:
//   0 columns   4 delimiter (a byte)   8 offset of room for 12 bytes a column   12 steps
//   16 offset and 20 bytes of what is written behind the last step
//   then for each step (32 bytes), in the order of the output: 0 type   4 offset and 8 bytes of what is
//   written in front of it (braces, names, colons, commas)   12 its column   16 the column of a pair's value,
//   or the separator of a list   20 type of a list's elements   24 steps before it that are pairs of the
//   same object   28 offset of the names that a pair's object knows, or 0: their number, then for each
//   (12 bytes) the type of its value, or 0 when no pair may have it, its offset and its bytes
// Context (48 bytes, u32 each), given: 0 program   4 bit stack   8 its bytes (as in json-scan)
// found: 12 start of the next row   16 bytes written   20 column that is wrong, from 0   24 cells expected
//   28 cells found   32 offset from `start` of what is wrong   36 line breaks in the row and at its end
//   40 1 when no line break ended the row: with more input it may go on
//
// The bytes [start, end) and 32 after them must lie in the memory, likewise [dst, dst + dstBytes).
import {
  CELL_BAD,
  CELL_FULL,
  CSV_SLACK_BYTES,
  blockCopy,
  boolWrite,
  floatWrite,
  intWrite,
  jsonWrite,
  nullWrite,
  stringWrite,
} from "./csv-cell";
import { utf8InvalidAt } from "./utf8";

export const CSV_ROW: u32 = 0;
export const CSV_BLANK: u32 = 1;
export const CSV_COLUMNS: u32 = 2;
export const CSV_QUOTE: u32 = 3;
export const CSV_FIELD_TYPE: u32 = 4;
export const CSV_INVALID_UTF8: u32 = 5;
/** The row was not written; with more room the same call may succeed. */
export const CSV_OUTPUT_FULL: u32 = 6;

export const CSV_CONTEXT_BYTES: u32 = 48;

const CTX_PROGRAM: usize = 0;
const CTX_STACK: usize = 4;
const CTX_STACK_BYTES: usize = 8;
const CTX_NEXT: usize = 12;
const CTX_WRITTEN: usize = 16;
const CTX_COLUMN: usize = 20;
const CTX_EXPECTED: usize = 24;
const CTX_FOUND: usize = 28;
const CTX_FAIL_OFFSET: usize = 32;
const CTX_LINES: usize = 36;
const CTX_IS_OPEN: usize = 40;

const PROGRAM_BYTES: usize = 24;
const STEP_BYTES: usize = 32;
const NAME_BYTES: usize = 12;
const CELL_BYTES: usize = 12;

/** Of a name that is there already: it is no value's type. */
const TYPE_NONE: u32 = 0;
const TYPE_STRING: u32 = 1;
const TYPE_INT: u32 = 2;
const TYPE_FLOAT: u32 = 3;
const TYPE_BOOL: u32 = 4;
const TYPE_DATE: u32 = 5;
const TYPE_LIST: u32 = 7;
const TYPE_PAIR: u32 = 8;

const QUOTE: u32 = 0x22;
const LINE_FEED: u32 = 0x0a;
const CARRIAGE_RETURN: u32 = 0x0d;

const CELL_QUOTED: u32 = 1;
const CELL_DOUBLED: u32 = 2;

/** What `splitRow` found. */
let rowNext: usize = 0;
let rowLines: u32 = 0;
let rowIsOpen: u32 = 0;
let rowIsBlank: bool = false;
let rowHasNonAscii: u32 = 0;
let quoteFailAt: usize = 0;

/** One bit for each of the 16 bytes of a block that can end a cell or a quoted part of one. */
@inline
function blockStops(block: v128, delimiters: v128): u32 {
  const quotes = i8x16.eq(block, i8x16.splat(0x22));
  const lineFeeds = i8x16.eq(block, i8x16.splat(0x0a));
  return i8x16.bitmask(v128.or(v128.or(quotes, lineFeeds), i8x16.eq(block, delimiters)));
}

/** As `blockStops` for the 32 bytes at p; also notes whether one of them is not ASCII. */
@inline
function cellStops(p: usize, delimiters: v128): u32 {
  const low = v128.load(p);
  const high = v128.load(p, 16);
  rowHasNonAscii |= i8x16.bitmask(v128.or(low, high));
  return blockStops(low, delimiters) | (blockStops(high, delimiters) << 16);
}

/** Notes the span of a cell and whether its quotes are right; `p` is its first byte, `end` ends it. */
@inline
function cellClose(cell: usize, p: usize, end: usize, flags: u32, closeAt: usize): void {
  const isQuoted = (flags & CELL_QUOTED) != 0;
  if (isQuoted && end != closeAt + 1 && quoteFailAt == 0) quoteFailAt = closeAt + 1;
  store<u32>(cell, isQuoted ? p + 1 : p);
  store<u32>(cell, isQuoted ? closeAt : end, 4);
  store<u32>(cell, flags, 8);
}

/** Finds the cells of the row at `start` and returns how many there are. */
function splitRow(program: usize, start: usize, end: usize): u32 {
  const cells = program + load<u32>(program, 8);
  const cellsEnd = cells + <usize>load<u32>(program) * CELL_BYTES;
  const delimiters = i8x16.splat(load<u8>(program, 4));
  rowLines = 0;
  rowHasNonAscii = 0;
  quoteFailAt = 0;
  let cell = cells;
  let count: u32 = 0;
  let p = start;
  let flags: u32 = 0;
  let isInside = false;
  let closeAt: usize = 0;
  let base = start;
  let stops = cellStops(base, delimiters);
  while (true) {
    while (stops == 0 && base < end) {
      base += 32;
      stops = cellStops(base, delimiters);
    }
    const at = stops == 0 ? end : min<usize>(base + ctz(stops), end);
    stops &= stops - 1;
    const isEnd = at >= end;
    const c = <u32>load<u8>(at);
    if (c == QUOTE && !isEnd) {
      if (flags == 0) {
        isInside = at == p;
        if (isInside) flags = CELL_QUOTED;
      } else if (isInside) {
        isInside = false;
        closeAt = at;
      } else if (at == closeAt + 1) {
        isInside = true;
        flags |= CELL_DOUBLED;
      } else if (quoteFailAt == 0) {
        quoteFailAt = closeAt + 1;
      }
      continue;
    }
    const isLineEnd = isEnd || c == LINE_FEED;
    if (c == LINE_FEED && !isEnd) rowLines += 1;
    if (isInside && !isEnd) continue;
    if (isInside) closeAt = quoteFailAt = end;
    count += 1;
    const hasReturn = isLineEnd && at > p && load<u8>(at - 1) == CARRIAGE_RETURN;
    if (cell < cellsEnd) cellClose(cell, p, hasReturn ? at - 1 : at, flags, closeAt);
    cell += CELL_BYTES;
    if (isLineEnd) {
      rowIsOpen = isEnd ? 1 : 0;
      rowNext = isEnd ? end : at + 1;
      rowIsBlank = count == 1 && flags == 0 && at - <usize>hasReturn == start;
      return count;
    }
    p = at + 1;
    flags = 0;
  }
}

@inline
function isBlank(c: u32): bool {
  return c <= 0x20 && (c == 0x20 || c == 0x09 || c == LINE_FEED || c == CARRIAGE_RETURN);
}

/** Writes the value of one cell; see csv-cell for what it returns. */
function cellWrite(ctx: usize, cell: usize, type: u32, out: usize, limit: usize): usize {
  const p: usize = load<u32>(cell);
  const end: usize = load<u32>(cell, 4);
  const flags = load<u32>(cell, 8);
  if (type == TYPE_STRING) {
    if (p == end && !(flags & CELL_QUOTED)) return nullWrite(out);
    return stringWrite(out, limit, p, end, flags & CELL_QUOTED ? 2 : 1);
  }
  return valueWrite(ctx, p, end, flags, type, out, limit);
}

/** Writes a value without the blanks around it. */
function valueWrite(
  ctx: usize,
  p: usize,
  end: usize,
  flags: u32,
  type: u32,
  out: usize,
  limit: usize,
): usize {
  while (p < end && isBlank(load<u8>(p))) p += 1;
  while (end > p && isBlank(load<u8>(end - 1))) end -= 1;
  if (p == end) return nullWrite(out);
  if (type == TYPE_INT) return intWrite(out, limit, p, end);
  if (type == TYPE_FLOAT) return floatWrite(out, limit, p, end);
  if (type == TYPE_BOOL) return boolWrite(out, p, end);
  if (type == TYPE_STRING || type == TYPE_DATE) {
    return stringWrite(out, limit, p, end, flags & CELL_QUOTED ? 2 : 1);
  }
  const stackBytes = load<u32>(ctx, CTX_STACK_BYTES);
  return jsonWrite(out, limit, p, end, (flags & CELL_DOUBLED) != 0, load<u32>(ctx, CTX_STACK), stackBytes);
}

/** Writes the parts of a cell as an array; parts of blanks alone are left out. */
function listWrite(ctx: usize, cell: usize, step: usize, out: usize, limit: usize): usize {
  let p: usize = load<u32>(cell);
  const end: usize = load<u32>(cell, 4);
  const flags = load<u32>(cell, 8);
  const separator = load<u32>(step, 16);
  const type = load<u32>(step, 20);
  if (p == end) return nullWrite(out);
  store<u8>(out++, 0x5b);
  const first = out;
  while (p <= end) {
    let part = p;
    while (p < end && <u32>load<u8>(p) != separator) p += 1;
    const partEnd = p++;
    while (part < partEnd && isBlank(load<u8>(part))) part += 1;
    if (part == partEnd) continue;
    if (out + CSV_SLACK_BYTES > limit) return CELL_FULL;
    if (out != first) store<u8>(out++, 0x2c);
    out = valueWrite(ctx, part, partEnd, flags, type, out, limit);
    if (out == CELL_BAD || out == CELL_FULL) return out;
  }
  store<u8>(out, 0x5d);
  return out + 1;
}

/**
 * Whether the text of a cell, two quotes in it being one, is that of another, or of plain bytes (flags 0).
 */
function isSameText(p: usize, end: usize, flags: u32, q: usize, qEnd: usize, qFlags: u32): bool {
  while (p < end && q < qEnd) {
    const c = load<u8>(p);
    if (c != load<u8>(q)) return false;
    p += c == QUOTE && flags & CELL_DOUBLED ? 2 : 1;
    q += c == QUOTE && qFlags & CELL_DOUBLED ? 2 : 1;
  }
  return p >= end && q >= qEnd;
}

/** The type of the value that a pair's key names; TYPE_NONE when its object has that name already. */
function pairType(program: usize, step: usize, cells: usize, p: usize, end: usize, flags: u32): u32 {
  let other = step;
  for (let i = load<u32>(step, 24); i > 0; i--) {
    other -= STEP_BYTES;
    const key = cells + <usize>load<u32>(other, 12) * CELL_BYTES;
    const isEmpty = isPairEmpty(key, cells + <usize>load<u32>(other, 16) * CELL_BYTES);
    const q: usize = load<u32>(key);
    if (!isEmpty && isSameText(p, end, flags, q, load<u32>(key, 4), load<u32>(key, 8))) return TYPE_NONE;
  }
  const names: usize = load<u32>(step, 28);
  if (names == 0) return TYPE_STRING;
  let name = program + names + 4;
  for (let i = load<u32>(program + names); i > 0; i--) {
    const q = program + <usize>load<u32>(name, 4);
    if (isSameText(p, end, flags, q, q + <usize>load<u32>(name, 8), 0)) return load<u32>(name);
    name += NAME_BYTES;
  }
  return TYPE_STRING;
}

@inline
function isPairEmpty(key: usize, value: usize): bool {
  return load<u32>(key) == load<u32>(key, 4) && load<u32>(value) == load<u32>(value, 4);
}

/** Writes what a cell names and what another says of it as a member of the object that is open. */
function pairWrite(ctx: usize, program: usize, step: usize, out: usize, limit: usize): usize {
  const cells = program + load<u32>(program, 8);
  const key = cells + <usize>load<u32>(step, 12) * CELL_BYTES;
  const valueColumn = load<u32>(step, 16);
  const value = cells + <usize>valueColumn * CELL_BYTES;
  if (isPairEmpty(key, value)) return out;
  const p: usize = load<u32>(key);
  const end: usize = load<u32>(key, 4);
  const flags = load<u32>(key, 8);
  const type = pairType(program, step, cells, p, end, flags);
  if (type == TYPE_NONE) return CELL_BAD;
  if (load<u8>(out - 1) != 0x7b) store<u8>(out++, 0x2c);
  out = stringWrite(out, limit, p, end, flags & CELL_QUOTED ? 2 : 1);
  if (out == CELL_FULL || out + CSV_SLACK_BYTES > limit) return CELL_FULL;
  store<u8>(out++, 0x3a);
  store<u32>(ctx, valueColumn, CTX_COLUMN);
  return cellWrite(ctx, value, type, out, limit);
}

/** Writes the cells that were found as one object; returns the status, the column is in the context. */
function rowWrite(ctx: usize, program: usize, dst: usize, dstBytes: u32): u32 {
  const limit = dst + dstBytes;
  const steps = load<u32>(program, 12);
  const cells = program + load<u32>(program, 8);
  let step = program + PROGRAM_BYTES;
  let out = dst;
  for (let i: u32 = 0; i < steps; i++) {
    const type = load<u32>(step);
    const textBytes = load<u32>(step, 8);
    const column = load<u32>(step, 12);
    const cell = cells + <usize>column * CELL_BYTES;
    store<u32>(ctx, column, CTX_COLUMN);
    if (out + textBytes + CSV_SLACK_BYTES > limit) return CSV_OUTPUT_FULL;
    out = blockCopy(out, program + load<u32>(step, 4), textBytes);
    if (type < TYPE_LIST) out = cellWrite(ctx, cell, type, out, limit);
    else if (type == TYPE_LIST) out = listWrite(ctx, cell, step, out, limit);
    else out = pairWrite(ctx, program, step, out, limit);
    if (out == CELL_BAD) return CSV_FIELD_TYPE;
    if (out == CELL_FULL) return CSV_OUTPUT_FULL;
    step += STEP_BYTES;
  }
  const tailBytes = load<u32>(program, 20);
  if (out + tailBytes + CSV_SLACK_BYTES > limit) return CSV_OUTPUT_FULL;
  out = blockCopy(out, program + load<u32>(program, 16), tailBytes);
  store<u32>(ctx, <u32>(out - dst), CTX_WRITTEN);
  return CSV_ROW;
}

/** Reads the row at `start` and returns CSV_...; see the top of this file for the context. */
export function csvRow(ctx: usize, start: usize, end: usize, dst: usize, dstBytes: u32): u32 {
  const program: usize = load<u32>(ctx, CTX_PROGRAM);
  const columns = load<u32>(program);
  const found = splitRow(program, start, end);
  store<u32>(ctx, rowNext, CTX_NEXT);
  store<u32>(ctx, 0, CTX_WRITTEN);
  store<u32>(ctx, 0, CTX_COLUMN);
  store<u32>(ctx, columns, CTX_EXPECTED);
  store<u32>(ctx, found, CTX_FOUND);
  store<u32>(ctx, 0, CTX_FAIL_OFFSET);
  store<u32>(ctx, rowLines, CTX_LINES);
  store<u32>(ctx, rowIsOpen, CTX_IS_OPEN);
  if (rowIsBlank) return CSV_BLANK;
  if (quoteFailAt != 0) {
    store<u32>(ctx, <u32>(quoteFailAt - start), CTX_FAIL_OFFSET);
    return CSV_QUOTE;
  }
  if (rowHasNonAscii != 0) {
    const invalidAt = utf8InvalidAt(start, rowNext);
    if (invalidAt != rowNext) {
      store<u32>(ctx, <u32>(invalidAt - start), CTX_FAIL_OFFSET);
      return CSV_INVALID_UTF8;
    }
  }
  if (found != columns) return CSV_COLUMNS;
  const status = rowWrite(ctx, program, dst, dstBytes);
  if (status == CSV_FIELD_TYPE) {
    const cell = program + load<u32>(program, 8) + <usize>load<u32>(ctx, CTX_COLUMN) * CELL_BYTES;
    store<u32>(ctx, load<u32>(cell) - <u32>start, CTX_FAIL_OFFSET);
  }
  return status;
}
