import type { CompiledMapping } from "../../model/index.js";
import type { PostgresAddress } from "./address.js";
import { Connection } from "./connection.js";

/**
 * What imports keep beside their tables: a row a fact, in the database's one table `plimsoll_state`. The
 * scope is empty for tables made from a mapping, and otherwise the name of the table that was there before.
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

  /**
   * Names of tables: `tables` for all that imports have made, `fresh` for those that the unfinished one made,
   * whose rows are all its own.
   */
  async readNames(list: "tables" | "fresh"): Promise<Set<string>> {
    return new Set(JSON.parse((await this.read(list)) ?? "[]") as string[]);
  }

  async writeNames(list: "tables" | "fresh", names: ReadonlySet<string>): Promise<void> {
    await this.write(list, JSON.stringify([...names]));
  }

  async remove(name: string): Promise<void> {
    const sql = "DELETE FROM plimsoll_state WHERE scope = $1 AND name = $2";
    await this.#connection.run(sql, [this.#scope, name]);
  }
}

export async function hasState(connection: Connection): Promise<boolean> {
  const sql = "SELECT to_regclass('plimsoll_state') IS NOT NULL AS there";
  const [row] = await connection.rows<{ there: boolean }>(sql);
  return row?.there === true;
}

/**
 * Read by a connection of its own, before there is a session; null too for a table that was there, which says
 * itself what it takes.
 */
export async function readStoredMapping(address: PostgresAddress): Promise<CompiledMapping | null> {
  await using connection = await Connection.open(address);
  if (address.table !== null || !(await hasState(connection))) return null;
  const text = await new StateTable(connection, "").read("mapping");
  return text === null ? null : (JSON.parse(text) as CompiledMapping);
}
