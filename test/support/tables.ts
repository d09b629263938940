import { createRequire } from "node:module";
import type { SqliteDatabase, SqliteDriver } from "../../src/targets/sqlite/index.js";

const Driver = createRequire(import.meta.url)("libsql") as SqliteDriver;

/** Opens a database by the driver that comes along, for what a test wants to see or do in it. */
export function openDatabase(path: string): SqliteDatabase & Disposable {
  const database = new Driver(path);
  return Object.assign(database, { [Symbol.dispose]: () => void database.close() });
}

/** All rows of a query, each as the list of its values. */
export function rowsOf(database: SqliteDatabase, sql: string): unknown[][] {
  return (database.prepare(sql).all([]) as Record<string, unknown>[]).map((row) => Object.values(row));
}

/** Every table with its rows, in an order of their own: what does not depend on how they came in. */
export function canonicalDump(path: string): Record<string, string[]> {
  using database = openDatabase(path);
  const tables = rowsOf(
    database,
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'",
  )
    .map(([name]) => String(name))
    .filter((name) => name !== "plimsoll_state" && name !== "sqlite_schema");
  const dump: Record<string, string[]> = {};
  for (const table of tables.sort()) {
    const columns = rowsOf(database, `SELECT name FROM pragma_table_info('${table}')`)
      .map(([name]) => String(name))
      .filter((name) => name !== "plimsoll_row");
    const rows = rowsOf(database, `SELECT ${columns.map((name) => `"${name}"`).join(", ")} FROM "${table}"`);
    dump[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return dump;
}

/** What a database finds wrong with itself. */
export function faultsIn(path: string, fullText: readonly string[] = []): unknown[] {
  using database = openDatabase(path);
  for (const table of fullText) {
    database.exec(`INSERT INTO "${table}" ("${table}", rank) VALUES ('integrity-check', 1)`);
  }
  const integrity = rowsOf(database, "PRAGMA integrity_check").filter(([text]) => text !== "ok");
  return [...integrity, ...rowsOf(database, "PRAGMA foreign_key_check")];
}
