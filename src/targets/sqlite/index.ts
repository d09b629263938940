import { existsSync, statSync } from "node:fs";
import type { CompiledMapping } from "../../model/index.js";
import {
  type Target,
  type TargetOpenOptions,
  type TargetSession,
  tableCapabilities,
} from "../../ports/index.js";
import { defaultDriver, type SqliteDriver } from "./driver.js";
import { SqliteSession } from "./sqlite-session.js";
import { readStoredMapping } from "./stored-mapping.js";

export type { SqliteDatabase, SqliteDriver, SqliteStatement, SqliteValue } from "./driver.js";
export { type DatabaseStats, sqliteStats } from "./read-stats.js";

export interface SqliteTargetOptions {
  /** A table that is there already; without it tables are made. */
  table?: string;
  /** Any driver with the interface of better-sqlite3, in place of the one that comes along. */
  driver?: SqliteDriver;
}

/** A database of SQLite: one file, one writer, tables by the mapping. */
export function sqliteTarget(path: string, options: SqliteTargetOptions = {}): Target {
  const { table = null } = options;
  const name = `sqlite:${path}${table === null ? "" : `#${table}`}`;
  return {
    name,
    capabilities: tableCapabilities,
    async open(openOptions: TargetOpenOptions): Promise<TargetSession> {
      const driver = options.driver ?? defaultDriver();
      return new SqliteSession({ name, path, table, driver }, openOptions);
    },
  };
}

/** The mapping that former imports have left in a database; null when there is none. */
export function sqliteMapping(path: string, driver: SqliteDriver = defaultDriver()): CompiledMapping | null {
  if (!existsSync(path) || statSync(path).size === 0) return null;
  return readStoredMapping(path, driver);
}
