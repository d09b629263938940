import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MiB } from "../../src/kernel/index.js";
import { divideLine } from "../../src/memory/index.js";
import { mergeInputsMaxOf } from "../../src/pipeline/worker-layout.js";
import { makeFolder } from "../support/cli.js";
import { importHere, jsonl, seenHere } from "../support/imports.js";
import { seeded } from "../support/people.js";

const folder = makeFolder();
afterAll(folder.remove);

const mapping = `
version: 1
entities:
  Doc:
    key: id
    fields:
      id: int
      n: { type: int, index: range }
      text: { type: string, index: text }
      parent: { type: int, link: Doc }
`;

interface Doc {
  id: number;
  n: number;
  text: string;
  parent: number;
}

function docs(seed: number, count: number, ids: number): Doc[] {
  const draw = seeded(seed);
  const below = (limit: number) => Math.floor(draw() * limit);
  return Array.from({ length: count }, () => ({
    id: below(ids),
    n: below(1000),
    text: `word${below(50)} word${below(50)}`,
    parent: below(ids * 1.1),
  }));
}

const roomBytes = 44 * MiB;

/** Runs that one merge takes under this line; a process that grows meanwhile has a smaller one. */
function mergeInputsMax(): number {
  const baselineBytes = process.memoryUsage.rss();
  const table = divideLine({ lineBytes: baselineBytes + roomBytes, baselineBytes, threads: 1 });
  return mergeInputsMaxOf(table.worker.memoryBytes);
}

test("more runs than one merge can take are merged in passes, to the same end", async () => {
  const list = docs(1, 4000, 3000);
  const runsMax = mergeInputsMax();
  const parts = runsMax + 40;
  const sources = Array.from({ length: parts }, (_, at) => {
    const [from, to] = [at, at + 1].map((part) => Math.floor((part * list.length) / parts));
    return folder.write(`parts/part-${String(at).padStart(4, "0")}.jsonl`, jsonl(list.slice(from, to)));
  });
  const store = folder.file("parts-store");
  const seen = { runs: 0, bytes: 0 };
  const report = await importHere({
    cwd: folder.path,
    sources,
    store,
    mapping,
    roomBytes,
    plan: { syncBytes: 1 },
    onProgress: ({ phase }) => {
      if (phase !== "merge" || seen.runs > 0) return;
      const names = readdirSync(join(store, "runs"));
      seen.runs = names.filter((name) => name.startsWith("t-")).length;
      seen.bytes = names.reduce((sum, name) => sum + statSync(join(store, "runs", name)).size, 0);
    },
  });
  expect(seen.runs).toBeGreaterThan(runsMax);
  // What a pass writes is spilled once more.
  expect(report.bytes.spilled).toBeGreaterThan(seen.bytes);
  const whole = folder.file("whole-store");
  const source = folder.write("whole.jsonl", jsonl(list));
  const once = await importHere({ cwd: folder.path, sources: [source], store: whole, mapping });
  expect(report.records).toEqual(once.records);
  const [inPasses, atOnce] = [await seenHere(store), await seenHere(whole)];
  expect(inPasses.faults).toEqual([]);
  expect(inPasses.lines).toEqual(atOnce.lines);
  expect(inPasses.stats.entities).toEqual(atOnce.stats.entities);
  expect(inPasses.stats.postings).toBe(atOnce.stats.postings);
}, 120_000);

test("many small imports leave few segments, and the first record of every key", async () => {
  const store = folder.file("small-store");
  rmSync(store, { recursive: true, force: true });
  const first = new Map<number, Doc>();
  const segments: number[] = [];
  for (let at = 0; at < 30; at++) {
    const list = docs(100 + at, 20 + ((at * 37) % 100), 2000);
    const source = folder.write(`small/${at}.jsonl`, jsonl(list));
    const fresh = list.filter((doc) => !first.has(doc.id) && first.set(doc.id, doc));
    const { records } = await importHere({ cwd: folder.path, sources: [source], store, mapping });
    expect(records).toMatchObject({
      read: list.length,
      stored: fresh.length,
      duplicates: list.length - fresh.length,
    });
    if (at % 10 === 9) segments.push((await seenHere(store)).stats.segments.length);
  }
  expect(Math.max(...segments)).toBeLessThan(8);
  const { lines, stats, faults } = await seenHere(store);
  expect(faults).toEqual([]);
  expect(lines).toEqual([...first.values()].map((doc) => JSON.stringify(doc)));
  const dangling = [...first.values()].filter((doc) => !first.has(doc.parent)).length;
  expect(stats.entities[0]).toMatchObject({ records: first.size, dangling });
}, 120_000);
