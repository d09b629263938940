import { stagedTupleBytes } from "../../kernel/index.js";
import type { RowPage } from "../../tables/index.js";
import type { TupleGroup } from "./copy-in.js";

/**
 * The form of a staged row: the columns of the table, the ordinal, and for some tables whether it deletes.
 */
export interface TupleForm {
  columns: number;
  hasTombstones: boolean;
  /** The columns that rows of tombstones hold, in their order. */
  tombstoneColumns: readonly number[];
}

/** Rows on their way to a staging table. */
export interface StagedPage {
  page: RowPage;
  /** What is added to the page's ordinals to make them those of the chunk. */
  firstOrdinal: number;
}

const countBytes = 2;
const nullField = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/**
 * Puts the ordinal behind each row. A group is asked for when the socket has taken the one before it, so that
 * one buffer is enough.
 */
export class TupleWriter {
  readonly #buffer = Buffer.allocUnsafeSlow(stagedTupleBytes);
  #at = 0;

  /** Rows of the pages, of all of them together those from `from` up to `to`. */
  *tuples(pages: readonly StagedPage[], form: TupleForm, from: number, to: number): Iterable<TupleGroup> {
    this.#at = 0;
    let passed = 0;
    for (const { page, firstOrdinal } of pages) {
      const end = Math.min(page.count, to - passed);
      for (let row = Math.max(0, from - passed); row < end; row++) {
        const fields = page.isTombstones ? tombstoneFields(page, row, form) : wholeFields(page, row);
        const ordinal = firstOrdinal + page.ordinals[row]!;
        const bytes = countBytes + fields.length + tailBytes(form);
        if (this.#at + bytes > stagedTupleBytes) yield* this.#take();
        if (bytes <= stagedTupleBytes) this.#put(fields, ordinal, page, form);
        else {
          yield [countOf(form), fields, tailOf(ordinal, page, form)];
        }
      }
      passed += page.count;
    }
    yield* this.#take();
  }

  #put(fields: Buffer, ordinal: number, page: RowPage, form: TupleForm): void {
    const at = writeCount(this.#buffer, this.#at, form);
    fields.copy(this.#buffer, at);
    this.#at = writeTail(this.#buffer, at + fields.length, ordinal, page, form);
  }

  *#take(): Iterable<TupleGroup> {
    if (this.#at === 0) return;
    const full = this.#buffer.subarray(0, this.#at);
    this.#at = 0;
    yield [full];
  }
}

function wholeFields({ rows, offsets }: RowPage, row: number): Buffer {
  return rows.subarray(offsets[row]! + countBytes, offsets[row + 1]!);
}

/** The fields at the places that they have in a whole row, the others being NULL. */
function tombstoneFields(page: RowPage, row: number, { columns, tombstoneColumns }: TupleForm): Buffer {
  const fields: Buffer[] = Array.from({ length: columns }, () => nullField);
  let at = page.offsets[row]! + countBytes;
  for (const column of tombstoneColumns) {
    const end = at + 4 + Math.max(0, page.rows.readInt32BE(at));
    fields[column] = page.rows.subarray(at, end);
    at = end;
  }
  return Buffer.concat(fields);
}

function tailBytes({ hasTombstones }: TupleForm): number {
  return hasTombstones ? 13 : 8;
}

function writeCount(buffer: Buffer, at: number, { columns, hasTombstones }: TupleForm): number {
  return buffer.writeInt16BE(columns + (hasTombstones ? 2 : 1), at);
}

function writeTail(buffer: Buffer, start: number, ordinal: number, page: RowPage, form: TupleForm): number {
  const at = buffer.writeInt32BE(ordinal, buffer.writeInt32BE(4, start));
  if (!form.hasTombstones) return at;
  return buffer.writeInt8(Number(page.isTombstones), buffer.writeInt32BE(1, at));
}

function countOf(form: TupleForm): Buffer {
  const buffer = Buffer.alloc(countBytes);
  writeCount(buffer, 0, form);
  return buffer;
}

function tailOf(ordinal: number, page: RowPage, form: TupleForm): Buffer {
  const buffer = Buffer.alloc(tailBytes(form));
  writeTail(buffer, 0, ordinal, page, form);
  return buffer;
}
