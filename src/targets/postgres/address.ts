import type { ClientConfig } from "pg";
import { parse } from "pg-connection-string";
import pgpass, { type PasswordQuestion } from "pgpass";
import {
  databaseConnectSecondsMax,
  databaseKeepAliveSeconds,
  PlimsollError,
  shownAddress,
} from "../../kernel/index.js";

/** Where a PostgreSQL target is, taken apart. */
export interface PostgresAddress {
  /** The address without its password: for messages, the report and all that is kept. */
  name: string;
  /** The database, for messages. */
  database: string;
  /** The table that stands behind `#`, as written; null when tables are made from the mapping. */
  table: string | null;
  config: ClientConfig;
  /** Whether a server that speaks no TLS is spoken to without it. */
  mayBePlain: boolean;
}

/** Modes in which TLS is spoken if the server does. */
const lenientModes = new Set(["prefer", "allow"]);

/** Reads `postgres://USER@HOST:PORT/DATABASE#TABLE`; what it leaves out comes from libpq's variables. */
export function parsePostgresAddress(text: string): PostgresAddress {
  const name = shownAddress(text);
  if (name === null) {
    // The text is left out: it may hold a password.
    const what =
      "a target of PostgreSQL takes an address that can be read: postgres://USER@HOST:PORT/DATABASE";
    throw new PlimsollError("USAGE", { what, command: "import" });
  }
  const url = new URL(text);
  const table = decodeURIComponent(url.hash.slice(1));
  url.hash = "";
  // Modes of TLS mean what they mean to psql.
  const mode = url.searchParams.get("sslmode") ?? process.env.PGSSLMODE ?? "";
  const mayBePlain = lenientModes.has(mode);
  if (mode !== "") {
    url.searchParams.set("sslmode", mayBePlain ? "prefer" : mode);
    url.searchParams.set("uselibpqcompat", "true");
  }
  const { user, password, host, port, database, ssl, options } = parse(url.href);
  const databaseName = database || process.env.PGDATABASE || user || process.env.PGUSER || "postgres";
  return {
    name,
    database: databaseName,
    table: table === "" ? null : table,
    mayBePlain,
    config: {
      ...(user ? { user } : {}),
      password: password || process.env.PGPASSWORD || passwordOfFile,
      ...(host ? { host } : {}),
      ...(port ? { port: Number(port) } : {}),
      database: databaseName,
      ...(mode === "disable" ? { ssl: false } : {}),
      ...(ssl ? { ssl: ssl as NonNullable<ClientConfig["ssl"]> } : {}),
      ...(options ? { options } : {}),
      application_name: "plimsoll",
      connectionTimeoutMillis: databaseConnectSecondsMax * 1000,
      keepAlive: true,
      keepAliveInitialDelayMillis: databaseKeepAliveSeconds * 1000,
    },
  };
}

/**
 * What `~/.pgpass`, or the file that PGPASSFILE names, has for a connection: asked for when the server wants
 * a password and none was given. The driver hands the connection along, whatever its types say, and takes
 * what is undefined for none.
 */
function passwordOfFile(connection?: PasswordQuestion): Promise<string> {
  return new Promise((resolve) => pgpass(connection!, (password) => resolve(password as string)));
}
