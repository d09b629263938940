/**
 * Values of columns, whatever the form of the row is. A value that its column cannot hold is told by
 * `VALUE_BAD`: a whole number of more than 64 bits, an infinite one, a year of five digits, half a pair of
 * surrogates.
 */
import { blockCopy } from "./csv-cell";
import { FLAG_ESCAPES, TYPE_STRING } from "./json-grammar";
import { Value } from "./program";
import { COLUMN_HEX, COLUMN_JSON, COLUMN_REST, RowColumn, RowProgram } from "./row-program";
import { restWrite } from "./row-rest";
import { FIELD_HEX, plainEnd, plainStart, valueFits } from "./terms";
import { unescapeString } from "./utf8";

export const VALUE_BAD: usize = 0;

const signBit: u64 = (<u64>1) << 63;
const exponentBits: u64 = 0x7ff0000000000000;
const quote: u32 = 0x22;

/** Longer values are copied by the machine's own copy, which costs a call. */
const blocksBytesMax: usize = 128;

/** The years 1 to 9999, in milliseconds since 1970: all that sort alike as text and as dates. */
const dateMsMin: i64 = -62135596800000;
const dateMsMax: i64 = 253402300799999;

const intMaxText = memory.data<u8>([
  0x39, 0x32, 0x32, 0x33, 0x33, 0x37, 0x32, 0x30, 0x33, 0x36, 0x38, 0x35, 0x34, 0x37, 0x37, 0x35, 0x38, 0x30,
  0x37,
]);

/** The whole number of a column that `intFits`. */
@inline
export function intOf(column: RowColumn): i64 {
  return <i64>(column.term ^ signBit);
}

/** The term of a number beyond 64 bits is that of the nearest within: then the digits decide. */
export function intFits(column: RowColumn): bool {
  const value = intOf(column);
  if (value != i64.MAX_VALUE && value != i64.MIN_VALUE) return true;
  const start: usize = column.value.start;
  const bytes = <usize>column.value.end - start;
  if (value == i64.MAX_VALUE) return bytes == 19 && memory.compare(start, intMaxText, 19) == 0;
  return bytes == 20 && memory.compare(start + 1, intMaxText, 18) == 0 && load<u8>(start, 19) == 0x38;
}

/** The number of a column of floats; minus zero and zero are one value. */
@inline
export function floatBitsOf(column: RowColumn): u64 {
  const term = column.term;
  return (term & signBit) != 0 ? term ^ signBit : ~term;
}

@inline
export function floatFits(bits: u64): bool {
  return (bits & exponentBits) != exponentBits;
}

@inline
export function dateFits(ms: i64): bool {
  return ms >= dateMsMin && ms <= dateMsMax;
}

/** Where the text of a JSON column begins and ends: strings are listed without their quotes. */
@inline
export function jsonStart(value: Value): usize {
  return isQuoted(value) ? <usize>value.start - 1 : value.start;
}

@inline
export function jsonEnd(value: Value): usize {
  return isQuoted(value) ? <usize>value.end + 1 : value.end;
}

@inline
function isQuoted(value: Value): bool {
  return <u32>value.type == TYPE_STRING && <u32>load<u8>(<usize>value.start - 1) == quote;
}

/** Bytes that a column's text takes at most; without escapes it takes just as many. */
@inline
export function textBytesMax(column: RowColumn): usize {
  if (column.type == COLUMN_REST) return <usize>column.term;
  const value = column.value;
  if (column.type == COLUMN_JSON) return jsonEnd(value) - jsonStart(value);
  return <usize>value.end - <usize>value.start;
}

/** Writes the text of a column of text, hex or JSON; the position behind it, or VALUE_BAD. */
export function textWrite(rows: RowProgram, column: RowColumn, to: usize): usize {
  if (column.type == COLUMN_REST) return restWrite(rows, to);
  const value = column.value;
  const start: usize = value.start;
  const end: usize = value.end;
  if (column.type == COLUMN_JSON) return copy(jsonStart(value), jsonEnd(value), to);
  if (column.type == COLUMN_HEX) return hexWrite(value, to);
  if ((<u32>value.flags & FLAG_ESCAPES) == 0) return copy(start, end, to);
  const bytes = unescapeString(start, end, to);
  return hasSurrogate(to, to + bytes) ? VALUE_BAD : to + bytes;
}

@inline
function copy(start: usize, end: usize, to: usize): usize {
  const bytes = end - start;
  if (bytes <= blocksBytesMax) return blockCopy(to, start, bytes);
  memory.copy(to, start, bytes);
  return to + bytes;
}

/** Equal keys are equal text: hex digits are kept in lower case. */
function hexWrite(value: Value, to: usize): usize {
  valueFits(FIELD_HEX, TYPE_STRING, value.flags, value.start, value.end);
  for (let at = plainStart; at < plainEnd; at++) {
    const byte = <u32>load<u8>(at);
    store<u8>(to++, byte - 0x41 < 26 ? byte | 0x20 : byte);
  }
  return to;
}

/** Half of a pair is written in three bytes that are no UTF-8, of which no other text has the first two. */
function hasSurrogate(start: usize, end: usize): bool {
  for (let at = start; at + 2 < end; at++) {
    if (load<u8>(at) == 0xed && load<u8>(at, 1) >= 0xa0) return true;
  }
  return false;
}
