import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { type LiveLayer, readLogs } from "../../src/live/index.js";
import { count, exportRecords } from "../../src/query/index.js";
import { openLiveSession, openStoreReader } from "../../src/targets/lmdb/index.js";
import { DeletionTwin, type Doc, deletionMapping, type Rule } from "../import/deletion-twin.js";
import { makeFolder } from "../support/cli.js";
import { importHere, jsonl, seenHere } from "../support/imports.js";
import { tries } from "../support/runs.js";
import { Copies, mergeLast, openLayer } from "./live-layers.js";

const folder = makeFolder();
afterAll(folder.remove);
let stores = 0;

interface Step {
  kind: "import" | "write" | "fold" | "merge" | "restart";
  isDeleting: boolean;
  docs: Omit<Doc, "n">[];
}

const anyDoc = fc.record(
  {
    id: fc.integer({ min: 0, max: 6 }),
    rev: fc.integer({ min: 0, max: 3 }),
    parent: fc.integer({ min: 0, max: 6 }),
    gone: fc.constantFrom<Doc["gone"]>(true, "no", "", "yes"),
  },
  { requiredKeys: ["id", "rev"] },
);

const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Step["kind"]>("import", "write", "write", "write", "fold", "merge", "restart"),
    isDeleting: fc.constantFrom(false, false, true),
    docs: fc.array(anyDoc, { minLength: 1, maxLength: 6 }),
  }),
  { minLength: 2, maxLength: 12 },
);

async function seenLive(store: string, layer: LiveLayer): Promise<{ lines: string[]; found: number }> {
  await using reader = await openStoreReader(store);
  const overlay = (await layer.overlay(reader))!;
  const pieces = [...exportRecords(overlay, { format: "jsonl" })].map((piece) => Buffer.from(piece));
  const lines = Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
  return { lines, found: count(overlay, { where: { id: { lte: 3 } } }) };
}

const bytesOf = (doc: unknown) => Buffer.from(JSON.stringify(doc));

async function check(steps: readonly Step[], rule: Rule): Promise<void> {
  const name = `store-${++stores}`;
  const store = folder.file(name);
  const mapping = deletionMapping(rule);
  const here = { cwd: folder.path, store, mapping };
  folder.write("none.jsonl", "");
  await importHere({ ...here, sources: ["none.jsonl"] });
  const twin = new DeletionTwin();
  let layer = await openLayer(store);
  let n = 0;
  for (const [at, { kind, docs: drawn, isDeleting }] of steps.entries()) {
    const docs = drawn.map((doc) => {
      const numbered: Partial<Doc> = { ...doc, n: n++ };
      if (!isDeleting) return numbered;
      return at % 2 === 0 ? { id: doc.id } : { id: doc.id, rev: doc.rev };
    });
    if (kind === "fold") await layer.foldNow();
    else if (kind === "merge") await mergeLast(store);
    else if (kind === "restart") {
      await layer[Symbol.asyncDispose]();
      layer = await openLayer(store);
    } else if (kind === "import") {
      // As a server does, and the command: what was written before stands before.
      await layer.foldNow();
      const source = `${name}-${at}.jsonl`;
      folder.write(source, jsonl(docs));
      await importHere({ ...here, sources: [source], plan: { isDeleting } });
      twin.import(docs, rule, isDeleting);
    } else {
      const records = docs.map((doc) => ({ entity: "Doc", isDeletion: isDeleting, bytes: bytesOf(doc) }));
      const outcomes = await layer.write(records);
      const { deleted, rejected } = twin.import(docs, rule, isDeleting);
      expect(outcomes.filter(({ state }) => state === "deleted")).toHaveLength(deleted);
      expect(outcomes.filter(({ state }) => state === "rejected")).toHaveLength(rejected);
    }
    const { lines, found } = await seenLive(store, layer);
    expect(lines).toEqual(twin.lines);
    expect(found).toBe([0, 1, 2, 3].filter((id) => twin.has(id)).length);
  }
  await layer[Symbol.asyncDispose]();
  const { lines, faults, stats } = await seenHere(store);
  expect(faults).toEqual([]);
  expect(lines).toEqual(twin.lines);
  expect(stats.records).toBe(twin.lines.length);
}

test("imports and live writes of records and deletions end in one state, seen at once", async () => {
  const anyRule = fc.constantFrom<Rule>("keep", "replace", "newest", "reject");
  await fc.assert(fc.asyncProperty(anySteps, anyRule, check), { numRuns: tries(6) });
}, 120_000);

test("a fold of deletions that is killed at any step ends as one that was not", async () => {
  const store = folder.file("killed");
  const mapping = deletionMapping("keep");
  folder.write("docs.jsonl", jsonl(Array.from({ length: 20 }, (_, id) => ({ id, rev: 0, n: id }))));
  await importHere({ cwd: folder.path, sources: ["docs.jsonl"], store, mapping });
  const copies = new Copies(store);
  const layer = await openLayer(store, {
    openSession: async () => copies.watch(await openLiveSession(store)),
  });
  const write = (id: number, isDeletion: boolean) =>
    layer.write([{ entity: "Doc", isDeletion, bytes: bytesOf(isDeletion ? { id } : { id, rev: 1, n: id }) }]);
  for (const id of [3, 7, 25]) expect(await write(id, true)).toEqual([{ state: "deleted" }]);
  expect(await write(7, false)).toEqual([{ state: "stored" }]);
  expect(await write(30, false)).toEqual([{ state: "stored" }]);
  expect(await write(30, true)).toEqual([{ state: "deleted" }]);
  copies.take("written");
  await layer.foldNow();
  await layer[Symbol.asyncDispose]();
  copies.take("closed");
  const wanted = Array.from({ length: 20 }, (_, id) => id).filter((id) => id !== 3);
  for (const copy of copies.paths) {
    const reopened = await openLayer(copy);
    await reopened[Symbol.asyncDispose]();
    const { lines, faults } = await seenHere(copy);
    expect(faults, copy).toEqual([]);
    const ids = lines.map((line) => (JSON.parse(line) as Doc).id);
    expect(
      ids.sort((a, b) => a - b),
      copy,
    ).toEqual(wanted);
    expect(readLogs(`${copy}/live`), copy).toEqual([]);
  }
}, 60_000);
