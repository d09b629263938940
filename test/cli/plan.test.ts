import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PlanScratch } from "../../src/cli/plan-scratch.js";
import { diskWarning, type PlanFindings } from "../../src/cli/plan-text.js";
import { MiB } from "../../src/kernel/index.js";
import { startPlimsoll } from "../support/cli.js";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "plimsoll-plan-"));
  const rows = Array.from({ length: 2000 }, (_, id) => `${id},city ${id % 7},${id * 3}\n`);
  writeFileSync(join(cwd, "cities.csv"), `id,name,population\n${rows.join("")}`);
});

afterEach(() => rmSync(cwd, { recursive: true }));

const flags = ["--into", "store", "--key", "id", "--index", "name", "--range", "population"];

async function plan(...args: string[]) {
  const ended = await startPlimsoll(["plan", ...args, "--memory", "256MiB"], { cwd }).ended;
  expect(ended.error).not.toContain("plimsoll:");
  expect(ended.code).toBe(0);
  return ended;
}

test("people read the shares, the batches and the estimate, and nothing stays", async () => {
  const { out } = await plan("cities.csv", ...flags);
  for (const text of ["runBuffers", "in flight", "about 2,000 records", "merged once", "free", "reading"]) {
    expect(out).toContain(text);
  }
  expect(readdirSync(cwd)).toEqual(["cities.csv"]);
});

test("machines read the same as JSON", async () => {
  const { out } = await plan("cities.csv", ...flags, "--json");
  expect(JSON.parse(out)).toMatchObject({
    lineBytes: 256 * MiB,
    shares: { runBuffers: expect.any(Number), baseline: expect.any(Number) },
    batchBytes: expect.any(Number),
    sample: { records: 2000, rejected: 0 },
    estimate: {
      records: 2000,
      recordsStored: { low: 2000, high: 2000 },
      runs: expect.any(Number),
      mergePasses: 1,
      bytesStored: expect.any(Number),
      bytesSpilled: expect.any(Number),
      bytesDiskPeak: expect.any(Number),
      seconds: { read: expect.any(Number), merge: expect.any(Number), total: expect.any(Number) },
    },
    disk: { isEnough: true },
  });
});

test("offset and limit count", async () => {
  const { out } = await plan("cities.csv", ...flags, "--json", "--offset", "1500", "--limit", "800");
  expect(JSON.parse(out).estimate.records).toBe(500);
});

test("bad records are foretold", async () => {
  const rows = Array.from({ length: 900 }, (_, id) => `{"id":${id % 3 === 0 ? '"no number"' : id}}\n`);
  writeFileSync(join(cwd, "some.jsonl"), rows.join(""));
  const mapping = "version: 1\nentities: {A: {key: id, fields: {id: int}}}\n";
  writeFileSync(join(cwd, "a.yaml"), mapping);
  const { out } = await plan("some.jsonl", "--into", "store", "--mapping", "a.yaml", "--json");
  expect(JSON.parse(out).estimate).toMatchObject({ records: 900, recordsRejected: 300 });
  expect(readdirSync(cwd).sort()).toEqual(["a.yaml", "cities.csv", "some.jsonl"]);
});

test("a target that keeps nothing needs no disk", async () => {
  const { out } = await plan("cities.csv", "--into", "null:", "--json");
  expect(JSON.parse(out)).toMatchObject({ disk: null, estimate: { records: 2000, bytesStored: 0, runs: 0 } });
});

test("a stream's size is unknown, and that is said", async () => {
  const input = '{"id":1}\n{"id":2}\n';
  const ended = await startPlimsoll(["plan", "-", "--into", "store", "--memory", "256MiB"], { cwd, input })
    .ended;
  expect(ended.out).toContain("the size of the input is unknown");
  expect(ended.code).toBe(0);
});

test("an empty input is planned too", async () => {
  writeFileSync(join(cwd, "none.jsonl"), "");
  writeFileSync(join(cwd, "a.yaml"), "version: 1\nentities: {A: {key: id, fields: {id: int}}}\n");
  const mapping = ["--mapping", "a.yaml", "--format", "jsonl"];
  const { out } = await plan("none.jsonl", "--into", "store", ...mapping, "--json");
  expect(JSON.parse(out).estimate).toMatchObject({ records: 0, recordsRejected: 0 });
});

test("what a killed plan left goes with the next one, what another plan works on stays", () => {
  const [old, fresh] = [".plimsoll-plan-old", ".plimsoll-plan-new"];
  for (const name of [old, fresh]) mkdirSync(join(cwd, name));
  const hoursAgo = Date.now() / 1000 - 2 * 3600;
  utimesSync(join(cwd, old), hoursAgo, hoursAgo);
  {
    using scratch = new PlanScratch(join(cwd, "deep", "store"));
    expect(scratch.probeDisk().bytesPerSecond).toBeGreaterThan(0);
    expect(readdirSync(cwd)).toHaveLength(3);
  }
  expect(readdirSync(cwd).sort()).toEqual([fresh, "cities.csv"]);
});

test("too little free space is said", () => {
  const findings = (bytesFree: number) =>
    ({
      estimate: { bytesDiskPeak: 10 * MiB },
      disk: { bytesFree, bytesPerSecond: 1 },
    }) as Partial<PlanFindings> as PlanFindings;
  expect(diskWarning(findings(5 * MiB))).toBe(
    "The disk has 5 MiB free, and this import needs about 10 MiB.\n",
  );
  expect(diskWarning(findings(50 * MiB))).toBeNull();
});
