import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import pg from "pg";
import { postgresPrograms } from "../../scripts/postgres.js";
import { projectFile } from "./cli.js";

/** Why tests that need a server are skipped here; null when they are not. */
export const postgresMissing =
  postgresPrograms() === null ? "no PostgreSQL server is installed here (apt-get install postgresql)" : null;

/** A server of a test file's own, which ends with the process that started it, even when that is killed. */
export interface PostgresServer extends AsyncDisposable {
  /** A new and empty database's URL. */
  database(): Promise<string>;
  /** Takes the server down as a loss of power would; `start` brings it back at the same address. */
  crash(): Promise<void>;
  start(): Promise<void>;
}

export async function startPostgres(): Promise<PostgresServer> {
  // Apart from this process's group, so that what kills the group leaves it time to clean up.
  const child = spawn(process.execPath, [projectFile("scripts/postgres.js")], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  child.stdin.on("error", () => {});
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the PostgreSQL server has not started");
    return (JSON.parse(value) as { url: string }).url;
  };
  const say = async (word: string) => {
    child.stdin.write(`${word}\n`);
    await answer();
  };
  const url = await answer();
  let databases = 0;
  return {
    database: async () => {
      const name = `test_${++databases}`;
      await ask(url, `CREATE DATABASE ${name}`);
      return url.replace(/postgres$/, name);
    },
    crash: () => say("crash"),
    start: () => say("start"),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

/** The rows of one question, asked on a connection of its own. */
export async function ask<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url);
  // A server that goes away ends the question with an error; the connection's own tells nothing more.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
