#!/usr/bin/env node
// Writes test data of any size to a file or to standard output; the same seed gives the same bytes.
import { createWriteStream } from "node:fs";
import { makeLibrary } from "./lib/comics.js";
import { graphLines } from "./lib/graph.js";
import { longListLines } from "./lib/long-list.js";
import { createSigner, nostrEvents } from "./lib/nostr-events.js";
import { makePowerDns } from "./lib/powerdns.js";
import { writeProducts } from "./lib/products.js";
import { csvRows } from "./lib/rows.js";

const help = `Usage: npm run gen -- nostr|rows --count N [--seed S] [--dup PERCENT] [--signed] [--out FILE]
       npm run gen -- graph|list --edges N [--seed S] [--out FILE]
       npm run gen -- products --count N [--seed S] [--bad N] --out FOLDER
       npm run gen -- powerdns --domains N --out DIR [--instances M] [--seed S]
       npm run gen -- comics --count N --out DIR [--seed S] [--broken PERCENT] [--moved PERCENT] [--changed PERCENT]

  nostr   Nostr events, one JSON object a line: about 840 bytes and 5.3 indexable tags an event on average.
          Ids are true SHA-256 hashes; signatures are random and verify against nothing, but with --signed.
  rows    CSV with a header and 7 columns, about 100 bytes a row.
  graph   N-Triples of a question-and-answer site: users, questions, tags, answers, comments and votes as
          Stack Overflow has them, by power laws; about 110 bytes an edge.
  list    N-Triples of one predicate and, but for every 100,000th edge, one object.

  products
          The feed of a shop: CSV files of categories, products, variants, prices and stocks, with names in two
          languages, a mapping for them and the plan that loads them.
  powerdns
          LMDB databases as PowerDNS keeps them, six records a domain, with headers as the native schema has them:
          one folder an instance, which differ by what each has changed since, by a clock of its own.
  comics  A library of small archives (CBZ, now and then CBT) with metadata in all forms, missing and mistyped
          values among them. Made again in the same folder it leaves alone what is there.

  --count N       how many events, rows, products or comics
  --edges N       how many edges
  --domains N     how many domains
  --instances M   how many instances (default 1)
  --seed S        a whole number; the same seed gives the same data (default 1)
  --dup PERCENT   this part of the lines repeats an earlier one (default 0)
  --bad N         so many products have a weight that is no number (default 0)
  --signed        events with true signatures, some thousands a second
  --broken PERCENT   this part of the archives cannot be read: cut off, encrypted, bombs and so on
  --moved PERCENT    this part of a library that is there is renamed
  --changed PERCENT  this part of a library that is there gets other metadata
  --out FILE      where to; "-" or nothing is standard output; for comics a folder

Examples:
  npm run -s gen -- nostr --count 100000 --out events.jsonl
  npm run -s gen -- rows --count 1000000 --seed 7 --dup 2 --out rows.csv
  npm run -s gen -- nostr --count 1000000 | zstd > events.jsonl.zst
  npm run -s gen -- products --count 10000 --out feed && plimsoll import --plan feed/plan.yml
  npm run -s gen -- comics --count 1000 --out library
  npm run -s gen -- powerdns --domains 100000 --instances 3 --out dns
  npm run -s gen -- graph --edges 100000000 | plimsoll import - --format ntriples --into ./graph
`;

const kinds = {
  nostr: nostrEvents,
  rows: csvRows,
  graph: graphLines,
  list: longListLines,
  products: writeProducts,
  comics: null,
  powerdns: null,
};
const kindsOfEdges = ["graph", "list"];
const percentages = ["dup", "broken", "moved", "changed"];
const pieceCharsMax = 1 << 18;

class UsageError extends Error {}

function parse(args) {
  const options = { seed: 1, dup: 0, bad: 0, out: "-", isSigned: args.includes("--signed") };
  const [kind, ...rest] = args.filter((arg) => arg !== "--signed");
  if (!Object.hasOwn(kinds, kind ?? ""))
    throw new UsageError(`"${kind ?? ""}" is none of ${Object.keys(kinds).join(", ")}.`);
  const countName = kindsOfEdges.includes(kind) ? "edges" : kind === "powerdns" ? "domains" : "count";
  const names = namesOf(kind);
  for (let at = 0; at < rest.length; at += 2) {
    const name = names.find((one) => rest[at] === `--${one}`);
    const value = rest[at + 1];
    if (name === undefined || value === undefined)
      throw new UsageError(`Cannot make sense of "${rest[at]}".`);
    options[name] = name === "out" ? value : numberOf(name, value);
  }
  options.count ??= options.edges ?? options.domains;
  if (options.count === undefined) throw new UsageError(`--${countName} is missing.`);
  if (options.isSigned && kind !== "nostr") throw new UsageError("--signed is for nostr events.");
  for (const name of percentages) {
    if (options[name] > 100) throw new UsageError(`--${name} is a percentage.`);
  }
  if (kind === "products" && options.out === "-") throw new UsageError("--out FOLDER is missing.");
  if (["comics", "powerdns"].includes(kind) && options.out === "-")
    throw new UsageError("--out DIR is missing.");
  return { kind, ...options };
}

function namesOf(kind) {
  if (kindsOfEdges.includes(kind)) return ["edges", "seed", "out"];
  if (kind === "powerdns") return ["domains", "instances", "seed", "out"];
  if (kind === "products") return ["count", "seed", "bad", "out"];
  return kind === "comics"
    ? ["count", "seed", "out", "broken", "moved", "changed"]
    : ["count", "seed", "dup", "out"];
}

function numberOf(name, value) {
  const pattern = percentages.includes(name) ? /^\d+(\.\d+)?$/ : /^\d+$/;
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
    const options = parse(args);
    if (options.kind === "powerdns") {
      const { count: domains, instances = 1, seed, out: dir } = options;
      process.stdout.write(`${JSON.stringify(await makePowerDns({ domains, instances, seed, dir }))}\n`);
    } else if (options.kind === "comics") process.stdout.write(`${JSON.stringify(makeLibrary(options))}\n`);
    else await write(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${help}`);
    process.exitCode = 2;
  }
}
