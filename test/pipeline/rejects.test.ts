import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WritebackMeter } from "../../src/memory/index.js";
import type { Reject } from "../../src/pipeline/reject-line.js";
import { RejectsWriter } from "../../src/pipeline/rejects.js";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-rejects-"));
  path = join(folder, "store.rejects.jsonl");
});

afterEach(() => rmSync(folder, { recursive: true }));

const whole = { sources: ["a.csv"], offset: 0, limit: null };
const rerun = (source: string, record: number) =>
  `plimsoll import ${source} --offset ${record - 1} --limit 1`;

function open(
  position: number | null,
  scope: { sources: string[]; offset: number; limit: number | null } = whole,
) {
  return RejectsWriter.open({ path, position, scope, rerun });
}

function reject(record: number, text: string | Uint8Array = `row ${record}`, source = "a.csv"): Reject {
  const head = typeof text === "string" ? Buffer.from(text) : text;
  return {
    code: "FIELD_TYPE",
    reason: "wrong",
    place: { source, line: record + 1, offset: record * 10, record },
    head,
  };
}

function lines(): { record: number; source: string; bytes: string; encoding: string; bytesTotal: number }[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function write(writer: RejectsWriter, ...rejects: Reject[]): number {
  for (const one of rejects) writer.write(one);
  const position = writer.sync();
  void writer.close();
  return position;
}

test("a line has the place, the reason, the record and the command that reads it again", () => {
  write(open(null), reject(7, '{"a": "é"}'));
  expect(lines()).toEqual([
    {
      source: "a.csv",
      line: 8,
      offset: 70,
      record: 7,
      code: "FIELD_TYPE",
      reason: "wrong",
      bytes: '{"a": "é"}',
      encoding: "utf8",
      bytesTotal: 11,
      rerun: "plimsoll import a.csv --offset 6 --limit 1",
    },
  ]);
});

test("no reject, no file; no path, nothing written", () => {
  write(open(null));
  expect(existsSync(path)).toBe(false);
  const writer = RejectsWriter.open({ path: null, position: null, scope: whole, rerun });
  expect(write(writer, reject(1))).toBe(0);
});

test("bytes that are not UTF-8 are kept as base64, long records are cut between characters", () => {
  write(open(null), reject(1, Uint8Array.of(0xff, 0xfe, 0x41)), reject(2, `x${"é".repeat(8000)}`));
  const [binary, long] = lines();
  expect(binary).toMatchObject({ bytes: "//5B", encoding: "base64" });
  expect(long).toMatchObject({ encoding: "utf8", bytesTotal: 16_001, bytes: `x${"é".repeat(4095)}` });
});

test("on resume everything behind the checkpoint is cut off and written again, once", () => {
  const first = open(null);
  first.write(reject(1));
  const position = first.sync();
  expect(position).toBe(first.position);
  write(first, reject(2), reject(3));
  appendFileSync(path, '{"source":"a.csv","li');
  write(open(position), reject(2), reject(3));
  expect(lines().map(({ record }) => record)).toEqual([1, 2, 3]);
});

test("resuming at nothing begins with nothing, and a file that lost lines is not gone on with", () => {
  write(open(null), reject(1));
  write(open(0), reject(2));
  expect(lines().map(({ record }) => record)).toEqual([2]);
  expect(() => open(100_000)).toThrow(expect.objectContaining({ code: "REJECTS_UNWRITABLE" }));
});

test("an import that begins takes out the lines of what it reads again, and no others", () => {
  write(open(null), reject(1), reject(2), reject(3), reject(1, "other", "b.csv"));
  appendFileSync(path, '{"source":"a.csv","record":9,"rea');
  write(open(null, { ...whole, offset: 1, limit: 1 }), reject(2, "again"));
  expect(lines().map(({ source, record, bytes }) => [source, record, bytes])).toEqual([
    ["a.csv", 1, "row 1"],
    ["a.csv", 3, "row 3"],
    ["b.csv", 1, "other"],
    ["a.csv", 2, "again"],
  ]);
  write(open(null));
  expect(lines().map(({ source }) => source)).toEqual(["b.csv"]);
  write(open(null, { ...whole, sources: ["b.csv"] }));
  expect(existsSync(path)).toBe(false);
});

test.each(["hello", "hello\nworld\n", '{"some":"json"}\n'])(
  "a file that holds no rejects is left alone: %j",
  (text) => {
    writeFileSync(path, text);
    expect(() => open(null)).toThrow(expect.objectContaining({ code: "REJECTS_FOREIGN" }));
    expect(readFileSync(path, "utf8")).toBe(text);
  },
);

test("a device takes rejects and is never removed", () => {
  const writer = RejectsWriter.open({ path: "/dev/null", position: 0, scope: whole, rerun });
  write(writer, reject(1));
  expect(existsSync("/dev/null")).toBe(true);
});

test("what goes to the disk beside other work is counted once, with what was written meanwhile", async () => {
  const meter = new WritebackMeter();
  const writer = RejectsWriter.open({ path, position: null, scope: whole, rerun, meter });
  writer.write(reject(1));
  writer.beginSync();
  expect(writer.unsyncedBytes).toBeGreaterThan(0);
  writer.write(reject(2));
  expect(await writer.synced()).toBe(statSync(path).size);
  expect([writer.unsyncedBytes, meter.unsyncedBytes]).toEqual([0, 0]);
  writer.write(reject(3));
  writer.beginSync();
  const position = writer.sync();
  expect([writer.unsyncedBytes, meter.unsyncedBytes]).toEqual([0, 0]);
  expect(await writer.synced()).toBe(position);
  expect([writer.unsyncedBytes, meter.unsyncedBytes]).toEqual([0, 0]);
  await writer.close();
  expect(lines().map(({ record }) => record)).toEqual([1, 2, 3]);
});
