import { existsSync, mkdirSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { hasCommand, resolveSources } from "../../src/sources/index.js";
import { fileOrigin } from "../../src/sources/text-source.js";
import { testFolder } from "./subjects.js";

const folder = testFolder();
afterAll(folder.remove);
for (const name of ["data", "data/b", "data/a", "data/.hidden"]) mkdirSync(join(folder.path, name));
const record = '{"a":1}\n';
for (const name of [
  "data/b/2.jsonl",
  "data/b/10.jsonl",
  "data/a/x.json",
  "data/.hidden/h.jsonl",
  "data/.dot.jsonl",
]) {
  folder.write(name, record);
}
folder.write("data/t.csv", "a,b\n1,2\n");
folder.write("data/prose.txt", "one, two\nthree, four\n");
folder.write("data/z.bin", Uint8Array.from([0, 1, 2, 3, 0xff, 0xfe, 0, 1]));

async function names(...args: string[]): Promise<string[]> {
  return (await resolveSources(args, { cwd: folder.path })).map(({ name }) => name);
}

test("arguments keep their order; globs and folders are sorted", async () => {
  expect(await names("data/t.csv", "data/b/*.jsonl")).toEqual([
    "data/t.csv",
    "data/b/10.jsonl",
    "data/b/2.jsonl",
  ]);
  expect(await names("data/**/*.json*")).toEqual(["data/a/x.json", "data/b/10.jsonl", "data/b/2.jsonl"]);
  expect(await names("data/{b,a}/[1x]*")).toEqual(["data/a/x.json", "data/b/10.jsonl"]);
  expect(await names("data/b/?.jsonl")).toEqual(["data/b/2.jsonl"]);
  expect(await names("data/.*.jsonl")).toEqual(["data/.dot.jsonl"]);
  expect(await names(join(folder.path, "data/b/*.jsonl"))).toEqual(
    ["10", "2"].map((name) => join(folder.path, `data/b/${name}.jsonl`)),
  );
});

test("a folder gives its data files; hidden and unknown ones are passed over with a note", async () => {
  const notes: string[] = [];
  const sources = await resolveSources(["data"], { cwd: folder.path, onNote: (note) => notes.push(note) });
  expect(sources.map(({ name, format }) => [name, format])).toEqual([
    ["data/a/x.json", "jsonl"],
    ["data/b/10.jsonl", "jsonl"],
    ["data/b/2.jsonl", "jsonl"],
    ["data/t.csv", "csv"],
  ]);
  expect(notes.map((note) => note.split(" ")[0])).toEqual(["data/prose.txt", "data/z.bin"]);
});

test("a file's fingerprint changes with the file", async () => {
  const [source] = await resolveSources(["data/a/x.json"], { cwd: folder.path });
  const before = await source!.fingerprint();
  expect(before).toMatchObject({ name: "data/a/x.json", sizeBytes: record.length });
  folder.write("data/a/x.json", '{"a":2}\n');
  expect((await source!.fingerprint()).headCrc).not.toBe(before.headCrc);
});

test("a stream is closed when a later argument fails", async () => {
  function* endless(): Generator<Buffer> {
    for (;;) yield Buffer.from(record);
  }
  const stdin = Readable.from(endless());
  const failing = resolveSources(["-", "missing.jsonl"], { cwd: folder.path, stdin });
  await expect(failing).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  expect(stdin.destroyed).toBe(true);
});

/** A child with such an environment cannot be started: the kernel bounds the length of one variable. */
const variableBytesRefused = 256 * 1024;

test.skipIf(!existsSync("/proc/self/fd") || !hasCommand("bzip2"))(
  "a file is closed when its decompressor cannot be started",
  async () => {
    const path = folder.write("unstartable.bz2", record);
    const origin = fileOrigin("x", path, { compression: "bzip2", decompressBytes: 0 });
    process.env.PLIMSOLL_TEST = "x".repeat(variableBytesRefused);
    try {
      await expect(origin.open(0)).rejects.toMatchObject({ code: "E2BIG" });
    } finally {
      delete process.env.PLIMSOLL_TEST;
    }
    expect(openPaths()).not.toContain(path);
  },
);

/** What the descriptors of this process lead to; the one that lists them has gone by then. */
function openPaths(): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      return [readlinkSync(join("/proc/self/fd", descriptor))];
    } catch {
      return [];
    }
  });
}
