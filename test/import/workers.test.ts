import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importInto, makeFolder, plimsoll } from "../support/cli.js";
import { killImport } from "../support/imports.js";
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
      isThere: ({ phase, runs }) => phase === "seal" && runs.length > 0,
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
