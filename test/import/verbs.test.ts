import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder, plimsoll, projectFile, startPlimsoll } from "../support/cli.js";
import { jsonl, seenHere } from "../support/imports.js";
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
const words = [
  "import",
  "../second.jsonl",
  "--into",
  "store",
  ...options,
  "--memory",
  "160MiB",
  "--sync-bytes",
  "64KiB",
];

function docs(seed: number, count: number): unknown[] {
  const draw = seeded(seed);
  return Array.from({ length: count }, (_, n) => {
    const id = Math.floor(draw() * count * 1.5);
    return draw() < 0.02 ? { id: `x${id}`, n } : { id, n, text: `word${n % 31} of many words` };
  });
}

/** The store as it ends, and its rejects. */
async function outcomeIn(cwd: string): Promise<unknown> {
  const { lines, stats, faults } = await seenHere(join(cwd, "store"));
  const { entities, records, dead, postings } = stats;
  const rejects = readFileSync(join(cwd, "store.rejects.jsonl"), "utf8");
  const runs = readdirSync(join(cwd, "store", "runs"));
  return { lines, stats: { entities, records, dead, postings }, faults, rejects, runs };
}

let expected: unknown;

/** A store that holds a former import already. */
function newCwd(name: string): string {
  const cwd = folder.file(name);
  mkdirSync(cwd);
  cpSync(folder.file("base"), cwd, { recursive: true });
  return cwd;
}

beforeAll(async () => {
  folder.write("mapping.yaml", mapping);
  folder.write("first.jsonl", jsonl(docs(1, 1500)));
  folder.write("second.jsonl", jsonl(docs(2, 4000)));
  mkdirSync(folder.file("base"));
  const first = await plimsoll(["import", "../first.jsonl", "--into", "store", ...options], {
    cwd: folder.file("base"),
  });
  expect(first.code, first.error).toBe(0);
  const cwd = newCwd("undisturbed");
  const second = await plimsoll(words, { cwd });
  expect(second.code, second.error).toBe(0);
  expect(second.error).toContain("rejected");
  expected = await outcomeIn(cwd);
  expect(expected).toMatchObject({ faults: [], runs: [] });
}, 60_000);

/** Dies at a call of a verb, goes on, and must end as if nothing had happened; false when there is no such call. */
async function dieAndGoOn(moment: string, verb: string, call: number): Promise<boolean> {
  const what = `${moment} ${verb} ${call}`;
  const cwd = newCwd(what.replaceAll(" ", "-"));
  const program = [projectFile("test/support/die-at-verb.js"), moment, verb, String(call)];
  const died = await startPlimsoll(words, { cwd, program }).ended;
  if (died.signal !== "SIGKILL") {
    expect(died.code, `${what}: ${died.error}`).toBe(0);
    return false;
  }
  const resumed = await plimsoll(words, { cwd });
  expect(resumed.code, `${what}: ${resumed.error}`).toBe(0);
  expect(await outcomeIn(cwd), what).toEqual(expected);
  return true;
}

test("a process that dies at a commit goes on from there", async () => {
  let commits = 0;
  while (await dieAndGoOn("before", "commit", commits + 1)) commits++;
  // Reading makes several, preparing, keys, tuples, dead records and rejects one each.
  expect(commits).toBeGreaterThan(6);
  for (let call = commits - 5; call <= commits; call++)
    expect(await dieAndGoOn("after", "commit", call)).toBe(true);
}, 120_000);

test.each(["append", "appendTupleBlock", "appendKeyBlock", "rollback", "dropSegments", "publish"])(
  "a process that dies before or after its first %s goes on from there",
  async (verb) => {
    for (const moment of ["before", "after"]) expect(await dieAndGoOn(moment, verb, 1)).toBe(true);
  },
  60_000,
);

test("a process that dies while it cleans up leaves nothing behind", async () => {
  for (const moment of ["before", "after"]) expect(await dieAndGoOn(moment, "dropSegments", 2)).toBe(true);
}, 60_000);
