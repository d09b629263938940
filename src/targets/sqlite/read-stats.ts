import { existsSync, statSync } from "node:fs";
import { PlimsollError } from "../../kernel/index.js";
import type { CompiledMapping } from "../../model/index.js";
import type { LastImport } from "../../ports/index.js";
import { planTables } from "../../tables/index.js";
import { asDatabaseCondition } from "./conditions.js";
import { defaultDriver, quoted, readValue, type SqliteDatabase } from "./driver.js";
import { scopedName } from "./state-table.js";

/** What imports have put into a database. */
export interface DatabaseStats {
  tables: { name: string; rows: number }[];
  /** Bytes of the database's file. */
  bytes: number;
  /** Whether an import is unfinished. */
  isUnfinished: boolean;
  lastImport: LastImport | null;
}

/** Counts the rows of the tables that imports have made, or of the one that they were told to load into. */
export function sqliteStats(path: string, table: string | null): DatabaseStats {
  const name = `sqlite:${path}`;
  if (!existsSync(path)) throw new PlimsollError("STORE_ABSENT", { store: name });
  const Driver = defaultDriver();
  try {
    const database = new Driver(path);
    try {
      if (!isThere(database, "plimsoll_state")) throw new PlimsollError("STORE_ABSENT", { store: name });
      const names = table === null ? tableNames(database, name) : [table];
      const last = readState(database, scopedName(table, "last"));
      return {
        tables: names.filter((one) => isThere(database, one)).map((one) => countRows(database, one)),
        bytes: statSync(path).size,
        isUnfinished: readState(database, scopedName(table, "checkpoint")) !== null,
        lastImport: last === null ? null : (JSON.parse(last) as LastImport),
      };
    } finally {
      database.close();
    }
  } catch (error) {
    throw asDatabaseCondition(error, name);
  }
}

function tableNames(database: SqliteDatabase, name: string): string[] {
  const mapping = readState(database, "mapping");
  if (mapping === null) return [];
  return planTables(JSON.parse(mapping) as CompiledMapping, name).tables.map((table) => table.name);
}

function countRows(database: SqliteDatabase, name: string) {
  return { name, rows: Number(readValue(database, `SELECT count(*) FROM ${quoted(name)}`)) };
}

function isThere(database: SqliteDatabase, table: string): boolean {
  return readValue(database, "SELECT 1 FROM sqlite_master WHERE name = ?", [table]) !== undefined;
}

function readState(database: SqliteDatabase, name: string): string | null {
  const value = readValue(database, "SELECT value FROM plimsoll_state WHERE name = ?", [name]);
  return typeof value === "string" ? value : null;
}
