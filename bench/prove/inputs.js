// The inputs of the proof: what they are, how many records, how they are imported, and what must be in the store then.
import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import * as records from "../../scripts/lib/line-records.js";
import { nostrEvents } from "../../scripts/lib/nostr-events.js";
import { csvRows } from "../../scripts/lib/rows.js";
import { cacheFolder } from "../lib/project.js";

const pieceCharsMax = 1 << 18;

const views = ["--entity", "View", "--key", "id", "--index", "user,kind", "--range", "at"];
const wideNames = records.wideColumns.slice(1, 21);
const wideIndexes = wideNames.filter((name) => name.startsWith("w")).join(",");
const wideRanges = wideNames.filter((name) => !name.startsWith("w")).join(",");

/** All different, and each of these indexes holds each record once. */
function eachOnce(...fields) {
  return (count) => ({
    stored: count,
    postings: Object.fromEntries(fields.map((field) => [field, count])),
  });
}

/**
 * `counts` are records in the full and in the short form; `expected` says how many records with different keys there
 * are and how many entries an index has. `file` names the file where two inputs share one.
 */
export const inputs = [
  {
    name: "small",
    title: "small records, 100 B",
    counts: { full: 3_000_000, short: 150_000 },
    extension: "jsonl",
    lines: records.smallRecords,
    flags: views,
    expected: eachOnce("user", "kind"),
  },
  {
    name: "large",
    title: "1 MB records",
    counts: { full: 300, short: 40 },
    extension: "jsonl",
    lines: records.largeRecords,
    flags: views,
    expected: eachOnce("user", "kind"),
  },
  {
    name: "alternating",
    title: "100 B and 1 MB in turn",
    counts: { full: 600, short: 80 },
    extension: "jsonl",
    lines: records.alternatingRecords,
    flags: views,
    expected: eachOnce("user", "kind"),
  },
  {
    name: "duplicates",
    title: "nine of ten keys repeated",
    counts: { full: 2_000_000, short: 150_000 },
    extension: "jsonl",
    lines: records.repeatedRecords,
    flags: [
      ...["--entity", "Price", "--key", "sku", "--index", "shop", "--range", "price,version"],
      ...["--on-conflict", "newest:version"],
    ],
    expected: (count) => ({ stored: records.distinctOfRepeated(count), postings: {} }),
  },
  {
    name: "hot",
    title: "one hot term",
    counts: { full: 3_000_000, short: 150_000 },
    extension: "jsonl",
    lines: records.hotRecords,
    flags: ["--entity", "Entry", "--key", "id", "--index", "level,service", "--range", "ms"],
    expected: eachOnce("level", "service"),
  },
  {
    name: "keys",
    title: "distinct keys, in no order",
    counts: { full: 10_000_000, short: 300_000 },
    extension: "jsonl",
    lines: records.distinctRecords,
    flags: ["--entity", "Session", "--key", "session"],
    expected: eachOnce(),
  },
  {
    name: "wide",
    title: "300 columns, 20 indexed",
    counts: { full: 150_000, short: 10_000 },
    extension: "csv",
    lines: records.wideRows,
    flags: ["--entity", "Answer", "--key", "id", "--index", wideIndexes, "--range", wideRanges],
    expected: eachOnce(),
  },
  {
    name: "csv",
    title: "CSV, quoted text",
    counts: { full: 2_000_000, short: 150_000 },
    extension: "csv",
    lines: csvRows,
    flags: ["--entity", "Person", "--key", "id", "--index", "city", "--range", "age,score"],
    expected: eachOnce("city"),
  },
  {
    name: "gzip",
    title: "gzip, nostr events",
    counts: { full: 600_000, short: 30_000 },
    extension: "jsonl.gz",
    lines: nostrEvents,
    flags: ["--preset", "nostr"],
    expected: null,
  },
  {
    name: "stdin",
    title: "stdin that stalls",
    counts: { full: 1_500_000, short: 150_000 },
    file: "small",
    extension: "jsonl",
    lines: records.smallRecords,
    flags: [...views, "--format", "jsonl"],
    stalls: { full: { times: 6, secondsMax: 2 }, short: { times: 2, secondsMax: 1 } },
    expected: eachOnce("user", "kind"),
  },
  {
    name: "disk",
    title: "slow disk, nostr events",
    counts: { full: 250_000, short: 30_000 },
    file: "nostr",
    extension: "jsonl",
    lines: nostrEvents,
    flags: ["--preset", "nostr"],
    isSlowDisk: true,
    expected: null,
  },
];

/** Nostr events for the table of rate against line, and what `--long` reads. */
export const nostrInput = {
  ...inputs.find((input) => input.name === "disk"),
  name: "nostr",
  title: "nostr events, 840 B",
  counts: { full: 1_000_000, short: 50_000 },
  flags: ["--preset", "nostr"],
  isSlowDisk: false,
};

export const longInput = {
  ...inputs.find((input) => input.name === "small"),
  name: "long",
  title: "ten million small records",
  counts: { full: 10_000_000, short: 2_000_000 },
  file: "small",
};

/** The file of an input, made once; its records and bytes. */
export async function madeInput(input, form, scale = 1) {
  const count = Math.max(1, Math.round(input.counts[form] * scale));
  const path = join(cacheFolder(), `line-${input.file ?? input.name}-${count}.${input.extension}`);
  if (!existsSync(path)) {
    process.stderr.write(`Making ${count.toLocaleString("en")} of ${input.title} (once) ...\n`);
    await write(path, input.lines({ count, seed: 1 }));
  }
  return { ...input, path, count, bytes: statSync(path).size, expect: input.expected?.(count) ?? null };
}

async function write(path, lines) {
  const part = `${path}.part`;
  const source = Readable.from(pieces(lines), { objectMode: false });
  const stages = path.endsWith(".gz") ? [source, createGzip({ level: 6 })] : [source];
  try {
    await pipeline(...stages, createWriteStream(part));
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
  // What is dirty now would be written while the first import is measured.
  spawnSync("sync", [path], { stdio: "ignore" });
}

function* pieces(lines) {
  let piece = "";
  for (const line of lines) {
    piece += line;
    piece += "\n";
    if (piece.length < pieceCharsMax) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}
