import type { Connection } from "./connection.js";

/** What is kept of the imports of one scope. */
export type StateName = "mapping" | "checkpoint" | "last" | "created" | `finished:${string}`;

const table = "plimsoll_state";

/**
 * What imports keep beside the tables, in one of Plimsoll's own: a name and a text each. Tables that imports
 * make are one scope; each table that was there before is another, so that one knows nothing of the next.
 */
export class StateTable {
  readonly #connection: Connection;
  readonly #scope: string | null;

  constructor(connection: Connection, scope: string | null) {
    this.#connection = connection;
    this.#scope = scope;
  }

  make(): void {
    this.#connection.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID`,
    );
  }

  read(name: StateName): string | null {
    const sql = `SELECT value FROM ${table} WHERE name = ?`;
    const row = this.#connection.get(sql, [scopedName(this.#scope, name)]);
    return (row as { value: string } | undefined)?.value ?? null;
  }

  /** Null takes the entry out. */
  write(name: StateName, value: string | null): void {
    const scoped = scopedName(this.#scope, name);
    if (value === null) this.#connection.run(`DELETE FROM ${table} WHERE name = ?`, [scoped]);
    else this.#connection.run(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`, [scoped, value]);
  }
}

/** Tables are called the same whatever their case. */
export function scopedName(scope: string | null, name: StateName): string {
  return scope === null ? name : `${name}#${scope.toLowerCase()}`;
}
