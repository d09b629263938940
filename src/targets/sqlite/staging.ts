import { sqlitePageBytes } from "../../kernel/index.js";
import { leafCells, type RowPage, type TableColumn, type TablePlan } from "../../tables/index.js";
import type { Connection } from "./connection.js";
import { readValue } from "./driver.js";
import { PageImage } from "./page-image.js";

/**
 * Rows of a table that are staged, the numbers of the first and the last being bound, for statements that
 * copy them over.
 */
export function stagedRows(table: number, columns: number): string {
  const names = Array.from({ length: columns }, (_, at) => `c${at}`).join(", ");
  return `SELECT ${names} FROM staging.t${table} WHERE rowid BETWEEN ? AND ?`;
}

/** Rows that are staged, by their numbers. */
export interface StagedRows {
  first: number;
  count: number;
}

/**
 * A database in memory beside the one that is written, in which rows are laid down by the page: one statement
 * then copies them over, by the database's own code and rules. What is in it counts for nothing.
 */
export class Staging {
  readonly #connection: Connection;
  /** By the number of a table: the page that is all of it, and what it is built in. */
  readonly #places: { root: number; image: PageImage }[] = [];

  private constructor(connection: Connection, plan: TablePlan) {
    this.#connection = connection;
    connection.exec("ATTACH ':memory:' AS staging");
    connection.exec(`PRAGMA staging.page_size = ${sqlitePageBytes}`);
    for (const { number, columns } of plan.tables) {
      const root = this.#makeTable(number, columns);
      this.#places.push({ root, image: new PageImage(columns.map(({ type }) => type)) });
    }
  }

  /** Null where the driver's SQLite has no access to pages, or texts are not UTF-8. */
  static open(connection: Connection, plan: TablePlan): Staging | null {
    try {
      readValue(connection.database, "SELECT count(*) FROM sqlite_dbpage WHERE pgno = 1");
    } catch {
      return null;
    }
    if (readValue(connection.database, "PRAGMA encoding") !== "UTF-8") return null;
    return new Staging(connection, plan);
  }

  /**
   * Lays rows [from, to) of a page down, or as many of them as there is room for. A leaf goes in as it is.
   */
  put(page: RowPage, from: number, to: number): StagedRows {
    const { root, image } = this.#places[page.table]!;
    if (page.form === "leaf") {
      this.#lay(root, page.rows);
      return { first: from + 1, count: to - from };
    }
    const count = image.build(page, from, to);
    if (count > 0) this.#lay(root, image.bytes);
    return { first: 1, count };
  }

  #lay(root: number, leaf: Buffer): void {
    const sql = "UPDATE sqlite_dbpage SET data = ? WHERE pgno = ? AND schema = 'staging'";
    this.#connection.run(sql, [leaf, root]);
  }

  /** A table whose one page has as many cells as an image has. */
  #makeTable(number: number, columns: readonly TableColumn[]): number {
    const names = columns.map((_, at) => `c${at}`).join(", ");
    this.#connection.exec(`CREATE TABLE staging.t${number} (${names})`);
    const cells = leafCells(columns.length);
    const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ${cells})`;
    this.#connection.exec(`INSERT INTO staging.t${number} (rowid) ${numbers} SELECT i FROM n`);
    const root = `SELECT rootpage FROM staging.sqlite_master WHERE name = 't${number}'`;
    return Number(readValue(this.#connection.database, root));
  }
}
