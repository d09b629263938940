import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImportProgress } from "../../src/pipeline/index.js";
import { importInto, makeFolder, plimsoll } from "../support/cli.js";
import {
  checkpointIn,
  importHere,
  isReading,
  jsonl,
  killImport,
  seenHere,
  whileReading,
} from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);
const mapping =
  "version: 1\nentities:\n  P:\n    key: id\n    fields:\n      id: string\n      bio: { type: string, index: text }\n";
const options = ["--entity", "P", "--key", "id", "--text", "bio", "--memory", "160MiB"];

beforeAll(() => {
  const records = Array.from({ length: 60_000 }, (_, at) => ({
    id: `k${at}`,
    bio: `word${at % 977} and number ${at}`,
  }));
  folder.write("people.jsonl", jsonl(records));
});

test("data on its way to the disk stays within its share, in progress, timeline and report", async () => {
  const seen: ImportProgress[] = [];
  const report = await importHere({
    cwd: folder.path,
    sources: ["people.jsonl"],
    store: folder.file("bounded"),
    mapping,
    roomBytes: 60 << 20,
    onProgress: (progress) => seen.push(progress),
  });
  const { peakUnsyncedBytes, writebackSeconds, spentSeconds } = report.governor;
  expect(peakUnsyncedBytes).toBeGreaterThan(0);
  expect(peakUnsyncedBytes).toBeLessThanOrEqual(report.memory.shares.writeback!);
  expect(writebackSeconds).toBeGreaterThan(0);
  expect(spentSeconds.checkpoint).toBeGreaterThan(0);
  const last = report.memory.timeline.at(-1)!;
  expect(last.unsyncedBytes).toBe(0);
  expect(last.writebackSeconds).toBeGreaterThan(0);
  expect(seen.at(-1)).toMatchObject({ isNarrow: false, throttledSeconds: 0, unsyncedBytes: 0 });
  expect(seen.every((progress) => progress.anonBytes > 0 && progress.batchBytes > 0)).toBe(true);
  // The control point was passed while runs were merged as well.
  expect(report.governor.decisions.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["time", "checkpoints"]),
  );
});

test("--sync-every makes a checkpoint after exactly so many records, however they are batched", async () => {
  const checkpoint = await killImport({
    words: ["people.jsonl", ...options, "--sync-every", "777"],
    store: folder.file("often"),
    cwd: folder.path,
    at: whileReading,
    isThere: isReading,
  });
  expect(checkpoint.accepted[0]! % 777).toBe(0);
  const ended = await importInto(folder, ["people.jsonl", ...options, "--into", "often"]);
  expect(ended.code, ended.error).toBe(0);
  expect(ended.report?.records.stored).toBe(60_000);
}, 60_000);

test("--explain says where the time went, and the report the same", async () => {
  const ended = await importInto(folder, [
    "people.jsonl",
    ...options,
    "--into",
    "told",
    "--explain",
    "--threads",
    "1",
  ]);
  expect(ended.code, ended.error).toBe(0);
  expect(ended.error).toMatch(/^Why it took the time it took:$/m);
  expect(ended.error).toMatch(
    /^ {2}- reading took [\d.]+ s \([\d.]+ s waiting for the source, .* merging [\d.]+ s$/m,
  );
  expect(ended.error).toMatch(/^ {2}- made \d+ checkpoints?, [\d.]+ s in all$/m);
  const texts = ended.report!.governor.decisions.map(({ text }) => text);
  for (const text of texts) expect(ended.error).toContain(text);
}, 30_000);

describe("a decompressor that is killed", () => {
  const hasXz = (() => {
    try {
      execFileSync("xz", ["--version"]);
      return true;
    } catch {
      return false;
    }
  })();

  test.skipIf(!hasXz)(
    "is no damage of the source: what came is kept, and the import goes on",
    async () => {
      execFileSync("sh", ["-c", "xz -k people.jsonl"], { cwd: folder.path });
      // The real program, which is killed by the real signal after a part of its output.
      const script = '#!/bin/sh\nPATH="$REAL_PATH" xz "$@" | PATH="$REAL_PATH" head -c 2000000\nkill -9 $$\n';
      folder.write("killed/xz", script);
      chmodSync(folder.file("killed/xz"), 0o755);
      const path = process.env.PATH ?? "";
      const words = ["people.jsonl.xz", ...options, "--into", "packed"];
      const environment = { PATH: `${folder.file("killed")}:${path}`, REAL_PATH: path };
      const lost = await importInto(folder, words, { environment });
      expect(lost.code, lost.error).toBe(1);
      expect(lost.error).toMatch(
        /^plimsoll: DECOMPRESSOR_LOST: The command xz, which decompresses people\.jsonl\.xz, is gone \(it was ended by SIGKILL/m,
      );
      expect((await checkpointIn(folder.file("packed")))!.accepted[0]).toBeGreaterThan(1000);
      const ended = await importInto(folder, words);
      expect(ended.code, ended.error).toBe(0);
      expect(ended.report).toMatchObject({ resumedFrom: { phase: "read" }, records: { stored: 60_000 } });
      expect((await seenHere(folder.file("packed"))).faults).toEqual([]);
      expect((await plimsoll(["verify", "packed"], { cwd: folder.path })).code).toBe(0);
    },
    60_000,
  );
});
