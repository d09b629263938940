import type { Connection } from "./connection.js";

/** What Plimsoll keeps beside the tables, in one of its own: a name and a text each. */
export type StateName = "mapping" | "checkpoint" | "last" | "created" | `finished:${string}`;

const table = "plimsoll_state";

export function createStateTable(connection: Connection): void {
  connection.exec(`CREATE TABLE IF NOT EXISTS ${table} (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID`);
}

export function readState(connection: Connection, name: StateName): string | null {
  const row = connection.get(`SELECT value FROM ${table} WHERE name = ?`, [name]);
  return (row as { value: string } | undefined)?.value ?? null;
}

/** Null takes the entry out. */
export function writeState(connection: Connection, name: StateName, value: string | null): void {
  if (value === null) connection.run(`DELETE FROM ${table} WHERE name = ?`, [name]);
  else connection.run(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`, [name, value]);
}
