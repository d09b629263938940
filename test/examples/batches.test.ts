import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import Database from "libsql";
import { afterAll, expect, test } from "vitest";
import { projectRoot } from "../structure/source-files.js";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function runExample(name: string, ...args: string[]): Promise<string> {
  const script = join(projectRoot, "examples/batches", name);
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args]);
  const peak = /^peak ([\d.]+) MiB, line ([\d.]+) MiB: held$/m.exec(stdout);
  expect(peak, stdout).not.toBeNull();
  expect(Number(peak![1])).toBeLessThanOrEqual(Number(peak![2]));
  return stdout;
}

/** The numbers before some words. */
function numberBefore(text: string, words: string): number {
  return Number(new RegExp(`(\\d+) ${words}`).exec(text)?.[1]);
}

test("the INSERT loop puts every row into SQLite, from a stream larger than its memory", async () => {
  const file = join(folder, "products.db");
  const output = await runExample("sqlite.js", file, "80000");
  expect(numberBefore(output, "MiB in")).toBeGreaterThan(2 * 24);
  const database = new Database(file, { readonly: true });
  const row = database
    .prepare("SELECT count(*) AS rows, count(DISTINCT sku) AS skus, sum(id) AS ids FROM product")
    .get();
  expect(row).toMatchObject({ rows: 80_000, skus: 80_000, ids: (80_000 * 80_001) / 2 });
  database.close();
});

test("the bulk API has every row once, although it was busy and lost answers", async () => {
  const output = await runExample("http.js", "30000");
  expect(numberBefore(output, "MiB in")).toBeGreaterThan(2 * 8);
  expect(numberBefore(output, "rows of")).toBe(30_000);
  expect(numberBefore(output, "rows;")).toBe(30_000);
  expect(numberBefore(output, "requests\n")).toBeGreaterThan(numberBefore(output, "batches"));
  expect(numberBefore(output, "requests came again")).toBeGreaterThan(0);
});

test("two importers hold no more than their line together, and both finish", async () => {
  const output = await runExample("two-importers.js", "40000");
  expect(output).toMatch(/products\.jsonl: 40000 items/);
  expect(output).toMatch(/log\.txt: 80000 items/);
  const held = /held ([\d.]+) MiB of ([\d.]+) MiB at most/.exec(output)!;
  expect(Number(held[1])).toBeLessThanOrEqual(Number(held[2]));
});
