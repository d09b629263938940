import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { ComicSource } from "../../src/sources/comics/index.js";
import { makeFolder } from "../support/cli.js";
import { comicInfo, page, zipBytes } from "./archive-bytes.js";
import { type DrainOptions, drain } from "./library.js";

let folder = makeFolder();
beforeEach(() => {
  folder.remove();
  folder = makeFolder();
});
afterAll(() => folder.remove());

const lib = () => folder.file("lib");
const catalogue = () => folder.file("store.comics");
const read = (options: DrainOptions = {}) => drain(lib(), { catalogue: catalogue() }, options);

function comic(path: string, series: string): string {
  const info = { name: "ComicInfo.xml", data: comicInfo(`<Series>${series}</Series><Genre>Sea</Genre>`) };
  return folder.write(`lib/${path}`, zipBytes([page, info]));
}

/** Other bytes under the same size and time: who opens the file finds nothing in it. */
function hollow(path: string): void {
  const { size, mtimeMs } = statSync(path);
  writeFileSync(path, Buffer.alloc(size, 0x20), { flag: "r+" });
  utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
  expect(statSync(path).mtimeMs).toBe(mtimeMs);
}

/** A time that survives utimes to the last digit. */
function settleTimes(...paths: string[]): void {
  for (const path of paths) utimesSync(path, 1_700_000_000, 1_700_000_000);
}

test("parents come before those who name them, each once, in runs of one entity", async () => {
  for (let at = 0; at < 30; at++) comic(`a/${at}.cbz`, `Series ${at % 3}`);
  const { entities, records } = await read({ bufferBytes: 512 });
  expect(entities).toEqual(["Series", "Volume", "Genre", "Comic"]);
  expect(records.Series!.map(({ key }) => key)).toEqual(["||Series 0", "||Series 1", "||Series 2"]);
  expect(records.Genre).toEqual([{ name: "Sea" }]);
  const paths = records.Comic!.map(({ path }) => path as string);
  expect(paths).toEqual([...paths].sort());
  expect(paths).toHaveLength(30);
});

test("what has not changed is not opened, what has is read anew", async () => {
  const [kept, changed] = [comic("kept.cbz", "Kept"), comic("changed.cbz", "Changed")];
  settleTimes(kept, changed);
  expect((await read()).records.Comic).toHaveLength(2);
  hollow(kept);
  expect(await read()).toMatchObject({ records: {}, rejects: [] });
  comic("changed.cbz", "Changed since");
  expect((await read()).records.Comic).toMatchObject([{ path: "changed.cbz", seriesName: "Changed since" }]);
  expect(await read()).toMatchObject({ records: {}, rejects: [] });
});

test("a comic that was moved keeps its metadata unopened, and its former path is deleted", async () => {
  const old = comic("old/1.cbz", "Moved");
  settleTimes(old);
  const before = (await read()).records.Comic!;
  hollow(old);
  mkdirSync(folder.file("lib/a/new"), { recursive: true });
  renameSync(old, folder.file("lib/a/new/one.cbz"));
  const { records } = await read();
  expect(records.Comic).toEqual([
    { ...before[0], path: "a/new/one.cbz", folder: "a/new" },
    { path: "old/1.cbz", deleted: true },
  ]);
  expect(await read()).toMatchObject({ records: {} });
});

test("comics that are gone are deleted, and may come back", async () => {
  const path = comic("1.cbz", "One");
  comic("2.cbz", "Two");
  await read();
  rmSync(path);
  expect((await read()).records.Comic).toEqual([{ path: "1.cbz", deleted: true }]);
  expect((await read()).records).toEqual({});
  comic("1.cbz", "One");
  expect((await read()).records.Comic).toMatchObject([{ path: "1.cbz", seriesName: "One" }]);
});

test("what failed is told each time without being opened, until it is mended or gone", async () => {
  comic("good.cbz", "Good");
  const bad = folder.write("lib/bad.cbz", "not an archive");
  const first = await read();
  expect(first.rejects).toMatchObject([{ code: "COMIC_TYPE" }]);
  expect(first.records.FailedImport).toMatchObject([{ path: "bad.cbz", code: "COMIC_TYPE" }]);
  settleTimes(bad);
  await read();
  const again = await read();
  expect([again.rejects, again.records]).toEqual([first.rejects, {}]);
  comic("bad.cbz", "Mended");
  const mended = await read();
  expect(mended.rejects).toEqual([]);
  expect(mended.records.FailedImport).toEqual([{ path: "bad.cbz", deleted: true }]);
  expect(mended.records.Comic).toMatchObject([{ path: "bad.cbz", seriesName: "Mended" }]);
  // A comic that cannot be read any more stays as it was known.
  truncateSync(bad, 10);
  expect(await read()).toMatchObject({
    rejects: [{ code: "COMIC_TRUNCATED" }],
    records: { FailedImport: [{}] },
  });
  rmSync(bad);
  const gone = await read();
  expect(gone.records.Comic).toEqual([{ path: "bad.cbz", deleted: true }]);
  expect(gone.records.FailedImport).toEqual([{ path: "bad.cbz", deleted: true }]);
});

test("a library that looks unmounted is refused, and nothing is deleted", async () => {
  comic("1.cbz", "One");
  await read();
  folder.write("lib/DOCKER_UNMOUNTED_VOLUME", "");
  await expect(read()).rejects.toMatchObject({ code: "COMICS_UNMOUNTED" });
  rmSync(lib(), { recursive: true });
  mkdirSync(lib());
  await expect(read()).rejects.toMatchObject({ code: "COMICS_UNMOUNTED" });
  rmSync(lib(), { recursive: true });
  await expect(read()).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  comic("1.cbz", "One");
  folder.write("other/1.cbz", "x");
  const other = drain(folder.file("other"), { catalogue: catalogue() });
  await expect(other).rejects.toMatchObject({ code: "COMICS_OTHER_ROOT" });
});

test("a catalogue that is damaged anywhere is refused", async () => {
  for (let at = 0; at < 5; at++) comic(`${at}.cbz`, `Series ${at}`);
  await read();
  const path = `${catalogue()}/catalogue`;
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 23) {
    const hurt = Buffer.from(whole);
    hurt[at]! ^= 0x11;
    writeFileSync(path, hurt);
    await expect(read({ settle: false })).rejects.toThrow(/COMICS_CATALOGUE|Choose another target|damaged/);
  }
  writeFileSync(path, whole.subarray(0, whole.length - 7));
  await expect(read()).rejects.toMatchObject({ code: "COMICS_CATALOGUE" });
});

test("after any frame the reading goes on to the same comics and the same catalogue", async () => {
  for (let at = 0; at < 12; at++) comic(`${at % 4}/${at}.cbz`, `Series ${at}`);
  folder.write("lib/2/bad.cbz", "");
  const whole = await read({ bufferBytes: 700 });
  const published = readFileSync(`${catalogue()}/catalogue`);
  for (let frames = 1; frames <= whole.cursors.length; frames++) {
    rmSync(catalogue(), { recursive: true });
    const first = await read({ bufferBytes: 700, frames, settle: false });
    const cursor = JSON.parse(JSON.stringify(first.cursors.at(-1)));
    // What was written behind the cursor does not count, and neither does what is lost.
    const next = `${catalogue()}/next`;
    const isLost = frames % 5 === 0;
    if (isLost) truncateSync(next, 10);
    else writeFileSync(next, "behind the cursor", { flag: "a" });
    const rest = await read({ bufferBytes: 700, cursor });
    const paths = [...(first.records.Comic ?? []), ...(rest.records.Comic ?? [])].map(({ path }) => path);
    expect([...new Set(paths)].sort()).toEqual(whole.records.Comic!.map(({ path }) => path).sort());
    if (!isLost) {
      expect(paths).toHaveLength(12);
      expect(first.rejects.length + rest.rejects.length).toBe(1);
    }
    expect(readFileSync(`${catalogue()}/catalogue`).equals(published)).toBe(true);
  }
});

test("an import that is not sealed leaves the catalogue as it was", async () => {
  comic("1.cbz", "One");
  await read({ settle: false });
  expect(existsSync(`${catalogue()}/catalogue`)).toBe(false);
  expect((await read()).records.Comic).toHaveLength(1);
  comic("2.cbz", "Two");
  await read({ settle: false });
  expect((await read()).records.Comic).toMatchObject([{ path: "2.cbz" }]);
});

test("links are followed, but not in circles; hidden files and other names are passed over", async () => {
  const { symlinkSync } = await import("node:fs");
  comic("a/1.cbz", "One");
  cpSync(folder.file("lib/a/1.cbz"), folder.file("elsewhere.cbz"));
  folder.write("lib/a/._1.cbz", "left by a system");
  folder.write("lib/.hidden/2.cbz", "x");
  folder.write("lib/a/notes.txt", "x");
  symlinkSync(folder.file("elsewhere.cbz"), folder.file("lib/linked.cbz"));
  symlinkSync(lib(), folder.file("lib/a/circle"));
  symlinkSync(folder.file("nothing"), folder.file("lib/dangling.cbz"));
  const { records, rejects } = await read();
  expect(records.Comic!.map(({ path }) => path)).toEqual(["a/1.cbz", "linked.cbz"]);
  expect(rejects).toEqual([]);
  expect(dirname(lib())).toBe(folder.path);
});

test("a name that is no UTF-8 is turned down", async () => {
  comic("1.cbz", "One");
  writeFileSync(Buffer.concat([Buffer.from(`${lib()}/b`), Buffer.from([0xe9]), Buffer.from(".cbz")]), "x");
  const { records, rejects } = await read();
  expect(records.Comic).toHaveLength(1);
  expect(rejects).toMatchObject([{ code: "COMIC_NAMES", reason: "b\ufffd.cbz: its path is no UTF-8" }]);
});

test("a session that is closed or stopped in the middle has no whole catalogue, and a closed one is closed", async () => {
  for (let at = 0; at < 40; at++) comic(`${at}.cbz`, `Series ${at}`);
  const options = {
    name: lib(),
    path: lib(),
    catalogue: catalogue(),
    isCatalogueOfTarget: true,
    isFresh: false,
  };
  const source = new ComicSource(options);
  const stop = new AbortController();
  const open = (skipRecords = 0) =>
    source.open({ cursor: null, skipRecords, recordBytesMax: 1 << 20, signal: stop.signal });
  const grow = (bytes: number) => new Uint8Array(bytes);
  const session = await open();
  const reading = session.read(new Uint8Array(100), grow).catch((error: Error) => error.name);
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  expect(await reading).toBe("AbortError");
  await source.settle();
  expect(existsSync(`${catalogue()}/catalogue`)).toBe(false);
  // Comics that are passed over are not in the target, so they are not in the catalogue either.
  {
    await using skipping = await open(85);
    let records = 0;
    for (let read = await skipping.read(new Uint8Array(1 << 16), grow); read !== null; ) {
      records += read.frame.records;
      read = await skipping.read(new Uint8Array(1 << 16), grow);
    }
    expect([records, skipping.records]).toEqual([36, 121]);
    expect(await skipping.read(new Uint8Array(100), grow)).toBeNull();
  }
  await source.settle();
  expect(existsSync(`${catalogue()}/catalogue`)).toBe(false);
  stop.abort();
  await expect(open()).rejects.toMatchObject({ name: "AbortError" });
});
