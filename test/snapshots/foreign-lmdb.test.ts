import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listDatabases } from "../../src/snapshots/databases/database-list.js";
import { EntryWalk } from "../../src/snapshots/databases/entry-walk.js";
import {
  ApplicationEnvironment,
  Capture,
  emptyNativeHeader,
  inspectLmdb,
  mergeSnapshot,
  nativeHeaderBytes,
  putNativeHeader,
  readNativeHeader,
} from "../../src/snapshots/index.js";
import { asApplication, hasCommonFormat } from "../support/application-lmdb.js";
import { headOf, streamOf } from "../support/twin.js";

const minutes = 60_000;
const signal = new AbortController().signal;
const hasTools = spawnSync("mdb_load", ["-V"]).status === 0;
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plimsoll-foreign-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function header(): Buffer {
  const head = Buffer.alloc(nativeHeaderBytes);
  putNativeHeader(head, { timestampNano: 7n, txnId: 1n, isDeleted: false });
  return head;
}

/** A database in the format of mdb_dump, with what its options are called there. */
function dumpText(name: string, options: string[], pairs: readonly (readonly [Buffer, Buffer])[]): string {
  const head = ["VERSION=3", "format=bytevalue", `database=${name}`, "type=btree", "mapsize=16777216"];
  const lines = pairs.flatMap(([key, value]) => [` ${key.toString("hex")}`, ` ${value.toString("hex")}`]);
  return `${[...head, ...options, "HEADER=END", ...lines, "DATA=END"].join("\n")}\n`;
}

/** What mdb_dump says is in a database. */
function dumped(path: string, name: string): string[] {
  const text = execFileSync("mdb_dump", ["-s", name, path], { encoding: "utf8", maxBuffer: 1 << 28 });
  const lines = text.slice(text.indexOf("HEADER=END\n") + 11, text.indexOf("DATA=END")).trimEnd();
  return lines === "" ? [] : lines.split("\n").map((line) => line.trim());
}

/** Keys of every kind of order, and lists of values of every kind, as C programs make them. */
const kinds: [string, string[], (index: number) => readonly [Buffer, Buffer]][] = [
  [
    "plain",
    [],
    (index) => [Buffer.from(`key ${index * 7919}`), Buffer.alloc(index % 9 === 0 ? 9000 : index % 50, index)],
  ],
  ["integers", ["integerkey=1"], (index) => [numberOf(index * 257, 4), Buffer.from(`value ${index}`)]],
  ["longs", ["integerkey=1"], (index) => [numberOf(index * 65_537, 8), Buffer.from(`value ${index}`)]],
  [
    "reversed",
    ["reversekey=1"],
    (index) => [Buffer.from(`${index * 31}.example`), Buffer.from([index & 255])],
  ],
  ["several", ["dupsort=1"], (index) => [Buffer.from(`key ${index % 3}`), Buffer.from(`value ${index}`)]],
  [
    "fixed",
    ["dupsort=1", "dupfixed=1"],
    (index) => [Buffer.from(`key ${index % 3}`), numberOf(index * 3, 8)],
  ],
  [
    "numbers",
    ["dupsort=1", "dupfixed=1", "integerdup=1"],
    (index) => [Buffer.from(`key ${index % 3}`), numberOf(index * 300, 4)],
  ],
  [
    "backwards",
    ["dupsort=1", "reversedup=1"],
    (index) => [Buffer.from("key"), Buffer.from(`${index * 7} end`)],
  ],
];

function numberOf(value: number, bytes: number): Buffer {
  const number = Buffer.alloc(bytes);
  number.writeUIntLE(value, 0, Math.min(bytes, 6));
  return number;
}

test.skipIf(!hasCommonFormat || !hasTools)(
  "databases that C programs made are read entry by entry",
  async () => {
    const path = join(dir, "made-by-c");
    mkdirSync(path);
    for (const [name, options, pairOf] of kinds) {
      // Some have a page, some a tree of many, and some lists have trees of their own.
      const pairs = Array.from({ length: 3000 }, (_, index) => pairOf(index));
      execFileSync("mdb_load", [path], { input: dumpText(name, options, pairs) });
    }
    await using environment = new ApplicationEnvironment(path);
    using state = environment.hold();
    const trees = listDatabases(environment.pages, state.meta, path);
    expect([...trees.keys()]).toEqual(kinds.map(([name]) => name).sort());
    for (const [name] of kinds) {
      const walk = new EntryWalk(environment.pages, trees.get(name)!);
      const found: string[] = [];
      while (walk.next())
        found.push(...[walk.key, walk.value].map((one) => Buffer.from(one).toString("hex")));
      expect(found, name).toEqual(dumped(path, name));
      expect(found.length / 2, name).toBe(trees.get(name)!.entries);
    }
  },
  minutes,
);

test.skipIf(!hasCommonFormat || !hasTools)("C programs read what was merged, and go on with it", async () => {
  const path = join(dir, "read-by-c");
  mkdirSync(path);
  const pairs = [[Buffer.from("a"), Buffer.concat([header(), Buffer.from("old")])] as const];
  execFileSync("mdb_load", [path], { input: dumpText("texts", [], pairs) });
  const entries = ["00000100", "00000200", "ffff0000"].map((key) => ({
    key,
    value: "cafe",
    timestampNano: 9n,
    isDeleted: false,
  }));
  const texts = [{ key: "61", value: "6e6577", timestampNano: 8n, isDeleted: false }];
  const integers = entries.sort(
    (a, b) => Buffer.from(a.key, "hex").readUInt32LE() - Buffer.from(b.key, "hex").readUInt32LE(),
  );
  {
    await using environment = new ApplicationEnvironment(path);
    const source = streamOf([
      { head: headOf("numbers", 0x08), entries: integers },
      { head: headOf("texts"), entries: texts },
    ]);
    await mergeSnapshot(environment, source, { schema: "native", signal });
  }
  expect(execFileSync("mdb_stat", ["-a", path], { encoding: "utf8" })).toContain("Status of numbers");
  const numbers = dumped(path, "numbers");
  expect(numbers.filter((_, index) => index % 2 === 0)).toEqual(integers.map(({ key }) => key));
  const [key, stored] = dumped(path, "texts");
  expect(key).toBe("61");
  const value = Buffer.from(stored!, "hex");
  const found = readNativeHeader(value, emptyNativeHeader(), { database: "texts", key: value });
  expect(found).toMatchObject({ timestampNano: 8n, isDeleted: false });
  expect(value.subarray(found.headerBytes).toString()).toBe("new");
  execFileSync("mdb_load", [path], { input: dumpText("texts", [], [[Buffer.from("b"), header()]]) });
  await using environment = new ApplicationEnvironment(path);
  using capture = await Capture.take(environment, { schema: "native", signal });
  expect(capture.databases.map(({ head, count }) => [head.name, count])).toEqual([
    ["numbers", 3],
    ["texts", 2],
  ]);
});

const codeOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return "nothing";
};

test("what is no database, or not one of these formats, is told before LMDB looks at it", async () => {
  const path = join(dir, "whole");
  await asApplication(path, 2, (table) => void table("records").putSync(Buffer.from("a"), header()));
  const data = readFileSync(join(path, "data.mdb"));
  const file = join(dir, "file.mdb");
  const inspect = (bytes: Buffer): unknown => {
    writeFileSync(file, bytes);
    return codeOf(() => inspectLmdb(file));
  };
  expect(codeOf(() => inspectLmdb(join(dir, "nothing")))).toBe("LMDB_ABSENT");
  mkdirSync(join(dir, "empty"));
  expect(codeOf(() => inspectLmdb(join(dir, "empty")))).toBe("LMDB_ABSENT");
  expect(inspect(Buffer.alloc(0))).toBe("LMDB_FOREIGN");
  expect(inspect(Buffer.from("SQLite format 3\0".repeat(500)))).toBe("LMDB_FOREIGN");
  for (const bytes of [1, 16, 28, 100, 4095, 4096, 4200, 8191, 8192]) {
    expect(inspect(data.subarray(0, bytes)), `${bytes} bytes`).toMatch(/^LMDB_F/);
  }
  const moved = Buffer.concat([Buffer.alloc(8), data]);
  expect(inspect(moved)).toBe("LMDB_FORMAT");
  const later = Buffer.from(data);
  later.writeUInt32LE(3, 28);
  expect(inspect(later)).toBe("LMDB_FORMAT");
  expect(inspectLmdb(path).layout.format).toBe(2);
  copyFileSync(join(path, "data.mdb"), file);
  expect(inspectLmdb(file)).toMatchObject({ isFolder: false, layout: { format: 2 } });
  await using environment = new ApplicationEnvironment(file);
  using capture = await Capture.take(environment, { schema: "native", signal });
  expect(capture.databases.map(({ count }) => count)).toEqual([1]);
});

test(
  "without its build a database of LMDB 0.9 says what to run",
  () => {
    const data = Buffer.alloc(8192);
    for (const at of [0, 4096]) {
      data.writeUInt16LE(0x08, at + 10);
      data.writeUInt32LE(0xbeefc0de, at + 16);
      data.writeUInt32LE(1, at + 20);
      data.writeUInt32LE(4096, at + 40);
      for (const root of [80, 128]) data.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, at + root);
    }
    const path = join(dir, "common.mdb");
    writeFileSync(path, data);
    const script = `
    const { ApplicationEnvironment } = await import(${JSON.stringify(new URL("../../dist/snapshots/index.js", import.meta.url).href)});
    try { new ApplicationEnvironment(${JSON.stringify(path)}); } catch (error) { console.log(error.code, error.message); }`;
    const env = { ...process.env, PLIMSOLL_LMDB_DATA_V1: join(dir, "empty") };
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], { env, encoding: "utf8" });
    expect(run.stdout).toMatch(/^LMDB_BUILD_ABSENT .*npm install --no-save lmdb-data-v1@npm:lmdb@\d/);
  },
  minutes,
);

test(
  "damage within the pages ends in an error with the page, or in entries",
  async () => {
    const path = join(dir, "to-be-damaged");
    await asApplication(path, 2, (table) => {
      for (let index = 0; index < 2000; index += 1) {
        const value = Buffer.concat([header(), Buffer.alloc(index % 100 === 0 ? 9000 : 40)]);
        table("records").putSync(Buffer.from(`key ${index}`), value);
      }
    });
    const whole = readFileSync(join(path, "data.mdb"));
    const copy = join(dir, "damaged");
    cpSync(path, copy, { recursive: true });
    let seed = 1;
    const random = (limit: number): number => {
      seed = (seed * 48_271) % 0x7fff_ffff;
      return seed % limit;
    };
    const seen = new Set<unknown>();
    for (let round = 0; round < 30; round += 1) {
      const bytes = Buffer.from(whole);
      // Behind the meta pages; the heads of pages are where it hurts.
      const page = 2 + random(bytes.length / 4096 - 2);
      bytes[page * 4096 + random(round % 2 === 0 ? 64 : 4096)] = random(256);
      writeFileSync(join(copy, "data.mdb"), bytes);
      await using environment = new ApplicationEnvironment(copy);
      try {
        using capture = await Capture.take(environment, { schema: "native", signal });
        for (const { entries } of capture.databases)
          for (const { value } of entries) seen.add(value.length > 0);
      } catch (error) {
        seen.add((error as { code: unknown }).code);
      }
    }
    expect([...seen].every((one) => typeof one === "boolean" || String(one).match(/^(LMDB|SNAPSHOT)_/))).toBe(
      true,
    );
    expect(seen).toContain("LMDB_DAMAGED");
    truncateSync(join(copy, "data.mdb"), 5 * 4096);
    expect(codeOf(() => new ApplicationEnvironment(copy))).toBe("LMDB_DAMAGED");
  },
  minutes,
);
