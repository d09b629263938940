import { existsSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeLibrary } from "../../scripts/lib/comics.js";
import { resolveSources } from "../../src/sources/index.js";
import { importInto, makeFolder, plimsoll, readRejects } from "../support/cli.js";
import {
  countHere,
  isReading,
  killImport,
  seenHere,
  visibleState,
  whileReading,
} from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

const count = 300;
const broken = 4;
let failures = 0;

beforeAll(() => {
  failures = makeLibrary({ count, out: folder.file("lib"), broken }).broken;
});

const load = (store: string, ...words: string[]) =>
  importInto(folder, ["lib", "--preset", "comics", "--into", store, ...words]);

const comics = { entity: "Comic" };

test("a library is loaded, loaded again, changed, moved, and always as it is on the disk", async () => {
  const first = await load("store");
  expect(first).toMatchObject({ code: 0, report: { records: { rejected: failures } } });
  expect(await countHere(folder.file("store"), comics)).toBe(count - failures);
  expect(await countHere(folder.file("store"), { entity: "FailedImport" })).toBe(failures);
  expect(readRejects(folder.file("store.rejects.jsonl"))).toHaveLength(failures);
  const noPublisher = { ...comics, where: { publisher: { exists: false }, metadataForms: "comicinfo" } };
  expect(await countHere(folder.file("store"), noPublisher)).toBe(0);
  const shobo = { ...comics, where: { "series.publisher.name": "Tanuki Shobo" } };
  expect(await countHere(folder.file("store"), shobo)).toBeGreaterThan(20);

  const again = await load("store");
  expect(again.report!.records).toMatchObject({ read: failures, rejected: failures });
  expect(readRejects(folder.file("store.rejects.jsonl"))).toHaveLength(failures);

  const moved = makeLibrary({ count, out: folder.file("lib"), broken, moved: 10 }).moved;
  const renamed = await load("store");
  expect(renamed.report!.records.deleted).toBeGreaterThan(0);
  expect(renamed.report!.records.deleted).toBeLessThanOrEqual(moved);
  expect(await countHere(folder.file("store"), comics)).toBe(count - failures);

  const { changed } = makeLibrary({ count, out: folder.file("lib"), broken, changed: 10 });
  expect(changed).toBeGreaterThan(0);
  expect((await load("store")).code).toBe(0);
  const others = { ...comics, search: "Changed since" };
  expect(await countHere(folder.file("store"), others)).toBeGreaterThan(0);
  rmSync(folder.file("lib/Moved"), { recursive: true });
  await load("store");

  // A store that saw all of this holds the comics that one made now does.
  await load("new");
  const lines = async (store: string) => {
    const seen = await seenHere(folder.file(store));
    expect(seen.faults).toEqual([]);
    return seen.lines.filter((line) => line.includes('"fileType"')).sort();
  };
  expect(await lines("store")).toEqual(await lines("new"));
}, 120_000);

test("killed at any checkpoint, an import goes on to the same store", async () => {
  const words = ["lib", "--preset", "comics", "--sync-every", "90", "--threads", "1"];
  const expected = await visibleState(folder.file("new"));
  const store = folder.file("killed");
  for (const call of [whileReading.call, 8]) {
    rmSync(`${store}.comics`, { recursive: true, force: true });
    const at = { ...whileReading, call };
    await killImport({ words, store, cwd: folder.path, at, isThere: isReading });
    expect(existsSync(`${store}.comics/catalogue`)).toBe(false);
    const resumed = await importInto(folder, [...words, "--into", store]);
    expect(resumed).toMatchObject({ code: 0, report: { state: "complete" } });
    expect(resumed.report!.resumedFrom).not.toBeNull();
    expect((await visibleState(store)).lines).toEqual(expected.lines);
    expect(readRejects(`${store}.rejects.jsonl`)).toHaveLength(failures);
  }
  const again = await importInto(folder, [...words, "--into", store]);
  expect(again.report!.records).toMatchObject({ stored: 0, replaced: 0, deleted: 0 });
}, 120_000);

test("killed between the seal and its catalogue, the next import only reads again", async () => {
  const expected = (await visibleState(folder.file("new"))).lines;
  rmSync(folder.file("new.comics"), { recursive: true });
  expect((await load("new")).report!.records.stored).toBe(0);
  expect((await visibleState(folder.file("new"))).lines).toEqual(expected);
}, 60_000);

test("a plan, a dry run and a store that is gone leave no catalogue, and use none", async () => {
  const words = ["plan", "lib", "--preset", "comics", "--into", "planned"];
  const planned = await plimsoll(words, { cwd: folder.path });
  expect([planned.code, planned.error]).toEqual([0, ""]);
  const dry = await load("dry", "--dry-run");
  expect(dry.report!.records.read).toBeGreaterThan(count);
  for (const name of ["dry.comics", "planned.comics"]) expect(existsSync(folder.file(name))).toBe(false);
  rmSync(folder.file("new"), { recursive: true });
  expect((await load("new")).report!.records.stored).toBeGreaterThan(count);
}, 60_000);

test("a library is one folder", async () => {
  const open = (...names: string[]) => resolveSources(names, { cwd: folder.path, format: "comics" });
  await expect(open("lib", "lib")).rejects.toThrow("2 sources are named");
  await expect(open("store.rejects.jsonl")).rejects.toThrow("it is no folder");
  await expect(open("-")).rejects.toThrow("it is no folder");
  await expect(open("nothing")).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
});
