import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { projectRoot } from "../structure/source-files.js";

interface Verdict {
  scenario: string;
  algorithm: "published" | "plimsoll";
  rows: number;
  batches: number;
  rowsMedian: number;
  batchesOfOne: number;
  utilisation: number;
  peakBytes: number;
  lineBytes: number;
  crossings: number;
}

const script = join(projectRoot, "bench/simulate/run.js");
const run = (...args: string[]) => promisify(execFile)(process.execPath, [script, ...args]);
let verdicts: Verdict[] = [];
const of = (algorithm: string) => verdicts.filter((verdict) => verdict.algorithm === algorithm);
const published = (scenario: string) => of("published").find((verdict) => verdict.scenario === scenario)!;

beforeAll(async () => {
  const { stdout } = await run("--json");
  verdicts = JSON.parse(stdout);
});

test("governed batches use 80% of what they could and never cross the line, whatever goes wrong", () => {
  expect(of("plimsoll").length).toBeGreaterThanOrEqual(11);
  for (const verdict of of("plimsoll")) {
    expect(verdict.utilisation, verdict.scenario).toBeGreaterThanOrEqual(0.8);
    expect(verdict.utilisation, verdict.scenario).toBeLessThanOrEqual(1);
    expect(verdict.crossings, verdict.scenario).toBe(0);
    expect(verdict.peakBytes, verdict.scenario).toBeLessThanOrEqual(verdict.lineBytes);
    expect(verdict.batchesOfOne, verdict.scenario).toBeLessThan(verdict.batches * 0.05);
  }
});

test("no random scenario crosses the line, unless nearly half of the room leaks away", async () => {
  const { stdout } = await run("--random", "100");
  const leaks = [...stdout.matchAll(/^leak of (\d+)%/gm)].map((match) => Number(match[1]));
  for (const leak of leaks) expect(leak).toBeGreaterThan(40);
  expect(stdout).toMatch(/crossed in [0-3] of 100 scenarios/);
});

test("both algorithms load the same rows", () => {
  expect(of("published").map(({ rows }) => rows)).toEqual(of("plimsoll").map(({ rows }) => rows));
});

test("the model of the published algorithm does what was seen of it", () => {
  // Soft thresholds below the baseline close a batch at every row; the last one leaves half of the line unused.
  const returned = published("heap returned after a flush");
  expect(returned.batchesOfOne).toBe(4);
  expect(returned.rowsMedian).toBeGreaterThan(300);
  expect(1 - returned.peakBytes / returned.lineBytes).toBeGreaterThan(0.39);
  // Memory that does not fall after a flush: one row a batch for the rest of the import.
  expect(published("heap not returned").batches).toBeGreaterThan(49_000);
  expect(published("heap not returned").rowsMedian).toBe(1);
  // A baseline above half of the threshold: every batch is one row.
  expect(published("baseline 120 MiB").batchesOfOne).toBe(50_000);
  // A leak ends the same way.
  expect(published("slow leak, 1 KiB a row").rowsMedian).toBe(1);
});
