/** A row as a tuple of PostgreSQL's binary COPY: see src/tables/row-page.ts for the format. */
import { FLAG_TRUE } from "./json-grammar";
import {
  COLUMN_BOOL,
  COLUMN_DATE,
  COLUMN_FLOAT,
  COLUMN_INT,
  COLUMN_JSON,
  COLUMN_REST,
  RowColumn,
  RowProgram,
  rowColumn,
} from "./row-program";
import { VALUE_BAD, dateFits, floatBitsOf, floatFits, intFits, intOf, textWrite } from "./row-values";

/** 2000-01-01 in milliseconds since 1970. */
const dateEpochMs: i64 = 946684800000;
const jsonVersion: u8 = 1;

/** The column whose value did not fit. */
export let tupleFault: u32 = 0;

/** Writes the row of the record with this stamp; the position behind it, or VALUE_BAD. */
export function tupleWrite(rows: RowProgram, stamp: u32, start: usize): usize {
  const count = rows.columnCount;
  store<u16>(start, bswap<u16>(<u16>count));
  let to = start + 2;
  for (let i: u32 = 0; i < count; i++) {
    const column = rowColumn(rows, i);
    if (column.stamp != stamp) {
      store<u32>(to, 0xffffffff);
      to += 4;
      continue;
    }
    to = fieldWrite(rows, column, to);
    if (to != VALUE_BAD) continue;
    tupleFault = i;
    return VALUE_BAD;
  }
  return to;
}

@inline
function fieldWrite(rows: RowProgram, column: RowColumn, to: usize): usize {
  const type = column.type;
  if (type == COLUMN_INT) return intFits(column) ? wideWrite(intOf(column), to) : VALUE_BAD;
  if (type == COLUMN_FLOAT) {
    const bits = floatBitsOf(column);
    return floatFits(bits) ? wideWrite(bits, to) : VALUE_BAD;
  }
  if (type == COLUMN_DATE) {
    const ms = intOf(column);
    return dateFits(ms) ? wideWrite((ms - dateEpochMs) * 1000, to) : VALUE_BAD;
  }
  if (type == COLUMN_BOOL) {
    store<u32>(to, bswap<u32>(1));
    store<u8>(to, (<u32>column.value.flags & FLAG_TRUE) != 0 ? 1 : 0, 4);
    return to + 5;
  }
  const isJson = type == COLUMN_JSON || type == COLUMN_REST;
  store<u8>(to, jsonVersion, 4);
  const end = textWrite(rows, column, to + 4 + <usize>isJson);
  if (end != VALUE_BAD) store<u32>(to, bswap<u32>(<u32>(end - to - 4)));
  return end;
}

@inline
function wideWrite(value: u64, to: usize): usize {
  store<u32>(to, bswap<u32>(8));
  store<u64>(to, bswap<u64>(value), 4);
  return to + 12;
}
