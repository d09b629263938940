/**
 * State of the record loader, in one place: its parts are load.ts (the loop) and the other files load-*.ts.
 */
import { KeyBuffer } from "./key-entry";
import { Program } from "./program";
import { TupleBuffer } from "./tuple";

/** What `loadRun` came back for. */
export const LOAD_DONE: u32 = 0;
export const LOAD_REJECT: u32 = 1;
export const LOAD_NEED_SPILL: u32 = 2;
export const LOAD_OUTPUT_FULL: u32 = 3;
export const LOAD_COLUMNS_FULL: u32 = 4;
/** The host must say whether the record is to be taken. */
export const LOAD_CHECK: u32 = 5;
/** The page of rows must be taken before there is room for the next record. */
export const LOAD_ROWS_FULL: u32 = 6;

/** Why a record was rejected; 1 to 5 are the scanner's own numbers. */
export const REJECT_NONE: u32 = 0;
export const REJECT_JSON_SYNTAX: u32 = 1;
export const REJECT_INVALID_UTF8: u32 = 2;
export const REJECT_NOT_OBJECT: u32 = 3;
export const REJECT_TOO_DEEP: u32 = 4;
export const REJECT_TOO_MANY_VALUES: u32 = 5;
export const REJECT_TOO_MANY_TERMS: u32 = 6;
export const REJECT_FIELD_TYPE: u32 = 7;
export const REJECT_KEY_MISSING: u32 = 8;
export const REJECT_FIELD_MISSING: u32 = 9;
export const REJECT_KEY_TOO_LONG: u32 = 10;
export const REJECT_CSV_COLUMNS: u32 = 11;
export const REJECT_CSV_QUOTE: u32 = 12;
export const REJECT_RECORD_TOO_LARGE: u32 = 13;
export const REJECT_NOSTR_EPHEMERAL: u32 = 14;
export const REJECT_NOSTR_HEX: u32 = 15;
export const REJECT_QUAD_SYNTAX: u32 = 16;
export const REJECT_QUAD_SHAPE: u32 = 17;
export const REJECT_QUAD_TYPE: u32 = 18;
export const REJECT_QUAD_LANGUAGE: u32 = 19;
export const REJECT_QUAD_DELETION: u32 = 20;
export const REJECT_XML_SYNTAX: u32 = 21;
/** A second value for a column that holds one; a value that its column cannot hold. */
export const REJECT_ROW_MANY: u32 = 22;
export const REJECT_ROW_TYPE: u32 = 23;

export const FORMAT_JSONL: u32 = 0;
export const FORMAT_JSON: u32 = 1;
export const FORMAT_CSV: u32 = 2;
export const FORMAT_TRIPLES: u32 = 3;
export const FORMAT_QUADS: u32 = 4;
export const FORMAT_DGRAPH: u32 = 5;
export const FORMAT_XML: u32 = 6;

@unmanaged
export class LoadState {
  program: Program;
  tuples: TupleBuffer;
  keys: KeyBuffer;
  scan: usize;
  format: u32;
  recordBytesMax: u32;
  /** The frame, and how far it is loaded. */
  frame: usize;
  frameEnd: usize;
  cursor: usize;
  /** Where the record after the one at work begins. */
  next: usize;
  /** Records met in the frame so far; the next record's id is firstId + ordinal. */
  ordinal: u32;
  accepted: u32;
  /** Records that delete others: they are not among the accepted ones. */
  deletions: u32;
  acceptedBytes: u32;
  firstId: u64;
  /** The record at work in the source, and its text in JSON. */
  recordStart: usize;
  recordEnd: usize;
  jsonStart: usize;
  jsonEnd: usize;
  rejectCode: u32;
  /** Slot of a field, or what the scanner expected. */
  rejectDetail: u32;
  rejectOffset: u32;
  /** Appending: the next tuple, the bound, and the id shifted into place. */
  tupleAt: usize;
  tupleLimit: usize;
  idBits: u64;
  isOverflown: bool;
  hasVersion: bool;
  /** Whether the record at work deletes the one with its key. */
  isDeletion: bool;
  version: u64;
  /** Columns: values (u64 a row) and presence (a bit a row) of one column after another. */
  columns: usize;
  columnsBytes: u32;
  columnStride: u32;
  columnRows: u32;
  columnFirst: u32;
  columnsUsed: u32;
  row: u32;
  /** The block that is being filled: directory, and the bytes of its records. */
  directory: usize;
  blockBytes: usize;
  blockAt: usize;
  blockCount: u32;
  blockFirst: u32;
  lz4Table: usize;
  output: usize;
  outputAt: usize;
  outputEnd: usize;
  output0: usize;
  csv: usize;
  csvText: usize;
  csvTextBytes: u32;
}

export const state = changetype<LoadState>(memory.data(256, 16));
