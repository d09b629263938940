import { danglingLinksAtOnce, glanceTarget, PlimsollError, tableNameBytesMax } from "../../kernel/index.js";
import type { AfterLoad } from "../../ports/index.js";
import type { TableColumn } from "../../tables/index.js";
import { RowFault } from "./conditions.js";
import type { Connection } from "./connection.js";
import { searchColumnOf } from "./made-tables.js";
import { columnNames, isEntity, quote, type StoredList, type StoredTable } from "./stored-table.js";

interface Step {
  name: string;
  run(): Promise<AfterLoad>;
}

const keyPrefix = "plimsoll_fk_";
const done: AfterLoad = { isDone: true, danglingLinks: 0 };

/**
 * What is done once behind the load of tables that were made from a mapping: links that lead nowhere are
 * taken out, foreign keys enforced, indexes made. Each piece is a transaction, and finds out itself whether
 * it was done.
 */
export class AfterSteps {
  readonly #connection: Connection;
  readonly #tables: readonly StoredTable[];
  readonly #target: string;
  readonly #steps: readonly Step[];

  constructor(connection: Connection, tables: readonly StoredTable[], target: string) {
    this.#connection = connection;
    this.#tables = tables;
    this.#target = target;
    this.#steps = [...this.#linkSteps(), ...this.#indexSteps(), ...this.#statisticsSteps()];
  }

  get names(): string[] {
    return this.#steps.map(({ name }) => name);
  }

  /** Foreign keys stand in the way of links to what comes later: they are made anew behind the load. */
  async dropForeignKeys(): Promise<void> {
    for (const { name } of this.#tables) {
      const keys = await this.#connection.rows<{ name: string }>(
        `SELECT conname AS name FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f'
         AND starts_with(conname, '${keyPrefix}')`,
        [name],
      );
      for (const key of keys)
        await this.#connection.run(`ALTER TABLE ${name} DROP CONSTRAINT ${quote(key.name)}`);
    }
  }

  async run(name: string): Promise<AfterLoad> {
    try {
      return await this.#steps.find((step) => step.name === name)!.run();
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      throw new PlimsollError(
        "DATABASE_FAILED",
        { target: this.#target, reason: error.message },
        { cause: error },
      );
    }
  }

  #linkSteps(): Step[] {
    return this.#tables.flatMap((table) => [
      ...linkColumns(table).flatMap((column) => [
        { name: `links ${label(table, column)}`, run: () => this.#dropDangling(table, column) },
        { name: `foreign key ${label(table, column)}`, run: () => this.#enforceLink(table, column) },
      ]),
      ...(isEntity(table)
        ? []
        : [
            { name: `foreign key ${table.planned.name}`, run: () => this.#enforceOwner(table as StoredList) },
          ]),
    ]);
  }

  #indexSteps(): Step[] {
    return this.#tables.flatMap((table) => {
      const { planned } = table;
      if (planned.kind === "list") {
        if (!planned.isIndexed) return [];
        return [this.#indexStep(table, planned.columns.at(-1)!)];
      }
      const plain = planned.indexed.map((column) => this.#indexStep(table, planned.columns[column]!));
      if (planned.text.length === 0) return plain;
      const search = searchColumnOf(planned.columns);
      const run = () => this.#makeIndex(table, search, "gin");
      return [...plain, { name: `full text ${planned.name}`, run }];
    });
  }

  #statisticsSteps(): Step[] {
    return this.#tables.map((table) => ({
      name: `statistics ${table.planned.name}`,
      run: () => this.#makeStatistics(table),
    }));
  }

  /**
   * What the planner goes by: it knows nothing of a table that is new. Where the server looks at tables by
   * itself it does so thoroughly within a minute or so, and until then a glance is enough. One that names
   * columns is not taken for that look.
   */
  async #makeStatistics({ name, planned, columns }: StoredTable): Promise<AfterLoad> {
    const settings = ["autovacuum", "track_counts"].map((setting) => `current_setting('${setting}') = 'on'`);
    const sql = `SELECT ${settings.join(" AND ")} AS "looksItself"`;
    const [server] = await this.#connection.rows<{ looksItself: boolean }>(sql);
    if (server?.looksItself !== true) {
      await this.#connection.run(`ANALYZE ${name}`);
      return done;
    }
    const hasText = planned.kind === "entity" && planned.text.length > 0;
    const words = hasText ? `, ${quote(searchColumnOf(planned.columns))}` : "";
    await this.#connection.run(`SET LOCAL default_statistics_target = ${glanceTarget}`);
    await this.#connection.run(`ANALYZE ${name} (${columnNames(columns)}${words})`);
    return done;
  }

  #indexStep(table: StoredTable, column: TableColumn): Step {
    const method = column.type === "json" ? "gin" : "btree";
    return { name: `index ${label(table, column)}`, run: () => this.#makeIndex(table, column.name, method) };
  }

  /** The values of lists that lead nowhere are removed, other links emptied; so many at a time. */
  async #dropDangling(table: StoredTable, column: TableColumn): Promise<AfterLoad> {
    const link = quote(column.name);
    const { name, key } = this.#targetOf(column);
    const found = `SELECT l.ctid FROM ${table.name} l WHERE l.${link} IS NOT NULL
      AND NOT EXISTS (SELECT FROM ${name} t WHERE t.${key} = l.${link}) LIMIT ${danglingLinksAtOnce}`;
    const where = `WHERE ctid = ANY(ARRAY(${found}))`;
    const sql = isEntity(table)
      ? `UPDATE ${table.name} SET ${link} = NULL ${where}`
      : `DELETE FROM ${table.name} ${where}`;
    const danglingLinks = await this.#connection.run(sql);
    return { isDone: danglingLinks < danglingLinksAtOnce, danglingLinks };
  }

  async #enforceLink(table: StoredTable, column: TableColumn): Promise<AfterLoad> {
    const { name, key } = this.#targetOf(column);
    const sql = `FOREIGN KEY (${quote(column.name)}) REFERENCES ${name} (${key})`;
    return this.#enforce(table, `${keyPrefix}${column.name}`, sql);
  }

  async #enforceOwner(table: StoredList): Promise<AfterLoad> {
    const owner = this.#tables[table.planned.owner]!;
    const columns = columnNames(table.columns.slice(0, owner.key.length));
    const key = columnNames(owner.key.map((at) => owner.columns[at]!));
    const sql = `FOREIGN KEY (${columns}) REFERENCES ${owner.name} (${key}) ON DELETE CASCADE`;
    return this.#enforce(table, `${keyPrefix}of_${owner.planned.name}`, sql);
  }

  /** In two pieces: the second reads the table while others may write it. */
  async #enforce(table: StoredTable, longName: string, sql: string): Promise<AfterLoad> {
    const name = longName.slice(0, tableNameBytesMax);
    const [there] = await this.#connection.rows<{ valid: boolean }>(
      "SELECT convalidated AS valid FROM pg_constraint WHERE conrelid = $1::regclass AND conname = $2",
      [table.name, name],
    );
    if (there?.valid === true) return done;
    if (there !== undefined) {
      await this.#connection.run(`ALTER TABLE ${table.name} VALIDATE CONSTRAINT ${quote(name)}`);
      return done;
    }
    await this.#connection.run(`ALTER TABLE ${table.name} ADD CONSTRAINT ${quote(name)} ${sql} NOT VALID`);
    return { isDone: false, danglingLinks: 0 };
  }

  /**
   * Texts too long for a tree, of which one entry takes a third of a page at most, get an index of their
   * hashes.
   */
  async #makeIndex(table: StoredTable, column: string, method: "btree" | "gin"): Promise<AfterLoad> {
    const name = `${table.planned.name}_${column}`.slice(0, tableNameBytesMax - 4);
    const sql = (by: string) =>
      `CREATE INDEX IF NOT EXISTS ${quote(`${name}_idx`)} ON ${table.name} USING ${by} (${quote(column)})`;
    await this.#connection.run("SAVEPOINT indexing");
    try {
      await this.#connection.run(sql(method));
    } catch (error) {
      if (!(error instanceof RowFault) || method !== "btree") throw error;
      await this.#connection.run("ROLLBACK TO SAVEPOINT indexing");
      await this.#connection.run(sql("hash"));
    }
    return done;
  }

  #targetOf({ references }: TableColumn): { name: string; key: string } {
    const target = this.#tables[references!.table]!;
    return { name: target.name, key: target.columns[references!.column]!.name };
  }
}

/** Links outside of the key: those can be taken out when they lead nowhere. */
function linkColumns({ planned, key }: StoredTable): TableColumn[] {
  return planned.columns.filter(({ references }, at) => references !== null && !key.includes(at));
}

function label({ planned }: StoredTable, column: TableColumn): string {
  return `${planned.name}.${column.name}`;
}
