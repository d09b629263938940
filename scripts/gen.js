#!/usr/bin/env node
// Writes test data of any size to a file or to standard output; the same seed gives the same bytes.
import { createWriteStream } from "node:fs";
import { graphLines } from "./lib/graph.js";
import { longListLines } from "./lib/long-list.js";
import { createSigner, nostrEvents } from "./lib/nostr-events.js";
import { writeProducts } from "./lib/products.js";
import { csvRows } from "./lib/rows.js";

const help = `Usage: npm run gen -- nostr|rows --count N [--seed S] [--dup PERCENT] [--signed] [--out FILE]
       npm run gen -- graph|list --edges N [--seed S] [--out FILE]
       npm run gen -- products --count N [--seed S] [--bad N] --out FOLDER

  nostr   Nostr events, one JSON object a line: about 840 bytes and 5.3 indexable tags an event on average.
          Ids are true SHA-256 hashes; signatures are random and verify against nothing, but with --signed.
  rows    CSV with a header and 7 columns, about 100 bytes a row.
  graph   N-Triples of a question-and-answer site: users, questions, tags, answers, comments and votes as
          Stack Overflow has them, by power laws; about 110 bytes an edge.
  list    N-Triples of one predicate and, but for every 100,000th edge, one object.

  products
          The feed of a shop: CSV files of categories, products, variants, prices and stocks, with names in two
          languages, a mapping for them and the plan that loads them.

  --count N       how many events, rows or products
  --edges N       how many edges
  --seed S        a whole number; the same seed gives the same data (default 1)
  --dup PERCENT   this part of the lines repeats an earlier one (default 0)
  --bad N         so many products have a weight that is no number (default 0)
  --signed        events with true signatures, some thousands a second
  --out FILE      where to; "-" or nothing is standard output

Examples:
  npm run -s gen -- nostr --count 100000 --out events.jsonl
  npm run -s gen -- rows --count 1000000 --seed 7 --dup 2 --out rows.csv
  npm run -s gen -- nostr --count 1000000 | zstd > events.jsonl.zst
  npm run -s gen -- products --count 10000 --out feed && plimsoll import --plan feed/plan.yml
  npm run -s gen -- graph --edges 100000000 | plimsoll import - --format ntriples --into ./graph
`;

const kinds = {
  nostr: nostrEvents,
  rows: csvRows,
  graph: graphLines,
  list: longListLines,
  products: writeProducts,
};
const kindsOfEdges = ["graph", "list"];
const pieceCharsMax = 1 << 18;

class UsageError extends Error {}

function parse(args) {
  const options = { seed: 1, dup: 0, bad: 0, out: "-", isSigned: args.includes("--signed") };
  const [kind, ...rest] = args.filter((arg) => arg !== "--signed");
  if (!Object.hasOwn(kinds, kind ?? ""))
    throw new UsageError(`"${kind ?? ""}" is none of ${Object.keys(kinds).join(", ")}.`);
  const isOfEdges = kindsOfEdges.includes(kind);
  const own = { products: ["count", "seed", "bad", "out"] };
  const names = isOfEdges ? ["edges", "seed", "out"] : (own[kind] ?? ["count", "seed", "dup", "out"]);
  for (let at = 0; at < rest.length; at += 2) {
    const name = names.find((one) => rest[at] === `--${one}`);
    const value = rest[at + 1];
    if (name === undefined || value === undefined)
      throw new UsageError(`Cannot make sense of "${rest[at]}".`);
    options[name] = name === "out" ? value : numberOf(name, value);
  }
  options.count ??= options.edges;
  if (options.count === undefined) throw new UsageError(`--${isOfEdges ? "edges" : "count"} is missing.`);
  if (options.isSigned && kind !== "nostr") throw new UsageError("--signed is for nostr events.");
  if (kind === "products" && options.out === "-") throw new UsageError("--out FOLDER is missing.");
  if (options.dup > 100) throw new UsageError("--dup is a percentage.");
  return { kind, ...options };
}

function numberOf(name, value) {
  const pattern = name === "dup" ? /^\d+(\.\d+)?$/ : /^\d+$/;
  if (!pattern.test(value)) throw new UsageError(`--${name} takes a number, not "${value}".`);
  return Number(value);
}

/** Resolves when the target takes more, or never will. */
function drained(target) {
  return new Promise((resolve) => {
    const settle = () => {
      target.off("drain", settle);
      target.off("close", settle);
      resolve();
    };
    target.on("drain", settle);
    target.on("close", settle);
  });
}

async function write(options) {
  if (options.kind === "products") {
    writeProducts(options);
    return;
  }
  const target = options.out === "-" ? process.stdout : createWriteStream(options.out);
  let isOpen = true;
  target.on("error", (error) => {
    // A reader that has seen enough (head) is no failure.
    isOpen = false;
    if (error.code !== "EPIPE") {
      process.stderr.write(`Cannot write ${options.out}: ${error.message}\n`);
      process.exitCode = 1;
    }
  });
  let piece = "";
  const signer = options.isSigned ? await createSigner() : null;
  for (const line of kinds[options.kind]({ ...options, signer })) {
    piece += line;
    piece += "\n";
    if (piece.length < pieceCharsMax) continue;
    if (!target.write(piece)) await drained(target);
    piece = "";
    if (!isOpen) return;
  }
  if (target === process.stdout) target.write(piece);
  else target.end(piece);
}

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  process.stdout.write(help);
} else {
  try {
    await write(parse(args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${help}`);
    process.exitCode = 2;
  }
}
