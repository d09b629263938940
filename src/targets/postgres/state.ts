import type { Connection } from "./connection.js";

/**
 * What imports keep beside their tables: a row a fact, in the database's one table `plimsoll_state`. The scope is
 * empty for tables made from a mapping, and otherwise the name of the table that was there before.
 */
export class StateTable {
  readonly #connection: Connection;
  readonly #scope: string;

  constructor(connection: Connection, scope: string) {
    this.#connection = connection;
    this.#scope = scope;
  }

  async make(): Promise<void> {
    await this.#connection.run(
      `CREATE TABLE IF NOT EXISTS plimsoll_state (
         scope text NOT NULL, name text NOT NULL, value text NOT NULL, PRIMARY KEY (scope, name))`,
    );
  }

  async read(name: string): Promise<string | null> {
    const sql = "SELECT value FROM plimsoll_state WHERE scope = $1 AND name = $2";
    const rows = await this.#connection.rows<{ value: string }>(sql, [this.#scope, name]);
    return rows[0]?.value ?? null;
  }

  async write(name: string, value: string): Promise<void> {
    await this.#connection.run(
      `INSERT INTO plimsoll_state (scope, name, value) VALUES ($1, $2, $3)
       ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value`,
      [this.#scope, name, value],
    );
  }

  async remove(name: string): Promise<void> {
    const sql = "DELETE FROM plimsoll_state WHERE scope = $1 AND name = $2";
    await this.#connection.run(sql, [this.#scope, name]);
  }
}
