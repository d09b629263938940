/**
 * How the values of a record become a row of a table, as the host writes it (src/tables/row-program.ts): this
 * head, then the columns. Fields named "runtime" belong to the kernel and begin as zeros.
 */
import { Value } from "./program";

/** Rows as tuples of PostgreSQL's binary COPY, or as the cells of a leaf of SQLite. */
export const ROWS_TUPLES: u32 = 0;
export const ROWS_LEAF: u32 = 1;

/** What a column holds; the field whose values stand there is of the same type. */
export const COLUMN_TEXT: u32 = 0;
export const COLUMN_HEX: u32 = 1;
export const COLUMN_INT: u32 = 2;
export const COLUMN_FLOAT: u32 = 3;
export const COLUMN_BOOL: u32 = 4;
export const COLUMN_DATE: u32 = 5;
export const COLUMN_JSON: u32 = 6;
/** The members that no field names, as JSON. */
export const COLUMN_REST: u32 = 7;

export const REST_NONE: u32 = 0xffffffff;

/** What a row takes at most beside the bytes of its values: for itself, and for each of its columns. */
export const ROW_BYTES_FIXED: u32 = 64;
export const ROW_COLUMN_BYTES: u32 = 40;

@unmanaged
export class RowProgram {
  form: u32;
  columnCount: u32;
  /** Bytes of rows behind which a page is handed on. */
  pageBytes: u32;
  /** Of a leaf: the cells that it always has. */
  cells: u32;
  /** Runtime: the last record in which a second value was met, and the slot of the first such. */
  manyStamp: u32;
  manySlot: u32;
  /** The column of what no field names, or REST_NONE. */
  restColumn: u32;
  /**
   * Names of the members that fields hold, behind the columns: u32 bytes of a name, then the name, up to a
   * multiple of 4. And the bytes of them all.
   */
  nameCount: u32;
  nameBytes: u32;
  spare: u32;
}

@unmanaged
export class RowColumn {
  slot: u32;
  type: u32;
  /**
   * Runtime: the last record that had a value here, the value, and its term if it is a number's; of
   * COLUMN_REST the bytes of its text.
   */
  stamp: u32;
  value: Value;
  term: u64;
  /** Runtime, of a leaf: what SQLite calls the type of the value. */
  serial: u32;
  spare: u32;
}

@inline
export function rowColumn(rows: RowProgram, number: u32): RowColumn {
  const first = changetype<usize>(rows) + offsetof<RowProgram>();
  return changetype<RowColumn>(first + <usize>number * offsetof<RowColumn>());
}
