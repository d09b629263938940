// Loading rows into PostgreSQL, ours and psql's, on a server of the bench's own.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { postgresPrograms } from "../../scripts/postgres.js";
import { bin, root } from "./project.js";

const columns =
  "id bigint PRIMARY KEY, name text, city text, age bigint, score double precision, joined timestamptz, bio text";

/** Null where there is no PostgreSQL. `stop` ends the server and removes all that it holds. */
export async function startPostgres() {
  if (postgresPrograms() === null || spawnSync("psql", ["--version"]).status !== 0) return null;
  const script = join(root, "scripts/postgres.js");
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const stop = async () => {
    child.stdin.end();
    await once(child, "exit");
  };
  return { url: JSON.parse(line).url, stop };
}

export function postgresPeers(server, memory) {
  const titles = [`PostgreSQL, new table, ${memory}`, `PostgreSQL, the same again by replace, ${memory}`];
  const [newTable, again] = titles.map((title) => `plimsoll, ${title}`);
  const copy = "psql \\copy, new table with the key";
  if (server === null) {
    const skipped = "PostgreSQL is not installed";
    return [newTable, again, copy].map((title) => ({ title, skipped }));
  }
  const psql = (sql) => execFileSync("psql", [server.url, "-qc", sql], { stdio: "ignore" });
  const words = (path, folder) => [
    ...[bin, "import", path, "--into", server.url, "--entity", "Person", "--key", "id"],
    ...["--memory", memory, "--progress", "none", "--rejects", join(folder, "rejects.jsonl")],
  ];
  const empty = (folder) => {
    mkdirSync(folder, { recursive: true });
    psql("DROP TABLE IF EXISTS person, plimsoll_state");
    psql("CHECKPOINT");
  };
  return [
    {
      title: newTable,
      isOurs: true,
      make: ({ path }, folder) => ({
        command: process.execPath,
        args: words(path, folder),
        setup: () => empty(folder),
      }),
    },
    {
      title: again,
      isOurs: true,
      make: ({ path }, folder) => ({
        command: process.execPath,
        args: [...words(path, folder), "--fresh", "--on-conflict", "replace"],
        setup: () => {
          empty(folder);
          execFileSync(process.execPath, words(path, folder), { stdio: "ignore" });
        },
      }),
    },
    {
      title: copy,
      make: ({ path }, folder) => ({
        command: "psql",
        args: [server.url, "-qc", `\\copy person FROM '${path}' CSV HEADER`],
        setup: () => {
          empty(folder);
          psql(`CREATE TABLE person (${columns})`);
        },
      }),
    },
  ];
}
