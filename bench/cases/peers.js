// Other programs on the same input and the same machine: only those that are already here.
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { runChild } from "../lib/measure.js";
import { cacheFolder, folderBytes, makeInput, root } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "DuckDB on the rows, strfry on the events, when they are here";

export async function run({ count = 1_000_000, memory = "128MiB" }) {
  const peers = [duckdb(), strfry()];
  const runs = [];
  for (const peer of peers) {
    if (peer.skipped !== undefined) {
      process.stderr.write(`${peer.title}: skipped, ${peer.skipped}\n`);
      continue;
    }
    process.stderr.write(`${peer.title} ...\n`);
    runs.push(await measurePeer(peer, makeInput(peer.input, count), memory));
  }
  if (runs.length === 0) return null;
  const { records, bytes } = makeInput("rows", count);
  const what =
    "Other programs; rows into DuckDB with the same key and indexes, events into strfry unverified";
  return { table: "import", what, input: { records, bytes }, runs };
}

async function measurePeer(peer, input, memory) {
  const folder = join(cacheFolder(), `peer-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  const { command, args, stdinPath, setup } = peer.make(input, folder, memory);
  setup?.();
  const stdin = stdinPath === undefined ? "ignore" : openSync(stdinPath, "r");
  const { code, signal, wallSeconds, sampler, error } = await runChild({ command, args, input, stdin });
  if (stdinPath !== undefined) closeSync(stdin);
  const storeBytes = folderBytes(folder);
  rmSync(folder, { recursive: true, force: true });
  return {
    title: peer.title,
    state: code === 0 ? "complete" : "failed",
    ...(code === 0 ? {} : { error: `${signal ?? `exit code ${code}`}: ${error.trim().slice(-200)}` }),
    lineBytes: parseSize(memory),
    cgroup: null,
    records: input.records,
    wallSeconds: Number(wallSeconds.toFixed(3)),
    recordsPerSecond: Math.round(input.records / wallSeconds),
    phases: [],
    vmHwmBytes: sampler.highWaterBytes,
    storeRatio: Number((storeBytes / input.bytes).toFixed(3)),
    spilledBytes: null,
    firstTenthRate: null,
    lastTenthRate: null,
  };
}

function duckdb() {
  const title = "DuckDB, memory_limit of the line";
  const runner = duckdbRunner();
  if (runner === null)
    return { title, skipped: "neither the Python package duckdb nor @duckdb/node-api is here" };
  const make = (input, folder, memory) => {
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
