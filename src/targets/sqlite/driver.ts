import { createRequire } from "node:module";
import { PlimsollError } from "../../kernel/index.js";

/** What is bound to a statement and read from one; numbers that are not safe integers are bigints or REAL. */
export type SqliteValue = null | string | number | bigint | Uint8Array;

/** The part of better-sqlite3's interface that is used: any driver of this shape may be handed in. */
export interface SqliteStatement {
  run(params: readonly SqliteValue[]): { changes: number };
  get(params: readonly SqliteValue[]): unknown;
  all(params: readonly SqliteValue[]): unknown[];
}

export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

export type SqliteDriver = new (path: string) => SqliteDatabase;

/** SQLite as it comes with Plimsoll: built for the platform by its makers, so nothing is compiled. */
export function defaultDriver(): SqliteDriver {
  try {
    return createRequire(import.meta.url)("libsql") as SqliteDriver;
  } catch (cause) {
    const reason = `its driver libsql cannot be loaded: ${cause instanceof Error ? cause.message : cause}`;
    throw new PlimsollError("DATABASE_UNUSABLE", { database: "SQLite", reason }, { cause });
  }
}

/** The first column of a query's only row. */
export function readValue(database: SqliteDatabase, sql: string, params: readonly SqliteValue[] = []) {
  const row = database.prepare(sql).get(params) as Record<string, SqliteValue> | undefined;
  return row === undefined ? undefined : Object.values(row)[0];
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
