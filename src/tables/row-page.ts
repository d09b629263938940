import { assert, sqlitePageBytes } from "../kernel/index.js";
import type { ColumnType, TablePlan } from "./table-plan.js";

/** Tuples, or rows as SQLite keeps them. */
export type RowForm = "tuples" | "leaf";

/**
 * Rows of one table on their way from a worker to a database, in the format of PostgreSQL's binary COPY (its
 * header and end apart), so that they can be streamed into it as they are: a row is an i16 number of fields,
 * then for each an i32 length (-1 for NULL) and the bytes, all big endian.
 *
 *   text   UTF-8                      bool   one byte, 0 or 1
 *   int    i64                        date   i64 microseconds since 2000-01-01, UTC
 *   float  f64                        json   the byte 1, then the text
 *
 * Behind the rows lie, at a multiple of 4 bytes and in the byte order of the machine, `count + 1` u32 offsets
 * of rows (the last is their end) and `count` u32 ordinals: the record within its batch that a row comes of.
 */
export interface RowPage {
  /**
   * Of a leaf, `rows` is a page of a table of SQLite whose rows are numbered from 1 (kernels/row-leaf.ts),
   * and there are no offsets.
   */
  form: RowForm;
  /** Number of the table in its plan. */
  table: number;
  /** Whether the rows are tombstones: they hold `tombstoneColumns` of records that are no more. */
  isTombstones: boolean;
  count: number;
  /** All rows, one behind another. */
  rows: Buffer;
  /** Bytes of the rows, which are fewer than those of a leaf. */
  rowBytes: number;
  offsets: Uint32Array;
  ordinals: Uint32Array;
}

/** What workers write rows by. */
export interface RowTarget {
  plan: TablePlan;
  /** The form of rows that the target writes as it is; pages of tuples are taken by every one. */
  form: RowForm;
}

export interface RowPageHead {
  form: RowForm;
  table: number;
  isTombstones: boolean;
  count: number;
  /** Bytes of the rows. */
  rowBytes: number;
}

/** 2000-01-01 in milliseconds since 1970. */
export const dateEpochMs = 946_684_800_000;
const jsonVersion = 1;
const highWord = 2 ** 32;
const bytesFirst = 4096;
const rowsFirst = 64;

/** Builds a page row by row. Its buffers grow to the largest page and are used again for the next. */
export class RowPageWriter {
  readonly table: number;
  readonly isTombstones: boolean;
  #bytes = Buffer.allocUnsafeSlow(bytesFirst);
  #offsets = new Uint32Array(rowsFirst + 1);
  #ordinals = new Uint32Array(rowsFirst);
  #count = 0;
  #at = 0;

  constructor(table: number, isTombstones: boolean) {
    this.table = table;
    this.isTombstones = isTombstones;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the rows so far. */
  get rowBytes(): number {
    return this.#at;
  }

  beginRow(ordinal: number, fields: number): void {
    if (this.#count === this.#ordinals.length) this.#growRows();
    this.#offsets[this.#count] = this.#at;
    this.#ordinals[this.#count] = ordinal;
    this.#count += 1;
    this.#reserve(2);
    this.#at = this.#bytes.writeInt16BE(fields, this.#at);
  }

  putNull(): void {
    this.#reserve(4);
    this.#at = this.#bytes.writeInt32BE(-1, this.#at);
  }

  putText(text: Uint8Array, start: number, end: number): void {
    this.#putLength(end - start);
    this.#copy(text, start, end);
  }

  /** The JSON text between the two, between quotes when they are left out of it. */
  putJson(text: Uint8Array, start: number, end: number): void {
    this.#putLength(end - start + 1);
    this.#bytes[this.#at] = jsonVersion;
    this.#at += 1;
    this.#copy(text, start, end);
  }

  /** A whole number that a JavaScript number holds exactly. */
  putInt(value: number): void {
    this.#putLength(8);
    const high = Math.floor(value / highWord);
    this.#at = this.#bytes.writeInt32BE(high, this.#at);
    this.#at = this.#bytes.writeUInt32BE(value - high * highWord, this.#at);
  }

  putBigInt(value: bigint): void {
    this.#putLength(8);
    this.#at = this.#bytes.writeBigInt64BE(value, this.#at);
  }

  putFloat(value: number): void {
    this.#putLength(8);
    this.#at = this.#bytes.writeDoubleBE(value, this.#at);
  }

  putBool(value: boolean): void {
    this.#putLength(1);
    this.#bytes[this.#at] = value ? 1 : 0;
    this.#at += 1;
  }

  /** A point in time by its milliseconds since 1970. */
  putDate(ms: number): void {
    const microseconds = (ms - dateEpochMs) * 1000;
    if (Number.isSafeInteger(microseconds)) this.putInt(microseconds);
    else this.putBigInt(BigInt(ms - dateEpochMs) * 1000n);
  }

  /** Takes back all rows of the last record, when it turns out bad or its page is to end before it. */
  dropRowsOf(ordinal: number): void {
    while (this.#count > 0 && this.#ordinals[this.#count - 1] === ordinal) {
      this.#count -= 1;
      this.#at = this.#offsets[this.#count]!;
    }
  }

  /** The page as it goes through the output buffer; the writer is empty behind it. */
  take(): { head: RowPageHead; bytes: Uint8Array } {
    const [rowBytes, count] = [this.#at, this.#count];
    const arraysAt = Math.ceil(rowBytes / 4) * 4;
    const length = arraysAt + (2 * count + 1) * 4;
    this.#reserve(length - this.#at);
    this.#offsets[count] = rowBytes;
    const arrays = new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset + arraysAt, 2 * count + 1);
    arrays.set(this.#offsets.subarray(0, count + 1));
    arrays.set(this.#ordinals.subarray(0, count), count + 1);
    this.#at = 0;
    this.#count = 0;
    const { table, isTombstones } = this;
    return {
      head: { form: "tuples", table, isTombstones, count, rowBytes },
      bytes: this.#bytes.subarray(0, length),
    };
  }

  #putLength(length: number): void {
    this.#reserve(4 + length);
    this.#at = this.#bytes.writeInt32BE(length, this.#at);
  }

  /** Short values are copied by hand: a call into the runtime costs more than they do. */
  #copy(text: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    this.#at += end - start;
    if (end - start > 48) bytes.set(text.subarray(start, end), at);
    else for (let from = start; from < end; ) bytes[at++] = text[from++]!;
  }

  #reserve(room: number): void {
    const needed = this.#at + room;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }

  #growRows(): void {
    const offsets = new Uint32Array(this.#ordinals.length * 2 + 1);
    const ordinals = new Uint32Array(this.#ordinals.length * 2);
    offsets.set(this.#offsets);
    ordinals.set(this.#ordinals);
    [this.#offsets, this.#ordinals] = [offsets, ordinals];
  }
}

/** A page as it lies in an output buffer, at a multiple of 4 bytes; nothing is copied. */
export function openRowPage(head: RowPageHead, output: ArrayBuffer, offset: number): RowPage {
  const { form, count, rowBytes } = head;
  assert(offset % 4 === 0, "arrays of numbers lie at a multiple of their size");
  const isLeaf = form === "leaf";
  const length = isLeaf ? sqlitePageBytes : rowBytes;
  const arraysAt = offset + Math.ceil(length / 4) * 4;
  const offsetCount = isLeaf ? 0 : count + 1;
  return {
    ...head,
    rows: Buffer.from(output, offset, length),
    offsets: new Uint32Array(output, arraysAt, offsetCount),
    ordinals: new Uint32Array(output, arraysAt + offsetCount * 4, count),
  };
}

/** A value as databases take it: `date` in milliseconds since 1970, `json` as its text. */
export type RowValue = null | string | number | bigint | boolean;

/** Reads the fields of rows one after another. */
export class RowReader {
  readonly #page: RowPage;
  #at = 0;

  constructor(page: RowPage) {
    this.#page = page;
  }

  /** Goes to the first field of a row; gives the number of its fields. */
  openRow(row: number): number {
    this.#at = this.#page.offsets[row]! + 2;
    return this.#page.rows.readInt16BE(this.#at - 2);
  }

  /** The next field's value. */
  read(type: ColumnType): RowValue {
    const { rows } = this.#page;
    const length = rows.readInt32BE(this.#at);
    const start = this.#at + 4;
    if (length < 0) {
      this.#at = start;
      return null;
    }
    this.#at = start + length;
    switch (type) {
      case "text":
        return rows.toString("utf8", start, start + length);
      case "json":
        return rows.toString("utf8", start + 1, start + length);
      case "bool":
        return rows[start] === 1;
      case "float":
        return rows.readDoubleBE(start);
      case "int":
        return readInt(rows, start);
      case "date":
        return readDate(rows, start);
    }
  }
}

/** A number where it is exact, else a bigint. */
function readInt(bytes: Buffer, at: number): number | bigint {
  const value = bytes.readInt32BE(at) * highWord + bytes.readUInt32BE(at + 4);
  return Number.isSafeInteger(value) ? value : bytes.readBigInt64BE(at);
}

function readDate(bytes: Buffer, at: number): number {
  const microseconds = readInt(bytes, at);
  const ms = typeof microseconds === "bigint" ? Number(microseconds / 1000n) : microseconds / 1000;
  return ms + dateEpochMs;
}
