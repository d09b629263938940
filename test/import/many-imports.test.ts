import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { importInto, makeFolder, plimsoll, readRejects } from "../support/cli.js";
import { countHere, importHere, jsonl, seenHere, visibleState } from "../support/imports.js";
import { seeded } from "../support/people.js";

const folder = makeFolder();
afterAll(folder.remove);

interface Doc {
  id: number;
  rev: number;
  name: string;
}

const mapping = `
version: 1
entities:
  Doc:
    key: id
    conflict: "newest:rev"
    fields: { id: int, rev: { type: int, index: range }, name: { type: string, index: [exact, text] } }
`;
folder.write("mapping.yaml", mapping);
const options = ["--mapping", "mapping.yaml", "--entity", "Doc", "--memory", "160MiB"];

/** Words that are cut and folded by the Unicode tables, which must be right at all times. */
const tail = "Été déjà 🌅 МИР 東京";

function docs(seed: number, count: number, keys = count): Doc[] {
  const random = seeded(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, at) => {
    return { id: below(keys), rev: seed * 1e6 + at, name: `name ${below(50)} of ${below(9)} ${tail}` };
  });
}

/** Newest revisions by key. */
function newest(list: readonly Doc[]): string[] {
  const best = new Map<number, Doc>();
  for (const doc of list) if (doc.rev > (best.get(doc.id)?.rev ?? -1)) best.set(doc.id, doc);
  return [...best.values()].map((doc) => JSON.stringify(doc)).sort();
}

test("40 small imports leave few segments, and every answer right", async () => {
  const store = folder.file("forty");
  const all: Doc[] = [];
  for (let at = 0; at < 40; at++) {
    const part = docs(at, 5 + ((at * 37) % 60), 400);
    all.push(...part);
    folder.write(`forty-${at}.jsonl`, jsonl(part));
    const report = await importHere({ cwd: folder.path, sources: [`forty-${at}.jsonl`], store, mapping });
    expect(report.records.read).toBe(part.length);
    if (at % 8 !== 7) continue;
    const { lines, stats, faults } = await seenHere(store);
    expect(faults).toEqual([]);
    expect(lines.sort()).toEqual(newest(all));
    // Each segment is more than twice as large as the next one: it would have been merged into it otherwise.
    const sizes = stats.segments.map(({ firstId, endId }) => endId - firstId);
    for (const [index, next] of sizes.slice(1).entries()) expect(sizes[index]).toBeGreaterThan(2 * next);
    expect(sizes.length).toBeLessThanOrEqual(1 + Math.floor(Math.log2(all.length)));
    const name = `name 7 of 3 ${tail}`;
    const expected = newest(all).filter((line) => line.includes(`"${name}"`)).length;
    expect(await countHere(store, { where: { name } })).toBe(expected);
    expect(await countHere(store, { search: "name 7" })).toBe(await countHere(store, { search: "7" }));
  }
}, 180_000);

test("runs that no merge can take at once are merged in passes, with the same result", async () => {
  // A checkpoint a source, and each of them makes runs.
  const parts = Array.from({ length: 60 }, (_, at) => docs(at, 40, 900));
  const sources = parts.map((part, at) => {
    folder.write(`runs/${100 + at}.jsonl`, jsonl(part));
    return `runs/${100 + at}.jsonl`;
  });
  const shared = { cwd: folder.path, sources, mapping };
  const [many, one] = [folder.file("many-runs"), folder.file("one-run")];
  const passes = await importHere({ ...shared, store: many, plan: { syncBytes: 1, mergeInputsMax: 4 } });
  const single = await importHere({ ...shared, store: one });
  expect(passes.records).toEqual(single.records);
  // Three passes write each entry again, two of them into runs.
  expect(passes.bytes.spilled).toBeGreaterThan(2 * single.bytes.spilled);
  const [seen, expected] = [await seenHere(many), await seenHere(one)];
  expect(seen.faults).toEqual([]);
  expect(seen.lines).toEqual(expected.lines);
  expect(seen.stats.entities).toEqual(expected.stats.entities);
  expect(seen.stats.segments).toEqual(expected.stats.segments);
  expect(seen.lines.toSorted()).toEqual(newest(parts.flat()));
  for (const filter of [{ where: { rev: { gte: 30e6 } } }, { search: "name 7" }, { search: "été" }]) {
    expect(await countHere(many, filter)).toBe(await countHere(one, filter));
  }
}, 60_000);

describe("whatever the way, the visible state is the same", () => {
  const list = docs(3, 6000, 2500);
  folder.write("a.jsonl", jsonl(list.slice(0, 2000)));
  folder.write("b.jsonl", jsonl(list.slice(2000, 2100)));
  folder.write("c.jsonl", jsonl(list.slice(2100)));

  async function stateOf(sources: readonly string[], words: readonly string[]) {
    const store = folder.file("way");
    rmSync(store, { recursive: true, force: true });
    const { code, error, report } = await importInto(folder, [
      ...sources,
      ...options,
      ...words,
      "--into",
      store,
    ]);
    expect(code, error).toBe(0);
    return { records: report!.records, state: await visibleState(store) };
  }

  test("threads, steps of batches, checkpoints and the order of sources under newest", async () => {
    const sources = ["a.jsonl", "b.jsonl", "c.jsonl"];
    const expected = await stateOf(sources, ["--threads", "1"]);
    expect(expected.state.lines).toEqual(newest(list));
    expect(expected.state.verified).toMatchObject({ faults: 0 });
    for (const words of [
      ["--threads", "0"],
      ["--threads", "2"],
      ["--threads", "3", "--graduality", "1"],
      ["--graduality", "16", "--sync-bytes", "1KiB"],
    ]) {
      expect(await stateOf(sources, words), words.join(" ")).toEqual(expected);
    }
    const turned = await stateOf(["c.jsonl", "a.jsonl", "b.jsonl"], []);
    expect(turned.state.lines).toEqual(expected.state.lines);
    expect(turned.state.verified).toMatchObject({ faults: 0 });
    expect({ ...turned.records, duplicates: 0 }).toEqual({ ...expected.records, duplicates: 0 });
  }, 90_000);
});

describe("--offset and --limit count over all sources", () => {
  const list = Array.from({ length: 90 }, (_, id): Doc => ({ id, rev: 1, name: `n ${id}` }));
  folder.write("o1.jsonl", jsonl(list.slice(0, 30)));
  folder.write("o2.jsonl", jsonl(list.slice(30, 40)));
  folder.write("o3.jsonl", jsonl(list.slice(40)));

  test.each([
    { offset: 0, limit: 0 },
    { offset: 0, limit: 1 },
    { offset: 29, limit: 2 },
    { offset: 30, limit: 10 },
    { offset: 35, limit: 20 },
    { offset: 45, limit: null },
    { offset: 89, limit: 5 },
    { offset: 90, limit: null },
    { offset: 500, limit: 3 },
  ])(
    "offset $offset, limit $limit",
    async ({ offset, limit }) => {
      const store = folder.file(`offset-${offset}-${limit}`);
      const sources = ["o1.jsonl", "o2.jsonl", "o3.jsonl"];
      const report = await importHere({ cwd: folder.path, sources, store, mapping, plan: { offset, limit } });
      const expected = list.slice(offset, limit === null ? undefined : offset + limit);
      expect(report.records.stored).toBe(expected.length);
      expect(report.records.read).toBe(expected.length);
      const seen = await seenHere(store);
      expect(seen.lines).toEqual(expected.map((doc) => JSON.stringify(doc)));
      expect(seen.faults).toEqual([]);
    },
    30_000,
  );
});

describe("imports that end in another way", () => {
  const bad = ['{"id":1,"rev":1}', '{"id":2,', "[3]", '{"id":4,"rev":1}', '{"id":"x","rev":1}'].join("\n");
  folder.write("bad.jsonl", `${bad}\n`);

  test("--dry-run writes nothing but what it is asked for", async () => {
    const store = folder.file("dry");
    const rejects = folder.file("dry-rejects.jsonl");
    const args = ["bad.jsonl", ...options, "--dry-run", "--into", store];
    const { code, report } = await importInto(folder, [...args, "--rejects", rejects]);
    expect(code).toBe(0);
    expect(report!.records).toMatchObject({ read: 5, stored: 2, rejected: 3 });
    expect(existsSync(store)).toBe(false);
    expect(existsSync(`${store}.rejects.jsonl`)).toBe(false);
    expect(readRejects(rejects).map((line) => line.record)).toEqual([2, 3, 5]);
    folder.write("good.jsonl", jsonl([{ id: 9, rev: 1 }]));
    expect((await importInto(folder, ["good.jsonl", ...options, "--into", store])).code).toBe(0);
    const before = readFileSync(`${store}/data.mdb`);
    expect((await importInto(folder, args)).code).toBe(0);
    expect(readFileSync(`${store}/data.mdb`).equals(before)).toBe(true);
  }, 60_000);

  test("--on-error abort ends with 1 and goes on when the source is mended", async () => {
    const store = folder.file("abort");
    const args = ["abort.jsonl", ...options, "--into", store];
    folder.write("abort.jsonl", `${bad}\n`);
    const { code, error, report } = await importInto(folder, [...args, "--on-error", "abort"]);
    expect(code).toBe(1);
    expect(error).toContain("plimsoll: RECORD_REJECTED:");
    expect(error).toContain("abort.jsonl, line 2");
    expect(report).toMatchObject({ state: "failed", error: { code: "RECORD_REJECTED" } });
    expect((await plimsoll(["query", store, "--count", "--filter", "{}"])).out).not.toContain("1");
    folder.write("abort.jsonl", jsonl([{ id: 1, rev: 1 }]));
    const mended = await importInto(folder, args);
    expect(mended.code, mended.error).toBe(0);
    expect((await plimsoll(["export", store])).out).toBe('{"id":1,"rev":1}\n');
  }, 60_000);

  test.each([
    [2, 3],
    [3, 0],
  ])(
    "--max-rejects %i ends with %i, everything else loaded",
    async (rejectsMax, expected) => {
      const store = folder.file(`max-${rejectsMax}`);
      const words = ["--max-rejects", String(rejectsMax), "--into", store];
      const { code, report } = await importInto(folder, ["bad.jsonl", ...options, ...words]);
      expect(code).toBe(expected);
      expect(report).toMatchObject({ state: "complete", records: { stored: 2, rejected: 3 } });
      expect((await plimsoll(["query", store, "--count", "--filter", "{}"])).out).toBe("2\n");
    },
    60_000,
  );
});
