// Other programs on the same input and the same machine: only those that are already here.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { measurePeer, presentPeers } from "../lib/peers.js";
import { makeInput, root } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "DuckDB on the rows, strfry on the events, when they are here";

export async function run({ count = 1_000_000, memory = "128MiB" }) {
  const runs = [];
  for (const peer of presentPeers([duckdb(memory), strfry()])) {
    runs.push(await measurePeer(peer, makeInput(peer.input, count), parseSize(memory)));
  }
  if (runs.length === 0) return null;
  const { records, bytes } = makeInput("rows", count);
  const what =
    "Other programs; rows into DuckDB with the same key and indexes, events into strfry unverified";
  return { table: "import", what, input: { records, bytes }, runs };
}

function duckdb(memory) {
  const title = "DuckDB, memory_limit of the line";
  const runner = duckdbRunner();
  if (runner === null)
    return { title, skipped: "neither the Python package duckdb nor @duckdb/node-api is here" };
  const make = (input, folder) => {
    const statements = [
      `SET memory_limit = '${Math.floor(parseSize(memory) / 1e6)}MB'`,
      `CREATE TABLE person AS SELECT * FROM read_csv('${input.path}', header = true)`,
      "CREATE UNIQUE INDEX person_id ON person (id)",
      "CREATE INDEX person_city ON person (city)",
      "CREATE INDEX person_age ON person (age)",
      "CHECKPOINT",
    ];
    const setup = () => mkdirSync(folder, { recursive: true });
    return { ...runner(join(folder, "rows.duckdb"), statements), setup };
  };
  return { title, input: "rows", make };
}

function duckdbRunner() {
  if (spawnSync("python3", ["-c", "import duckdb"], { stdio: "ignore" }).status === 0) {
    const script =
      "import duckdb, json, sys\nconnection = duckdb.connect(sys.argv[1])\n" +
      "for statement in json.loads(sys.argv[2]): connection.execute(statement)\n";
    return (path, statements) => ({
      command: "python3",
      args: ["-c", script, path, JSON.stringify(statements)],
    });
  }
  try {
    createRequire(import.meta.url).resolve("@duckdb/node-api");
  } catch {
    return null;
  }
  const script = join(root, "bench", "children", "duckdb-load.js");
  return (path, statements) => ({
    command: process.execPath,
    args: [script, path, JSON.stringify(statements)],
  });
}

/** The generator's signatures are random, so strfry must not verify them. */
function strfry() {
  const title = "strfry, its own memory";
  const program = process.env.STRFRY;
  if (program === undefined) return { title, skipped: "STRFRY does not name the program" };
  const make = (input, folder) => {
    const config = join(folder, "strfry.conf");
    const text = `db = "${folder}/db/"\nevents { rejectEventsOlderThanSeconds = 946080000 }\n`;
    const setup = () => {
      mkdirSync(join(folder, "db"), { recursive: true });
      writeFileSync(config, text);
    };
    return {
      command: program,
      args: [`--config=${config}`, "import", "--no-verify"],
      stdinPath: input.path,
      setup,
    };
  };
  return { title, input: "nostr", make };
}
