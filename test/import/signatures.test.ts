import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RejectLine } from "../../src/pipeline/index.js";
import { brokenEvents, signedEvent } from "../presets/signed-events.js";
import { importInto, makeFolder, plimsoll } from "../support/cli.js";
import { countHere, jsonl } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

/** Broken events among good ones: every fiftieth line, so that every worker meets some. */
const everyNth = 50;
const broken = brokenEvents();
const records = Array.from({ length: 2000 }, (_, at) => {
  const isBroken = at % everyNth === everyNth - 1;
  return isBroken ? broken[((at + 1) / everyNth - 1) % broken.length]!.event : signedEvent(1000 + at);
});
const isBad = (at: number) => at % everyNth === everyNth - 1;
const badCount = records.length / everyNth;

beforeAll(() => {
  folder.write("events.jsonl", jsonl(records));
});

const words = ["events.jsonl", "--preset", "nostr", "--memory", "160MiB", "--batch-bytes", "256KiB"];

function rejectsIn(store: string): RejectLine[] {
  const lines = readFileSync(folder.file(`${store}.rejects.jsonl`), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as RejectLine).sort((a, b) => a.record! - b.record!);
}

test.each([0, 1, 2])(
  "with %s threads exactly the events whose signature does not hold are rejected",
  async (threads) => {
    const store = `store${threads}`;
    const args = [...words, "--verify", "--into", store, "--threads", String(threads)];
    const { code, report, error } = await importInto(folder, args);
    expect(code, error).toBe(0);
    expect(report!.records).toMatchObject({ read: records.length, rejected: badCount });
    const found = rejectsIn(store).map(({ record, line, code, reason }) => ({ record, line, code, reason }));
    const expected = records.flatMap((_, at) => {
      if (!isBad(at)) return [];
      const { reason } = broken[((at + 1) / everyNth - 1) % broken.length]!;
      return [{ record: at + 1, line: at + 1, code: "NOSTR_SIGNATURE", reason }];
    });
    expect(found).toEqual(expected);
    expect(await countHere(folder.file(store), {})).toBe(records.length - badCount);
  },
);

test("the command that a reject gives runs its record again, verified as before", async () => {
  const store = "again";
  await importInto(folder, [...words, "--verify", "--into", store, "--limit", "60"]);
  const [reject] = rejectsIn(store);
  expect(reject!.rerun).toContain("--verify");
  const [, ...rerun] = reject!.rerun!.split(" ");
  const { code, error } = await plimsoll(rerun, { cwd: folder.path });
  expect(code, error).toBe(0);
  expect(error).toContain("1 rejected = 1 read");
});

test("without --verify ids alone are checked", async () => {
  const { report } = await importInto(folder, [...words, "--into", "ids"]);
  expect(report!.records.rejected).toBe(0);
});

test("what is nearer to the command decides between --verify and --no-check-ids; both are wrong usage", async () => {
  const both = await plimsoll(["import", ...words, "--into", "both", "--verify", "--no-check-ids"], {
    cwd: folder.path,
  });
  expect(both.code).toBe(2);
  expect(both.error).toContain("--verify and --no-check-ids cannot be given together");
  const nearer = await importInto(folder, [...words, "--into", "nearer", "--verify"], {
    environment: { PLIMSOLL_NO_CHECK_IDS: "1" },
  });
  expect(nearer.report!.records.rejected).toBe(badCount);
  const off = await importInto(folder, [...words, "--into", "off"], {
    environment: { PLIMSOLL_VERIFY: "1", PLIMSOLL_NO_CHECK_IDS: "0" },
  });
  expect(off.report!.records.rejected).toBe(badCount);
});

test("records that are not signed cannot be verified, and nothing is made of them", async () => {
  folder.write("cities.csv", "id,name\n1,Rome\n2,Oslo\n");
  const refused = await importInto(folder, ["cities.csv", "--key", "id", "--into", "cities", "--verify"]);
  expect(refused.code).toBe(1);
  expect(refused.error).toContain("NOTHING_SIGNED");
  expect(refused.error).toContain("cities.csv");
  expect(() => readFileSync(folder.file("cities/plimsoll.json"))).toThrow(/ENOENT/);
});

test("a store of events takes records of other entities, whose ids are nobody's hash", async () => {
  const store = "mixed";
  await importInto(folder, [...words, "--into", store, "--limit", "40", "--verify"]);
  const args = ["cities.csv", "--entity", "City", "--key", "id", "--into", store];
  const { report, error } = await importInto(folder, args);
  expect(report!.records, error).toMatchObject({ stored: 2, rejected: 0 });
  const refused = await importInto(folder, [...args, "--verify", "--fresh"]);
  expect(refused.error).toContain("NOTHING_SIGNED");
});
