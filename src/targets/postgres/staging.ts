import { tombstoneColumns } from "../../tables/index.js";
import { RowFault } from "./conditions.js";
import type { Connection } from "./connection.js";
import type { TupleGroup } from "./copy-in.js";
import type { StagedPage, TupleForm, TupleWriter } from "./staged-tuples.js";
import { columnNames, type StoredTable } from "./stored-table.js";

/** What staging tables have beside the columns of their table; names of tables and columns never begin so. */
export const ordinalColumn = "plimsoll_ordinal";
export const deletedColumn = "plimsoll_deleted";
export const roundColumn = "plimsoll_round";

/** The staging table of one table: what the chunk brings for it, in the order of the source. */
export class StagingTable {
  readonly name: string;
  readonly form: TupleForm;
  readonly #connection: Connection;
  readonly #table: StoredTable;
  /** Rows since the last `clear`. */
  rows = 0;
  hasTombstones = false;
  #isIndexed = false;

  constructor(connection: Connection, table: StoredTable) {
    this.#connection = connection;
    this.#table = table;
    this.name = `plimsoll_staged_${table.planned.number}`;
    const { planned } = table;
    const hasTombstones = planned.kind === "entity" && planned.hasTombstones;
    this.form = {
      columns: planned.columns.length,
      hasTombstones,
      tombstoneColumns: planned.kind === "entity" && hasTombstones ? tombstoneColumns(planned) : [],
    };
  }

  /** A table of this session alone, which nothing is logged of, and which is empty behind every commit. */
  async make(): Promise<void> {
    const { columns, planned } = this.#table;
    const lines = columns.map(({ name, pageType }) => `${name} ${pageType}`);
    lines.push(`${ordinalColumn} integer NOT NULL`);
    if (this.form.hasTombstones) lines.push(`${deletedColumn} boolean NOT NULL`, `${roundColumn} bigint`);
    await this.#connection.run(`CREATE TEMP TABLE ${this.name} (${lines.join(", ")}) ON COMMIT DELETE ROWS`);
    // Values of lists are looked up by their records.
    if (planned.kind === "list") await this.makeIndex();
  }

  /** For looking at parts of what is staged. */
  async makeIndex(): Promise<void> {
    if (this.#isIndexed) return;
    this.#isIndexed = true;
    await this.#connection.run(`CREATE INDEX ON ${this.name} (${ordinalColumn})`);
  }

  /**
   * Adds the rows of pages. A row whose values the server does not take is left out and told: what stands
   * before it is sent again without it, so that each row is sent twice at most.
   */
  async add(
    pages: readonly StagedPage[],
    writer: TupleWriter,
    onFault: (page: StagedPage, row: number, fault: RowFault) => void,
  ): Promise<void> {
    const total = pages.reduce((sum, { page }) => sum + page.count, 0);
    if (pages.some(({ page }) => page.isTombstones)) this.hasTombstones = true;
    for (let from = 0; from < total; ) {
      const fault = await this.#tryCopy(writer.tuples(pages, this.form, from, total));
      if (fault === null) {
        this.rows += total - from;
        return;
      }
      const bad = from + fault.row!;
      if (bad > from) await this.#copy(writer.tuples(pages, this.form, from, bad));
      this.rows += bad - from;
      const { page, row } = rowAt(pages, bad);
      onFault(page, row, fault);
      from = bad + 1;
    }
  }

  /** Takes out what records brought that are rejected. */
  async remove(ordinals: readonly number[]): Promise<void> {
    const sql = `DELETE FROM ${this.name} WHERE ${ordinalColumn} = ANY($1::integer[])`;
    this.rows -= await this.#connection.run(sql, [ordinals]);
  }

  async clear(): Promise<void> {
    if (this.rows > 0) await this.#connection.run(`TRUNCATE ${this.name}`);
    this.rows = 0;
    this.hasTombstones = false;
  }

  async #tryCopy(tuples: Iterable<TupleGroup>): Promise<RowFault | null> {
    try {
      await this.#copy(tuples, { before: "SAVEPOINT staging; ", after: "; RELEASE SAVEPOINT staging" });
      return null;
    } catch (error) {
      if (!(error instanceof RowFault) || error.row === null) throw error;
      await this.#connection.run("ROLLBACK TO SAVEPOINT staging; RELEASE SAVEPOINT staging");
      return error;
    }
  }

  async #copy(tuples: Iterable<TupleGroup>, around: { before?: string; after?: string } = {}): Promise<void> {
    const { columns } = this.#table;
    const names = [columnNames(columns), ordinalColumn, ...(this.form.hasTombstones ? [deletedColumn] : [])];
    await this.#connection.copyIn(`${this.name} (${names.join(", ")})`, tuples, around);
  }
}

function rowAt(pages: readonly StagedPage[], number: number): { page: StagedPage; row: number } {
  let passed = 0;
  for (const page of pages) {
    if (number < passed + page.page.count) return { page, row: number - passed };
    passed += page.page.count;
  }
  throw new RangeError("no such row");
}
