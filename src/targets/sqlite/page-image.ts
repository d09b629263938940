import { sqlitePageBytes } from "../../kernel/index.js";
import { type ColumnType, dateEpochMs, leafCells, type RowPage } from "../../tables/index.js";

/** Of the format of SQLite's files: a leaf of a table, and the serial types of values. */
const leafType = 0x0d;
const leafHeaderBytes = 8;
const serial = { null: 0, int64: 6, float: 7, zero: 8, one: 9, text: 13 };
/** Payload length and row number in front of a row, at most. */
const rowHeadBytesMax = 8;
/** A row of no columns with a number above all others, for cells without a row. */
const emptyCell = Buffer.from([0x01, 0xff, 0xff, 0xff, 0x7f, 0x01]);
const highWord = 2 ** 32;
const dayMs = 86_400_000;
const dateBytes = 24;
const zero = 0x30;

/**
 * Rows as SQLite keeps them: the one leaf of a table, by the documented format of its files. A page that is
 * handed over whole costs a fraction of what binding its values one by one does. SQLite remembers how many
 * cells a page has, so it always has the same number: those without a row stand behind all others.
 */
export class PageImage {
  readonly bytes = Buffer.alloc(sqlitePageBytes);
  readonly #types: readonly ColumnType[];
  readonly #serials: number[];
  readonly #cells: number;
  readonly #emptyAt: number;
  readonly #dates = new DateText();
  #at = 0;
  #count = 0;

  constructor(types: readonly ColumnType[]) {
    this.#types = types;
    this.#serials = types.map(() => 0);
    this.#cells = leafCells(types.length);
    this.#emptyAt = leafHeaderBytes + 2 * this.#cells;
    this.bytes.writeUInt8(leafType, 0);
    this.bytes.writeUInt16BE(this.#cells, 3);
    this.bytes.writeUInt16BE(this.#emptyAt, 5);
    emptyCell.copy(this.bytes, this.#emptyAt);
    for (let cell = 0; cell < this.#cells; cell += 1) this.#point(cell, this.#emptyAt);
  }

  /** Lays rows [from, to) down, numbered from 1; gives how many of them there was room for. */
  build({ rows, offsets }: RowPage, from: number, to: number): number {
    this.#at = this.#emptyAt + emptyCell.length;
    const before = this.#count;
    this.#count = 0;
    while (this.#count < to - from && this.#add(rows, offsets[from + this.#count]! + 2)) this.#count += 1;
    for (let cell = this.#count; cell < before; cell += 1) this.#point(cell, this.#emptyAt);
    return this.#count;
  }

  #point(cell: number, at: number): void {
    this.bytes.writeUInt16BE(at, leafHeaderBytes + 2 * cell);
  }

  /** Adds a row whose fields begin at `at`; false when there is no room for it. */
  #add(rows: Buffer, at: number): boolean {
    const { headerBytes, bodyBytes } = this.#measure(rows, at);
    const payload = headerBytes + bodyBytes;
    const isFull = this.#at + payload + rowHeadBytesMax > sqlitePageBytes;
    // One cell is always empty: it ends the rows.
    if (isFull || this.#count === this.#cells - 1) return false;
    this.#point(this.#count, this.#at);
    let to = putVarint(this.bytes, this.#at, payload);
    to = putVarint(this.bytes, to, this.#count + 1);
    to = putVarint(this.bytes, to, headerBytes);
    for (const one of this.#serials) to = putVarint(this.bytes, to, one);
    this.#at = this.#putBody(rows, at, this.bytes, to);
    return true;
  }

  /** The serial types of a row's values, and what its header and body take. */
  #measure(rows: Buffer, fieldsAt: number): { headerBytes: number; bodyBytes: number } {
    let [at, header, body] = [fieldsAt, 0, 0];
    for (let column = 0; column < this.#types.length; column += 1) {
      const length = rows.readInt32BE(at);
      at += 4;
      const type = this.#types[column]!;
      let code = serial.null;
      if (length >= 0) {
        const bytes = type === "json" ? length - 1 : type === "date" ? dateBytes : length;
        if (type === "bool") code = rows[at] === 1 ? serial.one : serial.zero;
        else if (type === "int") code = serial.int64;
        else if (type === "float") code = serial.float;
        else code = serial.text + 2 * bytes;
        if (type !== "bool") body += bytes;
        at += length;
      }
      this.#serials[column] = code;
      header += varintBytes(code);
    }
    // The header's own length is a part of it.
    const headerBytes = header + varintBytes(header + 1);
    return { headerBytes, bodyBytes: body };
  }

  #putBody(rows: Buffer, fieldsAt: number, leaf: Buffer, bodyAt: number): number {
    let [at, to] = [fieldsAt, bodyAt];
    for (const type of this.#types) {
      const length = rows.readInt32BE(at);
      at += 4;
      if (length < 0) continue;
      if (type === "date") to = this.#dates.put(rows, at, leaf, to);
      else if (type !== "bool") to = copy(rows, type === "json" ? at + 1 : at, at + length, leaf, to);
      at += length;
    }
    return to;
  }
}

/** Writes dates as ISO 8601; those of one day share its text. */
class DateText {
  #day = Number.NaN;
  #text = Buffer.alloc(0);

  put(rows: Buffer, at: number, leaf: Buffer, to: number): number {
    const high = rows.readInt32BE(at);
    const value = high * highWord + rows.readUInt32BE(at + 4);
    const since = Number.isSafeInteger(value) ? value / 1000 : Number(rows.readBigInt64BE(at) / 1000n);
    const ms = since + dateEpochMs;
    const day = Math.floor(ms / dayMs);
    if (day !== this.#day) {
      this.#day = day;
      this.#text = Buffer.from(new Date(day * dayMs).toISOString(), "latin1");
    }
    const end = copy(this.#text, 0, dateBytes, leaf, to);
    const time = ms - day * dayMs;
    if (time === 0) return end;
    for (const { place, unit, base } of timeDigits)
      leaf[to + place] = zero + (Math.floor(time / unit) % base);
    return end;
  }
}

/** Where the digits of the time stand, and what they count. */
const timeDigits = [
  { place: 11, unit: 36_000_000, base: 10 },
  { place: 12, unit: 3_600_000, base: 10 },
  { place: 14, unit: 600_000, base: 6 },
  { place: 15, unit: 60_000, base: 10 },
  { place: 17, unit: 10_000, base: 6 },
  { place: 18, unit: 1000, base: 10 },
  { place: 20, unit: 100, base: 10 },
  { place: 21, unit: 10, base: 10 },
  { place: 22, unit: 1, base: 10 },
];

function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = value; left > 127; left = Math.floor(left / 128)) bytes += 1;
  return bytes;
}

/** Big endian, seven bits a byte, all but the last with the high bit; values here are below 2^28. */
function putVarint(into: Buffer, at: number, value: number): number {
  const bytes = varintBytes(value);
  for (let index = bytes - 1, left = value; index >= 0; index -= 1) {
    into[at + index] = (left & 127) | (index === bytes - 1 ? 0 : 128);
    left >>>= 7;
  }
  return at + bytes;
}

/** Short values are copied by hand: a call into the runtime costs more than they do. */
function copy(from: Buffer, start: number, end: number, into: Buffer, at: number): number {
  if (end - start > 48) from.copy(into, at, start, end);
  else for (let source = start, to = at; source < end; ) into[to++] = from[source++]!;
  return at + end - start;
}
