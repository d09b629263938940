import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MiB } from "../../src/kernel/index.js";
import { divideLine } from "../../src/memory/index.js";
import { workerLimitsOf } from "../../src/pipeline/worker-limits.js";
import { importInto, makeFolder, plimsoll } from "../support/cli.js";
import { importHere, killImport, seenHere } from "../support/imports.js";
import { peopleCsv } from "../support/people.js";

const folder = makeFolder();
afterAll(folder.remove);

const options = [
  "--entity",
  "Person",
  "--key",
  "id",
  "--range",
  "age",
  "--text",
  "bio",
  "--memory",
  "160MiB",
];

beforeAll(() => {
  folder.write("people.csv", peopleCsv({ count: 60_000, seed: 5 }));
});

test("a worker that gives up ends the import with its condition, in good time", async () => {
  const fields = Array.from(
    { length: 4000 },
    (_, at) => `      field${at}: { type: string, path: a.member${at} }`,
  );
  folder.write("wide.yaml", `version: 1\nentities:\n  Person:\n    fields:\n${fields.join("\n")}\n`);
  const ended = await importInto(folder, [
    "people.csv",
    "--mapping",
    "wide.yaml",
    "--into",
    "wide",
    "--memory",
    "160MiB",
  ]);
  expect(ended.code, ended.error).toBe(1);
  expect(ended.error).toMatch(/^plimsoll: PROGRAM_TOO_LARGE: The mapping of Person takes \d+ bytes/m);
  expect(ended.seconds).toBeLessThan(20);
}, 40_000);

describe("runs that are not as they were left", () => {
  const store = folder.file("store");
  const words = ["people.csv", ...options];

  beforeAll(async () => {
    await killImport({
      words,
      store,
      cwd: folder.path,
      at: { moment: "before", verb: "appendTupleBlock", call: 1 },
      // Before any part is merged: what was merged is not read again.
      isThere: ({ phase, runs, seal }) =>
        phase === "seal" &&
        runs.length > 0 &&
        (seal === null || (seal.stage !== "dead" && seal.stage !== "rejects" && seal.partsDone.length === 0)),
    });
  }, 60_000);

  const runPath = () => {
    const name = readdirSync(join(store, "runs")).find((file) => file.startsWith("t-"));
    return join(store, "runs", name!);
  };

  test("damage in one is told by the worker that meets it; --fresh mends it", async () => {
    const path = runPath();
    const whole = readFileSync(path);
    const hurt = Buffer.from(whole);
    hurt[Math.floor(hurt.length / 2)]! ^= 0xff;
    writeFileSync(path, hurt);
    const ended = await importInto(folder, [...words, "--into", "store"]);
    expect(ended.code, ended.error).toBe(1);
    expect(ended.error).toMatch(/^plimsoll: RUN_DAMAGED: .*t-.*\.run is damaged at byte \d+ .*--fresh\.$/m);
    writeFileSync(path, whole);
  }, 30_000);

  test("one that is gone is told before anything is done", async () => {
    rmSync(runPath());
    const ended = await importInto(folder, [...words, "--into", "store"]);
    expect(ended.code, ended.error).toBe(1);
    expect(ended.error).toMatch(/^plimsoll: RUN_MISSING: .*--fresh\.$/m);
    const fresh = await importInto(folder, [...words, "--into", "store", "--fresh"]);
    expect(fresh.code, fresh.error).toBe(0);
    expect((await plimsoll(["verify", store])).code).toBe(0);
  }, 60_000);
});

test("a process that has nothing left to do ends by itself, whatever it was given", async () => {
  folder.write("e.yaml", "version: 1\nentities:\n  E:\n    fields:\n      a: int\n");
  folder.write("none.jsonl", "");
  const words = ["--mapping", "e.yaml", "--into", "null:"];
  for (const source of [["none.jsonl"], ["people.csv", "--limit", "10"]]) {
    const ended = await importInto(folder, [...source, ...words], { hasOpenInput: true });
    expect(ended.code, ended.error).toBe(0);
    expect(ended.seconds).toBeLessThan(15);
  }
  const stream = ["-", "--format", "jsonl", ...words];
  const part = await importInto(folder, [...stream, "--limit", "1"], { input: '{"a":1}\n{"a":2}\n' });
  expect({ code: part.code, records: part.report?.records.read }).toEqual({ code: 0, records: 1 });
}, 60_000);

describe("a worker that runs out of memory", () => {
  const names = ["rows.csv"];
  let expected: string[] = [];
  const mapping = "version: 1\nentities:\n  P:\n    key: id\n    fields:\n      id: string\n";
  const importWith = (store: string, plan: { threads: number; workerHeapBytes?: number }) =>
    importHere({ cwd: folder.path, sources: names, store: folder.file(store), mapping, plan });

  beforeAll(async () => {
    const rows = Array.from({ length: 60_000 }, (_, at) => `k${at},${"x".repeat(40)}`);
    folder.write("rows.csv", `id,pad\n${rows.join("\n")}\n`);
    // Each has a header of its own, which the worker compiles and keeps: its heap grows from source to source.
    for (let file = 0; file < 40; file++) {
      const columns = Array.from({ length: 2500 }, (_, at) => `file${file}column${at}`);
      folder.write(`wide${file}.csv`, `id,${columns.join(",")}\nw${file},${"1,".repeat(2499)}1\n`);
      names.push(`wide${file}.csv`);
    }
    await importWith("roomy", { threads: 1 });
    expected = (await seenHere(folder.file("roomy"))).lines;
    expect(expected).toHaveLength(60_040);
  }, 60_000);

  test("is followed by one attempt with fewer threads, from the checkpoint; nothing is lost or doubled", async () => {
    let restarts = 0;
    for (const heap of [2, 5, 6, 7]) {
      const store = `heap-${heap}`;
      const ended = await importWith(store, { threads: 2, workerHeapBytes: heap * MiB }).catch(
        (error) => error,
      );
      if (ended.code === undefined) {
        const restarted = ended.governor.decisions.some(({ kind }: { kind: string }) => kind === "restart");
        if (restarted) restarts++;
      } else {
        // Too small for the second attempt as well: it ends, and goes on when there is more.
        expect(ended).toMatchObject({ code: "WORKER_OUT_OF_MEMORY", details: { heapMb: heap * 2 } });
        expect(ended.message).toMatch(/ran out of memory: its heap is bounded to \d+ MB\. Raise --memory/);
        await importWith(store, { threads: 1 });
      }
      const seen = await seenHere(folder.file(store));
      expect(seen.lines).toEqual(expected);
      expect(seen.faults).toEqual([]);
    }
    expect(restarts).toBeGreaterThan(0);
  }, 120_000);
});

test("a worker's heap follows the line, within its bounds", () => {
  const heapOf = (lineMiB: number, threads: number) => {
    const table = divideLine({ lineBytes: lineMiB * MiB, baselineBytes: 60 * MiB, threads });
    return workerLimitsOf(table, {}).maxOldGenerationSizeMb!;
  };
  expect(heapOf(128, 1)).toBeGreaterThanOrEqual(20);
  expect(heapOf(128, 1)).toBeLessThan(heapOf(1024, 1));
  expect(heapOf(1024, 2)).toBeGreaterThan(heapOf(256, 2));
  expect(heapOf(65_536, 1)).toBe(64);
});

test("a source of nothing but bad records of two bytes each keeps no list of them", async () => {
  folder.write("bad.jsonl", "x\n".repeat(200_000));
  const mapping = "version: 1\nentities:\n  P:\n    fields:\n      id: string\n";
  const report = await importHere({
    cwd: folder.path,
    sources: ["bad.jsonl"],
    store: folder.file("bad"),
    mapping,
    plan: { threads: 1, workerHeapBytes: 12 * MiB },
  });
  expect(report.records).toMatchObject({ read: 200_000, rejected: 200_000 });
  const lines = readFileSync(folder.file("bad.rejects.jsonl"), "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(200_000);
  const places = [0, 1, 199_999].map((at) => JSON.parse(lines[at]!));
  expect(places).toMatchObject([
    { line: 1, offset: 0, record: 1 },
    { line: 2, offset: 2, record: 2 },
    { line: 200_000, offset: 399_998, record: 200_000 },
  ]);
}, 60_000);
