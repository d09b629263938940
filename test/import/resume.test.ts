import { createHash } from "node:crypto";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { importInto, makeFolder } from "../support/cli.js";
import { isReading, jsonl, killImport, visibleState, whileReading } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

const words = ["--entity", "Doc", "--key", "id", "--index", "name", "--range", "rank"];
const options = [...words, "--memory", "160MiB", "--sync-bytes", "64KiB"];
const count = 40_000;
const timeKept = 1_700_000_000;

function docs(first: number, records: number): string {
  const record = (at: number) => ({
    id: first + at,
    name: `name ${at % 1000}`,
    rank: at % 77,
    text: "t".repeat(40),
  });
  return jsonl(Array.from({ length: records }, (_, at) => record(at)));
}

const whole = docs(1, count);

/** Brings a store to where an import of these sources was killed while reading. */
async function unfinished(name: string, sources: readonly string[], input?: string) {
  const store = folder.file(name);
  const checkpoint = await killImport({
    words: [...sources, ...options],
    store,
    cwd: folder.path,
    ...(input === undefined ? {} : { input }),
    at: whileReading,
    isThere: isReading,
  });
  return { store, checkpoint };
}

async function undisturbed(name: string, sources: readonly string[], input?: string) {
  const store = folder.file(name);
  const given = input === undefined ? {} : { input };
  const { code, error, report } = await importInto(folder, [...sources, ...options, "--into", store], given);
  expect(code, error).toBe(0);
  return { state: await visibleState(store), records: report!.records, bytesRead: report!.bytes.read };
}

async function resumed(store: string, sources: readonly string[], input?: string) {
  const given = input === undefined ? {} : { input };
  const { code, error, report } = await importInto(folder, [...sources, ...options, "--into", store], given);
  expect(code, error).toBe(0);
  expect(report!.resumedFrom!.phase).toBe("read");
  expect(report!.resumedFrom!.record).toBeGreaterThan(0);
  return { state: await visibleState(store), records: report!.records, bytesRead: report!.bytes.read };
}

describe("a source that is not what it was", () => {
  test("is refused, whatever changed, until it is restored or begun again", async () => {
    const path = folder.write("changing.jsonl", whole);
    utimesSync(path, timeKept, timeKept);
    const { store, checkpoint } = await unfinished("changing", ["changing.jsonl"]);
    const behind = checkpoint.cursor!.offset - 100;
    const faults: [string, string, boolean][] = [
      ["its size was", whole.slice(0, whole.length / 2), false],
      ["its size was", whole.slice(0, behind), false],
      ["its size was", whole + docs(count + 1, 1), false],
      ["its first bytes differ", whole.replace('"id":1,', '"id":0,'), false],
      ["it was modified", whole, false],
      [
        `the bytes before offset ${checkpoint.cursor!.offset}`,
        `${whole.slice(0, behind)}#${whole.slice(behind + 1)}`,
        true,
      ],
    ];
    for (const [reason, content, isTimeKept] of faults) {
      writeFileSync(path, content);
      if (isTimeKept) utimesSync(path, timeKept, timeKept);
      const { code, error, report } = await importInto(folder, [
        "changing.jsonl",
        ...options,
        "--into",
        store,
      ]);
      expect(code, reason).toBe(1);
      expect(error).toContain(
        "plimsoll: SOURCE_CHANGED: changing.jsonl is not what it was when this import stopped",
      );
      expect(error).toContain(reason);
      expect(error).toContain("Restore it to resume, or start over with --fresh");
      expect(report).toMatchObject({ state: "failed", error: { code: "SOURCE_CHANGED" } });
    }
    writeFileSync(path, whole);
    utimesSync(path, timeKept, timeKept);
    const restored = await resumed(store, ["changing.jsonl"]);
    expect(restored).toEqual(await undisturbed("unchanged", ["changing.jsonl"]));
  }, 120_000);

  test("is loaded as it is now with --fresh", async () => {
    const path = folder.write("fresh.jsonl", whole);
    const { store } = await unfinished("fresh", ["fresh.jsonl"]);
    const changed = docs(500, 3000);
    writeFileSync(path, changed);
    const { code, report, error } = await importInto(folder, [
      "fresh.jsonl",
      ...options,
      "--fresh",
      "--into",
      store,
    ]);
    expect(code, error).toBe(0);
    expect(report).toMatchObject({ resumedFrom: null, records: { read: 3000, stored: 3000 } });
    expect(await visibleState(store)).toEqual((await undisturbed("fresh-alone", ["fresh.jsonl"])).state);
  }, 120_000);
});

describe("a finished import", () => {
  test("does nothing when it is run again, and all again with --fresh", async () => {
    folder.write("small.jsonl", docs(1, 500));
    const store = folder.file("small");
    const args = ["small.jsonl", ...options, "--into", store];
    expect((await importInto(folder, args)).code).toBe(0);
    const before = await visibleState(store);
    const digest = () =>
      createHash("sha256")
        .update(readFileSync(join(store, "data.mdb")))
        .digest("hex");
    const bytesBefore = digest();
    const again = await importInto(folder, args);
    expect(again.code, again.error).toBe(0);
    expect(again.error).toContain("Nothing to do");
    expect(new Set(Object.values(again.report!.records))).toEqual(new Set([0]));
    expect(again.report).toMatchObject({ state: "complete", resumedFrom: { phase: "complete" } });
    expect(digest()).toBe(bytesBefore);
    expect(await visibleState(store)).toEqual(before);
    const fresh = await importInto(folder, [...args, "--fresh"]);
    expect(fresh.report).toMatchObject({ records: { read: 500, duplicates: 500, stored: 0 } });
    expect((await visibleState(store)).lines).toEqual(before.lines);
    // A file that grew is another import of the same name.
    folder.write("small.jsonl", docs(1, 501));
    expect((await importInto(folder, args)).report).toMatchObject({
      records: { duplicates: 500, stored: 1 },
    });
  }, 120_000);

  test("finds the same content under another name to be duplicates", async () => {
    folder.write("one-name.jsonl", docs(1, 500));
    folder.write("other-name.jsonl", docs(1, 500));
    const store = folder.file("names");
    await importInto(folder, ["one-name.jsonl", ...options, "--into", store]);
    const { lines } = await visibleState(store);
    const { code, report } = await importInto(folder, ["other-name.jsonl", ...options, "--into", store]);
    expect(code).toBe(0);
    expect(report!.records).toMatchObject({
      read: 500,
      duplicates: 500,
      stored: 0,
      replaced: 0,
      rejected: 0,
    });
    const after = await visibleState(store);
    expect(after.lines).toEqual(lines);
    expect(after.verified).toMatchObject({ faults: 0 });
  }, 120_000);
});

test("an unfinished import refuses another one, and --fresh of the other drops it", async () => {
  folder.write("first.jsonl", whole);
  folder.write("other.jsonl", docs(1_000_000, 700));
  const { store } = await unfinished("pending", ["first.jsonl"]);
  const args = ["other.jsonl", ...options, "--into", store];
  const refused = await importInto(folder, args);
  expect(refused.code).toBe(1);
  expect(refused.error).toContain(
    `plimsoll: IMPORT_PENDING: ${store} holds an unfinished import of first.jsonl`,
  );
  expect(refused.error).toContain("Run that command again to finish it, or drop it with --fresh");
  // The same file read in another way is another import as well.
  const limited = await importInto(folder, ["first.jsonl", ...options, "--limit", "5", "--into", store]);
  expect(limited.error).toContain("IMPORT_PENDING");
  const dropped = await importInto(folder, [...args, "--fresh"]);
  expect(dropped.code, dropped.error).toBe(0);
  expect(await visibleState(store)).toEqual((await undisturbed("other-alone", ["other.jsonl"])).state);
  const first = await importInto(folder, ["first.jsonl", ...options, "--into", store]);
  expect(first.report).toMatchObject({ resumedFrom: null, records: { read: count, stored: count } });
}, 120_000);

test("stdin goes on when the same stream is piped again, and refuses another one", async () => {
  const { store } = await unfinished("stdin", ["-"], whole);
  const other = docs(7_000_000, count);
  const refused = await importInto(folder, ["-", ...options, "--into", store], { input: other });
  expect(refused.code).toBe(1);
  expect(refused.error).toContain("SOURCE_CHANGED");
  const short = await importInto(folder, ["-", ...options, "--into", store], { input: whole.slice(0, 2000) });
  expect(short.error).toContain("SOURCE_CHANGED");
  expect(await resumed(store, ["-"], whole)).toEqual(await undisturbed("stdin-alone", ["-"], whole));
}, 120_000);

test("compressed input goes on", async () => {
  folder.write("docs.jsonl.gz", gzipSync(whole));
  const { store } = await unfinished("gzip", ["docs.jsonl.gz"]);
  expect(await resumed(store, ["docs.jsonl.gz"])).toEqual(await undisturbed("gzip-alone", ["docs.jsonl.gz"]));
}, 120_000);

test("several sources go on in the second", async () => {
  const sources = ["part-1.jsonl", "part-2.jsonl.gz", "part-3.jsonl"];
  folder.write(sources[0]!, docs(1, 5000));
  folder.write(sources[1]!, gzipSync(docs(4000, count)));
  folder.write(sources[2]!, docs(1, 2000));
  const store = folder.file("several");
  const isThere = ({ phase, sourceIndex, cursor }: { phase: string; sourceIndex: number; cursor: unknown }) =>
    phase === "read" && sourceIndex === 1 && cursor !== null;
  const at = { moment: "after", verb: "commit", call: 5 } as const;
  await killImport({ words: [...sources, ...options], store, cwd: folder.path, at, isThere });
  expect(await resumed(store, sources)).toEqual(await undisturbed("several-alone", sources));
}, 120_000);
