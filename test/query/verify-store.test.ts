import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verify } from "../../src/query/index.js";
import { Verification } from "../../src/query/verification.js";
import { mainKernel } from "../../src/query/verify.js";
import { ReferenceRuns } from "../../src/query/verify-references.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { startPlimsoll } from "../support/cli.js";
import { buildWorld } from "./world.js";

const mapping = `
version: 1
entities:
  Person:
    key: id
    fields:
      id: int
      name: { type: string, index: [exact, text] }
      age: { type: int, index: range }
      friend: { type: int, link: Person }
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Loads in a process of its own: two environments of one store in a process are not for LMDB. */
async function load(store: string, from: number, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, at) => {
    const id = from + at;
    return JSON.stringify({ id, name: `Person ${id}`, age: id % 90, friend: id % 3 === 0 ? -id : id >> 1 });
  });
  const source = join(folder, `people-${from}.jsonl`);
  writeFileSync(source, lines.join("\n"));
  writeFileSync(join(folder, "mapping.yaml"), mapping);
  const words = ["import", source, "--into", store, "--mapping", "mapping.yaml", "--progress", "none"];
  const { code, error } = await startPlimsoll(words, { cwd: folder }).ended;
  expect({ code, error: code === 0 ? "" : error }).toEqual({ code: 0, error: "" });
}

test("pages are given back between any two blocks, and what is read stays the same", async () => {
  const store = join(folder, "store");
  await load(store, 0, 20_000);
  await load(store, 20_000, 500);
  await using reader = await openStoreReader(store, { isReadWhole: true });
  const usual = await verify(reader);
  expect(usual).toMatchObject({ records: 20_500, faults: 0 });
  expect(usual.blocks).toBeGreaterThan(20);
  expect(await verify(reader, { mappedBytesMax: 1 })).toEqual(usual);
}, 60_000);

test("a store that is sealed anew meanwhile is not verified by half", async () => {
  const store = join(folder, "changing");
  await load(store, 0, 2000);
  await using reader = await openStoreReader(store);
  await load(store, 2000, 10);
  await expect(verify(reader, { mappedBytesMax: 1 })).rejects.toMatchObject({ code: "STORE_CHANGED" });
}, 60_000);

test("an aborted verification stops", async () => {
  const store = join(folder, "aborted");
  await load(store, 0, 2000);
  await using reader = await openStoreReader(store);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(verify(reader, { mappedBytesMax: 1, signal })).rejects.toThrow("enough");
}, 60_000);

test("references beyond the buffer go through files, come back in order, and leave nothing", () => {
  const { reader } = buildWorld([{ cities: [{ name: "Oslo" }], people: [], repeats: [], hole: 0 }], {});
  const main = mainKernel(new Verification(reader, {}), { referencesMax: 5 });
  const { exports, view } = main.kernel;
  const tempDir = mkdtempSync(join(folder, "temp-"));
  const references = new ReferenceRuns(main, tempDir);
  const wanted: bigint[] = [];
  for (let at = 0; at < 1000; at++) {
    const hash = (BigInt(at) * 0x9e3779b185ebca87n) & ((1n << 64n) - 1n);
    wanted.push(hash);
    if (main.references.count === main.references.capacity) references.spill();
    exports.tupleAppend(main.references.ptr, 0, hash, BigInt(at), 0);
  }
  expect(readdirSync(join(tempDir, readdirSync(tempDir)[0]!)).length).toBeLessThan(70);
  const found: bigint[] = [];
  for (const { tuples, count } of references.pieces()) {
    for (let at = tuples; at < tuples + count * 16; at += 16) {
      found.push((view.getBigUint64(at, true) << 16n) | (view.getBigUint64(at + 8, true) >> 48n));
    }
  }
  expect(found).toEqual(wanted.sort((a, b) => (a < b ? -1 : 1)));
  references[Symbol.dispose]();
  references[Symbol.dispose]();
  expect(readdirSync(tempDir)).toEqual([]);
});
