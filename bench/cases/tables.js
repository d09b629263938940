// CSV rows into SQLite and PostgreSQL beside other loaders, and a library of linked records by chunks of several sizes.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { measurePeer, presentPeers } from "../lib/peers.js";
import { postgresPeers, startPostgres } from "../lib/postgres-peers.js";
import { bin, makeInput } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";
import { libraryInput, tablesDigest } from "../lib/table-inputs.js";

export const help =
  "CSV rows into SQLite and PostgreSQL beside sqlite3, sqlite-utils and psql (default 1,000,000)";

const columns =
  "id INTEGER PRIMARY KEY, name TEXT, city TEXT, age INTEGER, score REAL, joined TEXT, bio TEXT";

export async function run({ count = 1_000_000, memory = "192MiB", runs = 1 }) {
  const input = makeInput("rows", count);
  const server = await startPostgres();
  const peers = [
    ...[newTable(memory), sameAgain(memory), sqliteShell(), sqliteUtils()],
    ...postgresPeers(server, memory),
  ];
  const results = await medianRuns(presentPeers(peers), runs, (peer) =>
    measurePeer(peer, input, peer.isOurs ? parseSize(memory) : null),
  );
  await server?.stop();
  results.push(...(await libraryRuns(Math.ceil(count / 10), memory, runs)));
  const what =
    "CSV rows of 7 columns into a table with the key `id`, and a library of linked comics by chunks";
  return { table: "import", what, input: { records: input.records, bytes: input.bytes }, runs: results };
}

/** Every one in turn, so often: what the machine does meanwhile meets them alike. */
async function medianRuns(peers, runs, measure) {
  const measured = peers.map(() => []);
  for (let number = 0; number < runs; number++) {
    for (const [index, peer] of peers.entries()) measured[index].push(await measure(peer));
  }
  const median = (all) =>
    all.sort((left, right) => left.wallSeconds - right.wallSeconds)[Math.floor(runs / 2)];
  return measured.map(median);
}

function ours(title, memory, words, prepare = () => {}) {
  return {
    title,
    isOurs: true,
    make: (input, folder) => {
      const importing = ["import", input.path, "--into", `sqlite:${join(folder, "bench.db")}`];
      const flags = ["--entity", "Person", "--key", "id", "--memory", memory, "--progress", "none"];
      return {
        command: process.execPath,
        args: [bin, ...importing, ...flags, ...words],
        setup: () => {
          mkdirSync(folder, { recursive: true });
          prepare([bin, ...importing, ...flags]);
        },
      };
    },
  };
}

function newTable(memory) {
  return ours(`plimsoll, new table, ${memory}`, memory, []);
}

function sameAgain(memory) {
  const words = ["--fresh", "--on-conflict", "replace"];
  const first = (args) => execFileSync(process.execPath, args, { stdio: "ignore" });
  return ours(`plimsoll, the same again by replace, ${memory}`, memory, words, first);
}

function sqliteShell() {
  const title = "sqlite3 .import, new table";
  if (spawnSync("sqlite3", ["--version"]).status !== 0) return { title, skipped: "sqlite3 is not installed" };
  return {
    title,
    make: ({ path }, folder) => ({
      command: "sqlite3",
      args: [
        join(folder, "bench.db"),
        `CREATE TABLE person (${columns})`,
        ".mode csv",
        `.import --skip 1 ${path} person`,
      ],
      setup: () => void mkdirSync(folder, { recursive: true }),
    }),
  };
}

function sqliteUtils() {
  const title = "sqlite-utils insert, new table";
  if (spawnSync("sqlite-utils", ["--version"]).status !== 0)
    return { title, skipped: "sqlite-utils is not installed" };
  return {
    title,
    make: ({ path }, folder) => ({
      command: "sqlite-utils",
      args: ["insert", join(folder, "bench.db"), "person", path, "--csv", "--pk", "id"],
      setup: () => void mkdirSync(folder, { recursive: true }),
    }),
  };
}

/** The tables that chunks of several sizes end in must be the same, row for row. */
async function libraryRuns(count, memory, runs) {
  const library = libraryInput(count);
  const chunks = [
    ["by the governor", []],
    ["chunks of 1,000", ["--sync-every", "1000"]],
    ["all at once", ["--sync-bytes", "1TiB"]],
  ];
  const database = join(library.folder, `${process.pid}.db`);
  const sources = library.files.map((file) => join(library.folder, file));
  const mapping = ["--mapping", join(library.folder, "library.yaml")];
  const args = [bin, "import", ...sources, "--into", `sqlite:${database}`, ...mapping, "--memory", memory];
  const peers = chunks.map(([title, words]) => ({
    title: `library of ${count.toLocaleString("en")} comics, ${title}`,
    make: () => ({ command: process.execPath, args: [...args, "--progress", "none", ...words] }),
  }));
  const digests = new Set();
  const results = await medianRuns(peers, runs, async (peer) => {
    const measured = await measurePeer(peer, { ...library, path: null }, parseSize(memory));
    digests.add(tablesDigest(database));
    return measured;
  });
  if (digests.size > 1) throw new Error("chunks of different sizes ended in different tables");
  return results;
}
