import { assert, sqliteBlockRowsMax, sqliteBoundValuesMax } from "../../kernel/index.js";
import {
  type EntityTable,
  keyColumns,
  type ListTable,
  type TablePlan,
  tombstoneColumns,
} from "../../tables/index.js";
import type { Connection } from "./connection.js";
import { quoted, type SqliteValue } from "./driver.js";
import { deletionsName, names, remembersDeletions } from "./schema.js";
import { type StagedRows, stagedRows } from "./staging.js";

/** The statements that write one entity's table and its lists: for so many rows at once, or for one. */
export class EntityStatements {
  readonly table: EntityTable;
  readonly lists: readonly ListTable[];
  readonly blockSizes: readonly number[];
  readonly #listBlockSizes: readonly number[][];
  readonly #connection: Connection;
  /** The connection finds a statement by its text, and a text that is made anew is read whole for that. */
  readonly #texts = new Map<string, string>();

  constructor(connection: Connection, table: EntityTable, plan: TablePlan) {
    this.#connection = connection;
    this.table = table;
    this.lists = table.lists.map((number) => plan.tables[number] as ListTable);
    this.blockSizes = blockSizes(table.columns.length);
    this.#listBlockSizes = this.lists.map((list) => blockSizes(list.columns.length));
  }

  /** Prepares what needs a unique key: a table without one shows it here. */
  prepare(): void {
    if (this.table.key.length > 0) this.#connection.statement(this.#insertSql(1));
  }

  /** Rows of the block that are new; those whose key is there already are left out. */
  insert(values: readonly SqliteValue[], rows: number): number {
    return this.#connection.run(this.#insertSql(rows), values);
  }

  /** Rows of the block that were written over what is there, or are new. */
  upsert(values: readonly SqliteValue[], rows: number): number {
    const sql = this.#text(`upsert ${rows}`, () => insertInto(this.table, rows) + this.#upsertEnding());
    return this.#connection.run(sql, values);
  }

  /** The same two of rows that are staged, and those of their lists. */
  insertStaged(rows: StagedRows): number {
    const sql = this.#text("insert staged", () => insertStaged(this.table) + this.#insertEnding());
    return this.#connection.run(sql, boundsOf(rows));
  }

  upsertStaged(rows: StagedRows): number {
    const sql = this.#text("upsert staged", () => insertStaged(this.table) + this.#upsertEnding());
    return this.#connection.run(sql, boundsOf(rows));
  }

  insertStagedList(list: ListTable, rows: StagedRows): void {
    const sql = this.#text(`insert staged ${list.name}`, () => insertStaged(list));
    this.#connection.run(sql, boundsOf(rows));
  }

  /** Whether the row of the key has the version that the values have. */
  isSameVersion(values: readonly SqliteValue[]): boolean {
    const { table } = this;
    const sql = this.#text("same version", () => {
      const version = quoted(table.columns[table.version!]!.name);
      return `SELECT 1 FROM ${quoted(table.name)} WHERE ${this.#keyIs()} AND ${version} IS ?`;
    });
    return this.#connection.get(sql, [...this.keyOf(values), values[table.version!]!]) !== undefined;
  }

  keyOf(values: readonly SqliteValue[]): SqliteValue[] {
    return this.table.key.map((at) => values[at]!);
  }

  insertList(list: ListTable, values: readonly SqliteValue[]): void {
    const width = list.columns.length;
    const sizes = this.#listBlockSizes[this.lists.indexOf(list)]!;
    for (let at = 0; at < values.length; ) {
      const left = (values.length - at) / width;
      const rows = sizes.find((size) => size <= left)!;
      this.#connection.run(insertInto(list, rows), values.slice(at, at + rows * width));
      at += rows * width;
    }
  }

  /** Takes out all values of a record's lists. */
  clearLists(key: readonly SqliteValue[]): void {
    for (const list of this.lists) {
      const sql = this.#text(`clear ${list.name}`, () => {
        const own = keyColumns(list).slice(0, -1);
        const where = own.map((at) => `${quoted(list.columns[at]!.name)} = ?`);
        return `DELETE FROM ${quoted(list.name)} WHERE ${where.join(" AND ")}`;
      });
      this.#connection.run(sql, key);
    }
  }

  /** Takes out the record of a tombstone, unless it is newer; gives how many there were. */
  delete(tombstone: readonly SqliteValue[]): number {
    const { table } = this;
    const { key, version, columns } = table;
    const own = tombstoneColumns(table);
    const keyValues = key.map((at) => tombstone[own.indexOf(at)]!);
    const versionValue = version === null ? null : tombstone[own.indexOf(version)]!;
    const from = `DELETE FROM ${quoted(table.name)} WHERE ${this.#keyIs()}`;
    if (version === null || versionValue === null) return this.#connection.run(from, keyValues);
    const name = quoted(columns[version]!.name);
    const older = ` AND (${name} IS NULL OR ${name} <= ?)`;
    return this.#connection.run(from + older, [...keyValues, versionValue]);
  }

  /** Whether any deletion is remembered, that may decide about records. */
  hasDeletions(): boolean {
    if (!remembersDeletions(this.table)) return false;
    const sql = this.#text("deletions", () => `SELECT 1 FROM ${quoted(deletionsName(this.table))} LIMIT 1`);
    return this.#connection.get(sql) !== undefined;
  }

  /** Notes how new a deletion was, for records that come after it. */
  noteDeletion(tombstone: readonly SqliteValue[]): void {
    const { table } = this;
    const own = tombstoneColumns(table);
    const version = table.version!;
    if (tombstone[own.indexOf(version)] === null) return;
    const name = quoted(table.columns[version]!.name);
    const into = `INSERT INTO ${quoted(deletionsName(table))} (${names(table.columns, own)})`;
    const newer = `DO UPDATE SET ${name} = excluded.${name} WHERE excluded.${name} > ${name}`;
    const sql = `${into} VALUES (${marks(own.length)}) ON CONFLICT (${this.#key()}) ${newer}`;
    this.#connection.run(sql, tombstone);
  }

  /** Whether a deletion that is noted takes this record out. */
  isDeleted(values: readonly SqliteValue[]): boolean {
    const { table } = this;
    const sql = this.#text("deleted", () => {
      const name = quoted(table.columns[table.version!]!.name);
      const isNewer = `(? IS NULL OR ${name} >= ?)`;
      return `SELECT 1 FROM ${quoted(deletionsName(table))} WHERE ${this.#keyIs()} AND ${isNewer}`;
    });
    const version = values[table.version!]!;
    return this.#connection.get(sql, [...this.keyOf(values), version, version]) !== undefined;
  }

  #insertSql(rows: number): string {
    return this.#text(`insert ${rows}`, () => insertInto(this.table, rows) + this.#insertEnding());
  }

  #text(name: string, make: () => string): string {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const text = make();
    this.#texts.set(name, text);
    return text;
  }

  #insertEnding(): string {
    return this.table.key.length === 0 ? "" : ` ON CONFLICT (${this.#key()}) DO NOTHING`;
  }

  #upsertEnding(): string {
    const { columns, key, version } = this.table;
    const others = [...columns.keys()].filter((at) => !key.includes(at));
    const set = (others.length > 0 ? others : key).map((at) => {
      const name = quoted(columns[at]!.name);
      return `${name} = excluded.${name}`;
    });
    const where = version === null ? "" : ` WHERE ${this.#isNewer("excluded")}`;
    return ` ON CONFLICT (${this.#key()}) DO UPDATE SET ${set.join(", ")}${where}`;
  }

  #key(): string {
    return names(this.table.columns, this.table.key);
  }

  #keyIs(): string {
    const { columns, key } = this.table;
    return key.map((at) => `${quoted(columns[at]!.name)} = ?`).join(" AND ");
  }

  /** A record without a version is older than any that has one. */
  #isNewer(from: string): string {
    const { table } = this;
    const name = quoted(table.columns[table.version!]!.name);
    const [there, here] = [`${quoted(table.name)}.${name}`, `${from}.${name}`];
    return `${here} > ${there} OR (${there} IS NULL AND ${here} IS NOT NULL)`;
  }
}

/** Rows of one statement, largest first: any number is made of few statements. */
function blockSizes(columns: number): number[] {
  assert(columns > 0, "a table has columns");
  const largest = Math.max(1, Math.min(sqliteBlockRowsMax, Math.floor(sqliteBoundValuesMax / columns)));
  return [...new Set([largest, Math.ceil(largest / 8), 1])];
}

const texts = new WeakMap<EntityTable | ListTable, Map<number, string>>();

function insertInto(table: EntityTable | ListTable, rows: number): string {
  const known = texts.get(table) ?? new Map<number, string>();
  texts.set(table, known);
  let text = known.get(rows);
  if (text === undefined) {
    const row = `(${marks(table.columns.length)})`;
    const all = names(table.columns, [...table.columns.keys()]);
    text = `INSERT INTO ${quoted(table.name)} (${all}) VALUES ${Array(rows).fill(row).join(", ")}`;
    known.set(rows, text);
  }
  return text;
}

function insertStaged(table: EntityTable | ListTable): string {
  const all = names(table.columns, [...table.columns.keys()]);
  return `INSERT INTO ${quoted(table.name)} (${all}) ${stagedRows(table.number, table.columns.length)}`;
}

function boundsOf({ first, count }: StagedRows): number[] {
  return [first, first + count - 1];
}

function marks(count: number): string {
  return Array(count).fill("?").join(", ");
}
