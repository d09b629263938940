import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KiB, MiB } from "../../src/kernel/index.js";
import { divideLine } from "../../src/memory/index.js";
import { estimateImport, type ImportEstimate, importSample } from "../../src/pipeline/index.js";
import { lmdbTarget, openStoreReader } from "../../src/targets/lmdb/index.js";
import { projectFile } from "../support/cli.js";
import { importHere, planHere } from "../support/imports.js";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "plimsoll-estimate-"));
});

afterEach(() => rmSync(cwd, { recursive: true }));

const rowMapping = `
version: 1
entities:
  Person:
    key: id
    fields:
      id: int
      name: { type: string, index: text }
      city: { type: string, index: exact }
      age: { type: int, index: range }
`;

const eventMapping = `
version: 1
entities:
  Event:
    key: id
    fields:
      id: string
      pubkey: { type: string, index: exact }
      created_at: { type: int, index: range }
      kind: { type: int, index: exact }
      content: { type: string, index: text }
`;

interface Case {
  mapping: string;
  /** Of the sample: the rest has to be drawn out. */
  bytesMax: number;
  roomBytes?: number;
}

/** Estimates from a small sample, then imports everything, and compares. */
async function compare(options: Case) {
  const shared = {
    cwd,
    sources: ["input"],
    store: join(cwd, "store"),
    mapping: options.mapping,
    ...(options.roomBytes === undefined ? {} : { roomBytes: options.roomBytes }),
    plan: { syncBytes: 512 * MiB, threads: 2 },
  };
  const plan = await planHere(shared);
  const scratch = join(cwd, "scratch");
  const sample = await importSample(
    plan,
    { target: lmdbTarget(scratch), openReader: () => openStoreReader(scratch) },
    { signal: new AbortController().signal, bytesMax: options.bytesMax },
  );
  const { bytes: lineBytes } = plan.memory.line;
  const table = divideLine({ lineBytes, baselineBytes: process.memoryUsage.rss(), threads: 2 });
  const estimate = estimateImport(sample, { plan, table, diskBytesPerSecond: null })!;
  const report = await importHere(shared);
  const stored = statSync(join(cwd, "store", "data.mdb")).size;
  return { estimate, report, stored, sampled: sample.report.records.read };
}

function expectNear({ estimate, report, stored }: Awaited<ReturnType<typeof compare>>): void {
  const ratios = {
    records: estimate.records / report.records.read,
    stored: estimate.bytesStored / stored,
    spilled: estimate.bytesSpilled / report.bytes.spilled,
  };
  for (const [name, ratio] of Object.entries(ratios)) {
    expect(ratio, name).toBeGreaterThan(0.75);
    expect(ratio, name).toBeLessThan(1.25);
  }
}

function generate(...args: string[]): void {
  const words = [projectFile("scripts/gen.js"), ...args, "--out", join(cwd, "input")];
  execFileSync(process.execPath, words);
}

test("rows: a sample out of many places", async () => {
  generate("rows", "--count", "120000");
  const found = await compare({ mapping: rowMapping, bytesMax: 2 * MiB });
  expect(found.sampled).toBeLessThan(0.5 * found.report.records.read);
  expectNear(found);
});

test("rows of which many repeat others", async () => {
  generate("rows", "--count", "120000", "--dup", "40");
  const found = await compare({ mapping: rowMapping, bytesMax: 2 * MiB });
  expectNear(found);
  const { low, high } = found.estimate.recordsStored;
  expect(low).toBeLessThanOrEqual(found.report.records.stored * 1.25);
  expect(high).toBeGreaterThanOrEqual(found.report.records.stored * 0.75);
});

test("events with full text under a narrow line: many runs", async () => {
  generate("nostr", "--count", "40000");
  const found = await compare({ mapping: eventMapping, bytesMax: 2 * MiB, roomBytes: 64 * MiB });
  expect(found.estimate.runs).toBeGreaterThan(2);
  expectNear(found);
});

test("compressed input: the ratio is measured", async () => {
  generate("nostr", "--count", "20000");
  const path = join(cwd, "input");
  writeFileSync(path, gzipSync(readFileSync(path), { level: 1 }));
  expectNear(await compare({ mapping: eventMapping, bytesMax: 4 * MiB }));
});

test("an input that is a sample of itself is known but for its runs", async () => {
  generate("rows", "--count", "3000");
  const { estimate, report, stored } = await compare({ mapping: rowMapping, bytesMax: 32 * MiB });
  expect(estimate.records).toBe(report.records.read);
  expect(estimate.recordsStored).toEqual({ low: 3_000, high: 3_000 });
  expect(Math.abs(estimate.bytesStored - stored)).toBeLessThan(64 * KiB);
  expect(estimate).toMatchObject({ mergePasses: 1 } satisfies Partial<ImportEstimate>);
});
