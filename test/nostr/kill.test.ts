import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder, plimsoll, projectFile, startPlimsoll } from "../support/cli.js";
import { jsonl, seenHere } from "../support/imports.js";
import { seeded } from "../support/people.js";
import { type NostrEvent, nostrEvent, testKinds, testNowSeconds, testPubkeys } from "./events.js";
import { NaiveModel } from "./naive-model.js";

const folder = makeFolder();
afterAll(folder.remove);

const options = ["--preset", "nostr", "--memory", "160MiB", "--sync-bytes", "64KiB"];
const words = ["import", "../second.jsonl", "--into", "store", ...options];

/** Events that clash; deletions mean those before them, and repeats come again. */
function clashingEvents(seed: number, count: number, before: readonly NostrEvent[]): NostrEvent[] {
  const draw = seeded(seed);
  const one = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;
  const events = [...before];
  while (events.length < before.length + count) {
    const earlier = events.length > 0 && draw() < 0.3 ? one(events) : undefined;
    if (earlier !== undefined && draw() < 0.3) {
      events.push(earlier);
      continue;
    }
    const d = one(["x", "y", "z"]);
    const meant =
      earlier === undefined
        ? []
        : [
            ["e", earlier.id],
            ["a", `30023:${earlier.pubkey}:${d}`],
          ];
    events.push(
      nostrEvent({
        pubkey: earlier?.pubkey ?? one(testPubkeys),
        created_at: testNowSeconds + Math.floor(draw() * 400),
        kind: earlier === undefined ? one(testKinds) : 5,
        tags: [["d", d], ...meant],
        content: `event ${events.length} of seed ${seed}`,
      }),
    );
  }
  return events.slice(before.length);
}

/** The store as it ends, what its last import counted, and its rejects. */
async function outcomeIn(cwd: string) {
  const { lines, stats, faults } = await seenHere(join(cwd, "store"));
  const { records, dead, postings, lastImport } = stats;
  const rejects = readFileSync(join(cwd, "store.rejects.jsonl"), "utf8");
  const runs = readdirSync(join(cwd, "store", "runs"));
  return { lines, records, dead, postings, counts: lastImport?.records, faults, rejects, runs };
}

let expected: Awaited<ReturnType<typeof outcomeIn>>;

/** A store that holds a former import already. */
function newCwd(name: string): string {
  const cwd = folder.file(name);
  mkdirSync(cwd);
  cpSync(folder.file("base"), cwd, { recursive: true });
  return cwd;
}

beforeAll(async () => {
  const first = clashingEvents(1, 600, []);
  const second = clashingEvents(2, 1500, first);
  folder.write("first.jsonl", jsonl(first));
  folder.write("second.jsonl", jsonl(second));
  mkdirSync(folder.file("base"));
  const base = await plimsoll(["import", "../first.jsonl", "--into", "store", ...options], {
    cwd: folder.file("base"),
  });
  expect(base.code, base.error).toBe(0);
  const cwd = newCwd("undisturbed");
  const done = await plimsoll(words, { cwd });
  expect(done.code, done.error).toBe(0);
  expected = await outcomeIn(cwd);
  const model = new NaiveModel().add([...first, ...second].map((event) => JSON.stringify(event)));
  const visible = model.visible(testNowSeconds).map((event) => JSON.stringify(event));
  expect(expected.lines.toSorted()).toEqual(visible.toSorted());
  expect(expected).toMatchObject({ faults: [], runs: [] });
  for (const fate of ["stored", "replaced", "superseded", "duplicates", "deleted", "rejected"]) {
    expect((expected.counts as Record<string, number>)[fate], fate).toBeGreaterThan(0);
  }
}, 120_000);

/**
 * Dies at a call of a verb, goes on, and must end as if nothing had happened; false when there is no such
 * call.
 */
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

test("an import of events that dies at a commit goes on to the same counts and the same set", async () => {
  let commits = 0;
  while (await dieAndGoOn("before", "commit", commits + 1)) commits++;
  // Reading makes several; preparing, keys, tuples, settling, dead records and rejects one each.
  expect(commits).toBeGreaterThan(7);
  for (let call = commits - 6; call <= commits; call++) {
    expect(await dieAndGoOn("after", "commit", call)).toBe(true);
  }
}, 300_000);

test.each(["appendTupleBlock", "appendKeyBlock", "publish"])(
  "and one that dies before or after its first %s",
  async (verb) => {
    for (const moment of ["before", "after"]) expect(await dieAndGoOn(moment, verb, 1)).toBe(true);
  },
  120_000,
);
