#!/usr/bin/env node
// `npm start`: makes an archive, loads it under a line of 256 MiB, asks it three things, and says what to try next.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { atMostColumns, commandLines, eventLine, paint, sizeText, wait } from "./lib/demo-text.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "demo");
const archive = join(folder, "events.jsonl");
const store = join(folder, "store");
const events = 300_000;
const line = "256MiB";
const program = ["node", "bin/plimsoll.js"];
const exitInterrupted = 130;

const help = `Usage: npm start [-- --fresh]

  Makes ./demo (an archive of ${events.toLocaleString("en-US")} events and the store), loads the archive and queries it.
  --fresh   remove the store of a former run and load again
`;

class Ended extends Error {
  constructor(exitCode) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

function say(text = "") {
  process.stdout.write(`${text}\n`);
}

function heading(text) {
  say(`\n${paint.bold(text)}`);
}

/** A child of this program; `output` is "pipe" to get its stdout back, "inherit" to show it. */
async function run(args, output) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", output, "inherit"] });
  let out = "";
  child.stdout?.setEncoding("utf8").on("data", (piece) => {
    out += piece;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Ended(code ?? exitInterrupted);
  return out;
}

async function plimsoll(words, output) {
  for (const text of commandLines([...program, ...words])) say(paint.dim(text));
  return run(["bin/plimsoll.js", ...words], output);
}

async function makeArchive() {
  const count = `${events.toLocaleString("en-US")} Nostr-shaped events`;
  if (existsSync(archive)) {
    say(`  ${count} are there already: ${fromRoot(archive)}, ${sizeText(statSync(archive).size)}`);
    return;
  }
  mkdirSync(folder, { recursive: true });
  const part = `${archive}.part`;
  const progress = wait(`  Making ${count}`, () => fraction(part));
  try {
    await run(["scripts/gen.js", "nostr", "--count", String(events), "--out", part], "inherit");
  } finally {
    progress.end();
  }
  renameSync(part, archive);
  say(`  ${count}, the same on every machine: ${fromRoot(archive)}, ${sizeText(statSync(archive).size)}`);
}

/** How much of the archive is there, by its usual size. */
function fraction(path) {
  const eventBytes = 853;
  return existsSync(path) ? Math.min(0.99, statSync(path).size / (events * eventBytes)) : 0;
}

async function load(isFresh) {
  if (isFresh)
    for (const path of [store, `${store}.rejects.jsonl`]) rmSync(path, { recursive: true, force: true });
  const words = [
    "import",
    fromRoot(archive),
    "--into",
    fromRoot(store),
    "--preset",
    "nostr",
    "--memory",
    line,
  ];
  const wasThere = existsSync(store);
  await plimsoll(words, "inherit");
  if (!wasThere) return;
  say("  The store of a former run was there, and the same command did what was left of it.");
  say("  To see it load anew: npm start -- --fresh");
}

async function ask(title, filter) {
  say(`\n  ${title}`);
  const startedMs = performance.now();
  const out = await plimsoll(["query", fromRoot(store), "--nostr", JSON.stringify(filter)], "pipe");
  const seconds = (performance.now() - startedMs) / 1000;
  const found = out
    .trim()
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text));
  for (const event of found) say(atMostColumns(`    ${eventLine(event, filter.search)}`));
  say(paint.dim(`    ${found.length} events, ${seconds.toFixed(1)} s with the start of Node.js`));
  return found;
}

async function showStats() {
  const found = JSON.parse(await plimsoll(["stats", fromRoot(store), "--json"], "pipe"));
  const { file, ...parts } = found.bytes;
  const texts = Object.entries(parts)
    .filter(([, bytes]) => bytes >= 2 ** 20)
    .map(([name, bytes]) => `${sizeText(bytes)} ${name}`);
  say(
    `  ${found.records.toLocaleString("en-US")} records, ${found.postings.toLocaleString("en-US")} index entries`,
  );
  say(`  ${sizeText(file)} on disk (the archive: ${sizeText(statSync(archive).size)})`);
  say(atMostColumns(`  ${texts.join(", ")}`));
}

function fromRoot(path) {
  return relative(root, path);
}

async function demo(isFresh) {
  await run(["scripts/build.js"], "inherit");
  say(paint.bold(`Plimsoll: ${events.toLocaleString("en-US")} events under a memory line of 256 MiB`));
  heading("An archive");
  await makeArchive();
  heading("Load it");
  await load(isFresh);
  heading("Ask it");
  const newest = await ask("The newest notes", { kinds: [1], limit: 3 });
  await ask("Notes of one author", { authors: [newest[0].pubkey], kinds: [1], limit: 3 });
  await ask("Notes with two words, newest first", { kinds: [1], search: "lake wonderful", limit: 3 });
  heading("What is in the store");
  await showStats();
  heading("Try next");
  const next = [
    ["a topic", ["query", "demo/store", "--nostr", '{"#t":["bitcoin"],"limit":5}']],
    ["every entry held against its record", ["verify", "demo/store"]],
    ["the line that would be used here, and why", ["memory"]],
    ["your own file", ["import", "FILE", "--into", "./my"]],
  ];
  for (const [title, words] of next) {
    say(`  ${title}`);
    for (const text of commandLines([...program, ...words])) say(paint.dim(text));
  }
}

const args = process.argv.slice(2);
if (args.some((arg) => arg !== "--fresh")) {
  const isHelp = args.includes("--help") || args.includes("-h");
  (isHelp ? process.stdout : process.stderr).write(help);
  process.exitCode = isHelp ? 0 : 2;
} else {
  // A child gets the interruption as well, ends well, and its exit code tells.
  process.on("SIGINT", () => {});
  try {
    await demo(args.length > 0);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    process.exitCode = error.exitCode;
    if (error.exitCode === exitInterrupted)
      say("\nInterrupted. Run npm start again: it goes on where it stopped.");
  }
}
