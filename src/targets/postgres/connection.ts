import pg from "pg";
import { databaseKeepAliveSeconds, databaseLockSecondsMax } from "../../kernel/index.js";
import type { PostgresAddress } from "./address.js";
import { asConnectCondition, asDatabaseCondition } from "./conditions.js";
import { CopyIn, type TupleGroup } from "./copy-in.js";

/**
 * What the session must not inherit: limits that would end a long statement, and forms of values. The server
 * finds out that this process is gone while a statement runs, so that its locks do not outlive it.
 */
const settings: Record<string, string> = {
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  lock_timeout: `${databaseLockSecondsMax}s`,
  tcp_keepalives_idle: String(databaseKeepAliveSeconds),
  tcp_keepalives_interval: String(databaseKeepAliveSeconds),
  tcp_keepalives_count: "3",
  timezone: "UTC",
  datestyle: "ISO",
  client_min_messages: "warning",
};

/** Settings that older servers, or other systems, do not know. */
const settingsWhereKnown: Record<string, string> = {
  idle_session_timeout: "0",
  client_connection_check_interval: "2s",
  // Compiling a statement anew for each stage costs more than it saves.
  jit: "off",
};

/**
 * One connection to one database; its errors come out as the conditions that a user can mend, or as they are.
 */
export class Connection implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #name: string;
  /** Bytes handed to the server by COPY. */
  bytesCopied = 0;
  #lost: Error | null = null;

  private constructor(client: pg.Client, name: string) {
    this.#client = client;
    this.#name = name;
    // A server that goes away says so when nothing is asked of it, too; the next question tells it on.
    client.on("error", (error) => {
      this.#lost ??= error;
    });
  }

  static async open(address: PostgresAddress): Promise<Connection> {
    const { config, name, mayBePlain } = address;
    try {
      return await Connection.#connect(config, name).catch((error: unknown) => {
        if (!mayBePlain || !isWithoutTls(error)) throw error;
        return Connection.#connect({ ...config, ssl: false }, name);
      });
    } catch (error) {
      throw asConnectCondition(error, address);
    }
  }

  static async #connect(config: pg.ClientConfig, name: string): Promise<Connection> {
    const client = new pg.Client(config);
    const connection = new Connection(client, name);
    try {
      await client.connect();
      await connection.#set();
      return connection;
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
  }

  /** Rows of a statement, by column name. */
  async rows<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> {
    return (await this.#query<Row>(sql, values)).rows;
  }

  /** Carries out a statement; the answer is the number of rows that it touched. */
  async run(sql: string, values?: unknown[]): Promise<number> {
    return (await this.#query(sql, values)).rowCount ?? 0;
  }

  /**
   * Streams tuples in the binary form of COPY. What is to be done before and behind it goes along: waiting
   * for an answer costs more than a statement does.
   */
  async copyIn(
    target: string,
    groups: Iterable<TupleGroup>,
    { before = "", after = "" } = {},
  ): Promise<number> {
    this.#throwIfLost();
    const sql = `${before}COPY ${target} FROM STDIN (FORMAT binary)${after}`;
    try {
      return await this.#client.query(new CopyIn(sql, this.#counted(groups))).rows;
    } catch (error) {
      throw this.#conditionOf(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What is not committed ends with the connection; one that is lost has nothing to say goodbye to.
    await this.#client.end().catch(() => {});
  }

  *#counted(groups: Iterable<TupleGroup>): Iterable<TupleGroup> {
    for (const group of groups) {
      for (const { byteLength } of group) this.bytesCopied += byteLength;
      yield group;
    }
  }

  async #query<Row extends pg.QueryResultRow>(
    sql: string,
    values: unknown[] | undefined,
  ): Promise<pg.QueryResult<Row>> {
    this.#throwIfLost();
    try {
      return await this.#client.query<Row>(sql, values);
    } catch (error) {
      throw this.#conditionOf(error);
    }
  }

  async #set(): Promise<void> {
    const assignments = Object.entries(settings).map(([name, value]) => `SET ${name} = '${value}'`);
    await this.#client.query(assignments.join("; "));
    for (const [name, value] of Object.entries(settingsWhereKnown)) {
      await this.#client.query(`SET ${name} = '${value}'`).catch((error: unknown) => {
        if (!(error instanceof pg.DatabaseError)) throw error;
      });
    }
  }

  #throwIfLost(): void {
    if (this.#lost !== null) throw this.#conditionOf(this.#lost);
  }

  #conditionOf(error: unknown): unknown {
    return asDatabaseCondition(error, this.#name);
  }
}

/** The driver has a message for it, and no code. */
function isWithoutTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes("does not support SSL");
}
