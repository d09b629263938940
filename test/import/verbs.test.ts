import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder } from "../support/cli.js";
import { DyingImport } from "../support/dying-import.js";
import { jsonl } from "../support/imports.js";
import { seeded } from "../support/people.js";

const folder = makeFolder();
afterAll(folder.remove);

const options = ["--mapping", "../mapping.yaml"];
const mapping = `
version: 1
entities:
  Doc:
    match: "*.jsonl"
    key: id
    conflict: reject
    fields:
      id: int
      n: { type: int, index: range }
      text: { type: string, index: text }
`;
const sizes = ["--memory", "160MiB", "--sync-bytes", "128KiB"];
const dying = new DyingImport(folder, ["import", "../second.jsonl", "--into", "store", ...options, ...sizes]);

function docs(seed: number, count: number): unknown[] {
  const draw = seeded(seed);
  return Array.from({ length: count }, (_, n) => {
    const id = Math.floor(draw() * count * 1.5);
    return draw() < 0.02 ? { id: `x${id}`, n } : { id, n, text: `word${n % 31} of many words` };
  });
}

beforeAll(async () => {
  folder.write("mapping.yaml", mapping);
  folder.write("first.jsonl", jsonl(docs(1, 1500)));
  folder.write("second.jsonl", jsonl(docs(2, 4000)));
  const expected = await dying.runUndisturbed(["import", "../first.jsonl", "--into", "store", ...options]);
  expect(expected.counts?.rejected).toBeGreaterThan(0);
}, 60_000);

test("a process that dies at a commit goes on from there", async () => {
  // Reading makes some; preparing, keys, tuples, dead records and rejects one each.
  expect(await dying.dieAtEveryCommit(5)).toBeGreaterThan(6);
}, 120_000);

test.each(["append", "appendTupleBlock", "appendKeyBlock", "rollback", "dropSegments", "publish"])(
  "a process that dies before or after its first %s goes on from there",
  async (verb) => {
    for (const moment of ["before", "after"]) expect(await dying.dieAndGoOn(moment, verb, 1)).toBe(true);
  },
  60_000,
);

test("a process that dies while it cleans up leaves nothing behind", async () => {
  for (const moment of ["before", "after"]) {
    expect(await dying.dieAndGoOn(moment, "dropSegments", 2)).toBe(true);
  }
}, 60_000);
