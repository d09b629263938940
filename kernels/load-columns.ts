/** Columns: the value of every record by its id. A record with several values has the first of them here. */
import { state } from "./load-state";

/** In front of the values: room for the count, which a chunk begins with. */
const headBytes: u32 = 8;

/** Rows that fit when `columns` columns share `bytes` bytes; a multiple of 8. */
export function columnRowsOf(bytes: u32, columns: u32): u32 {
  const share: u32 = columns == 0 ? 0 : bytes / columns;
  return share < 89 ? 0 : ((share - 24) / 65) << 3;
}

/** Bytes of a column of `rows` rows. */
function strideOf(rows: u32): u32 {
  return (headBytes + rows * 8 + (rows >> 3) + 15) & ~15;
}

@inline
function valuesOf(column: u32): usize {
  return state.columns + <usize>column * state.columnStride + headBytes;
}

@inline
function presenceOf(column: u32): usize {
  return valuesOf(column) + (<usize>state.columnRows << 3);
}

export function columnSet(column: u32, term: u64): void {
  const bits = presenceOf(column) + (state.row >> 3);
  const bit = (<u32>1) << (state.row & 7);
  const present = <u32>load<u8>(bits);
  if ((present & bit) != 0) return;
  store<u8>(bits, <u8>(present | bit));
  store<u64>(valuesOf(column) + (<usize>state.row << 3), term);
}

/** Takes the row at work back out of every column. */
export function columnsRollBack(): void {
  for (let column: u32 = 0; column < state.program.columnCount; column++) {
    const bits = presenceOf(column) + (state.row >> 3);
    store<u8>(bits, <u8>(load<u8>(bits) & ~((<u32>1) << (state.row & 7))));
    store<u64>(valuesOf(column) + (<usize>state.row << 3), 0);
  }
}

/** Takes the memory of the columns into use for the program at work, beginning with the record at hand. */
export function columnsOpen(bytes: u32): void {
  state.columnRows = columnRowsOf(bytes, state.program.columnCount);
  state.columnStride = strideOf(state.columnRows);
  columnsReset();
}

/** Begins the columns anew with the record at hand. */
export function columnsReset(): void {
  state.columnFirst = state.ordinal;
  state.columnsUsed = 0;
  memory.fill(state.columns, 0, <usize>state.program.columnCount * state.columnStride);
}

/** Number of the index whose column it is. */
export function columnIndex(column: u32): u32 {
  const program = state.program;
  return load<u32>(changetype<usize>(program) + program.columnsAt + (<usize>column << 2));
}

/**
 * Address of a column's chunk, whole: the presence bits are moved up behind the values. 0 when it holds no
 * value.
 */
export function columnChunk(column: u32): usize {
  const rows = state.columnsUsed;
  const presence = presenceOf(column);
  const bytes = (rows + 7) >> 3;
  let isEmpty = true;
  for (let i: usize = 0; i < bytes && isEmpty; i++) isEmpty = load<u8>(presence + i) == 0;
  if (isEmpty) return 0;
  const values = valuesOf(column);
  memory.copy(values + (<usize>rows << 3), presence, bytes);
  store<u32>(values - 4, rows);
  return values - 4;
}

export function columnChunkBytes(): u32 {
  return 4 + state.columnsUsed * 8 + ((state.columnsUsed + 7) >> 3);
}

/** Ordinal of the first record in the columns. */
export function columnFirst(): u32 {
  return state.columnFirst;
}
