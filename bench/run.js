#!/usr/bin/env node
// Measures Plimsoll by its real command line: `npm run bench -- nostr`. See `npm run bench -- --help`.
import { machineFacts } from "./lib/machine.js";
import { cacheFolder } from "./lib/project.js";
import { renderReport } from "./lib/report.js";
import { writeResult } from "./lib/results.js";
import { parseSize } from "./lib/sizes.js";
import { tableOf, textTable } from "./lib/tables.js";

const cases = [
  "nostr",
  "http",
  "archive",
  "rows",
  "tables",
  "decode",
  "query",
  "live",
  "relay",
  "plan",
  "verify-signatures",
  "codec",
  "graph",
  "longlist",
  "lists",
  "edges",
  "comics",
  "snapshots",
  "peers",
];
const help = `Usage: npm run bench -- CASE... [--count N] [--memory SIZE] [--runs N] [--seconds N] [--all]

  nostr    nostr events into the embedded store, 256 MiB and 128 MiB
  http     the same by POST /api/import, raw, multipart and gzip, beside the command line
  archive  2,160,000 nostr events by the command line and by POST /api/import
  rows     CSV rows into the embedded store, 128 MiB
  tables   CSV rows into SQLite, beside sqlite3 and sqlite-utils where they are installed; a library by chunks
  decode   decoding alone: JSON.parse against the null: target
  query    latency of nostr filters on a loaded store
  live     events written one by one to a running server (default 600 seconds)
  relay    signed events by WebSocket to a running server (default 30 seconds)
  plan     what a plan estimates against what imports of many shapes take
  verify-signatures  nostr events with and without --verify, by one thread and by two (default 200,000)
  codec    posting lists beside roaring bitmaps
  graph    RDF: all versions of schema.org (when PLIMSOLL_TEST_DATA has them) and generated graphs, beside peers
  longlist one list of 100,000,000 ids at 128 MiB, loaded and queried
  lists    edges written live into one list of 1,000 to 10,000,000 ids, and asked for beside that
  edges    edges written live into one list, and into 100,000 as a power law has them (default 600 seconds)
  comics   a library of comics, for the first time and again (default 10,000)
  snapshots  databases published and merged: 3, 10 and 30 instances of 600,000 records, 3 of 6 and 20 million;
           with --count 3, 10 and 30 of that many; with --all 3, 10 and 30 of 6 million too, which takes
           6.2 GiB of disk for a time and some 20 minutes more
  peers    DuckDB (when installed) on the rows, strfry (when STRFRY names it) on the events
  report   writes docs/benchmarks.md from bench/results

  --count N       records, edges or ids (default 1,000,000)
  --memory SIZE   the only line to use, as 256MiB
  --all           of snapshots, 10 and 30 instances of 6 million records as well
  --seconds N     how long live, relay, and each of lists and of edges go on
  --runs N        each import so often; the median stands for all (default 1)

Inputs are made once, in PLIMSOLL_BENCH_DIR (default: plimsoll-bench in the folder for temporary files).
Results go to bench/results, or to PLIMSOLL_BENCH_RESULTS for a try that is not to be kept.
Imports run without and, where a memory cgroup can be made, inside one of the size of the line.
`;

class UsageError extends Error {}

function parse(args) {
  const options = { names: [], runs: 1 };
  for (let at = 0; at < args.length; at++) {
    if (args[at] === "--all") {
      options.all = true;
      continue;
    }
    const name = /^--(count|runs|memory|seconds)$/.exec(args[at])?.[1];
    if (name === undefined) {
      if (![...cases, "report"].includes(args[at])) throw new UsageError(`"${args[at]}" is no bench.`);
      options.names.push(args[at]);
      continue;
    }
    const value = args[++at] ?? "";
    if (name === "memory") parseSize(value);
    else if (!/^[1-9]\d*$/.test(value)) throw new UsageError(`--${name} takes a whole number from 1.`);
    options[name] = name === "memory" ? value : Number(value);
  }
  if (options.names.length === 0) throw new UsageError("No bench is named.");
  return options;
}

async function runCase(name, { names: _names, ...options }) {
  const machine = machineFacts(cacheFolder());
  const given = Object.entries(options).filter(([key, value]) => !(key === "runs" && value === 1));
  const words = given.flatMap(([key, value]) =>
    value === true ? [`--${key}`] : [`--${key}`, String(value)],
  );
  const { run } = await import(`./cases/${name}.js`);
  const found = await run(options);
  if (found === null) return true;
  const result = { name, command: ["npm run bench --", name, ...words].join(" "), machine, ...found };
  const files = writeResult(result);
  process.stdout.write(`\n${result.what}\n\n${textTable(tableOf(result))}\n${files.join("\n")}\n`);
  return result.runs.every((one) => one.state !== "failed");
}

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  process.stdout.write(help);
} else {
  try {
    const options = parse(args);
    for (const name of options.names) {
      const isGood = name === "report" ? renderReport() : await runCase(name, options);
      if (!isGood) process.exitCode = 1;
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${help}`);
    process.exitCode = 2;
  }
}
