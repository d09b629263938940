import { rowHeadBytesMax } from "../../kernel/index.js";
import { type RowPage, RowReader, type RowValue, type TableColumn } from "../../tables/index.js";
import type { SqliteValue } from "./driver.js";
import { LeafReader } from "./leaf-reader.js";

export interface RowRange {
  page: RowPage;
  from: number;
  to: number;
}

/** Rows of one table, page by page, each read once and in order. */
export class RowCursor {
  readonly #pages: readonly RowPage[];
  readonly #columns: readonly TableColumn[];
  #page = 0;
  #row = 0;
  #reader: RowReader | LeafReader | null = null;

  constructor(pages: readonly RowPage[], columns: readonly TableColumn[]) {
    this.#pages = pages;
    this.#columns = columns;
    this.#skipEnds();
  }

  /** The record that the next row comes of; infinity at the end. */
  get ordinal(): number {
    const page = this.#pages[this.#page];
    return page === undefined ? Number.POSITIVE_INFINITY : page.ordinals[this.#row]!;
  }

  /** How many rows of the page, this one included, come of records before `ordinal`. */
  countBefore(ordinal: number, countMax: number): number {
    const page = this.#pages[this.#page];
    if (page === undefined) return 0;
    let count = Math.min(countMax, page.count - this.#row);
    while (count > 0 && page.ordinals[this.#row + count - 1]! >= ordinal) count -= 1;
    return count;
  }

  /** The rows of the page from the next one on that come of records before `ordinal`. */
  rangeBefore(ordinal: number): RowRange | null {
    const page = this.#pages[this.#page];
    if (page === undefined) return null;
    const from = this.#row;
    return { page, from, to: from + this.countBefore(ordinal, page.count) };
  }

  /** Goes behind the rows of a range. */
  pass({ from, to }: RowRange): void {
    this.#row += to - from;
    this.#skipEnds();
  }

  /** Adds the values of the next row to a list. */
  read(into: SqliteValue[]): void {
    const page = this.#pages[this.#page]!;
    this.#reader ??= page.form === "leaf" ? new LeafReader(page) : new RowReader(page);
    const reader = this.#reader;
    reader.openRow(this.#row);
    for (const { type } of this.#columns) {
      into.push(reader instanceof LeafReader ? reader.read() : bound(reader.read(type), type));
    }
    this.#row += 1;
    this.#skipEnds();
  }

  #skipEnds(): void {
    while (this.#page < this.#pages.length && this.#row === this.#pages[this.#page]!.count) {
      this.#page += 1;
      this.#row = 0;
      this.#reader = null;
    }
  }
}

/** A number is bound as a REAL: a column that takes values as they come, or as text, would show that. */
function bound(value: RowValue, type: TableColumn["type"]): SqliteValue {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (type === "int" && typeof value === "number") return BigInt(value);
  if (type === "date" && typeof value === "number") return new Date(value).toISOString();
  return value as SqliteValue;
}

/** A row as JSON, for the line of its reject. */
export function rowHead(columns: readonly TableColumn[], values: readonly SqliteValue[]): Uint8Array {
  const members = columns.map(({ name }, at) => {
    const value = values[at] ?? null;
    return `${JSON.stringify(name)}:${typeof value === "bigint" ? value : JSON.stringify(value)}`;
  });
  return Buffer.from(`{${members.join(",")}}`).subarray(0, rowHeadBytesMax);
}
