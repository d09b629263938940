import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder } from "../support/cli.js";
import { DyingImport } from "../support/dying-import.js";
import { jsonl } from "../support/imports.js";
import { seeded } from "../support/people.js";
import { type NostrEvent, nostrEvent, testKinds, testNowSeconds, testPubkeys } from "./events.js";
import { NaiveModel } from "./naive-model.js";

const folder = makeFolder();
afterAll(folder.remove);

const options = ["--preset", "nostr", "--memory", "160MiB", "--sync-bytes", "256KiB"];
const dying = new DyingImport(folder, ["import", "../second.jsonl", "--into", "store", ...options]);

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

beforeAll(async () => {
  const first = clashingEvents(1, 600, []);
  const second = clashingEvents(2, 1500, first);
  folder.write("first.jsonl", jsonl(first));
  folder.write("second.jsonl", jsonl(second));
  const expected = await dying.runUndisturbed(["import", "../first.jsonl", "--into", "store", ...options]);
  const model = new NaiveModel().add([...first, ...second].map((event) => JSON.stringify(event)));
  const visible = model.visible(testNowSeconds).map((event) => JSON.stringify(event));
  expect(expected.lines.toSorted()).toEqual(visible.toSorted());
  for (const fate of ["stored", "replaced", "superseded", "duplicates", "deleted", "rejected"] as const) {
    expect(expected.counts?.[fate], fate).toBeGreaterThan(0);
  }
}, 120_000);

test("an import of events that dies at a commit goes on to the same counts and the same set", async () => {
  // Reading makes some; preparing, keys, tuples, settling, dead records and rejects one each.
  expect(await dying.dieAtEveryCommit(6)).toBeGreaterThan(7);
}, 300_000);

test.each(["appendTupleBlock", "appendKeyBlock", "publish"])(
  "and one that dies before or after its first %s",
  async (verb) => {
    for (const moment of ["before", "after"]) expect(await dying.dieAndGoOn(moment, verb, 1)).toBe(true);
  },
  120_000,
);
