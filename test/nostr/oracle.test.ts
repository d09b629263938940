import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StoreReader } from "../../src/ports/index.js";
import { nostrCount, nostrQuery } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { makeFolder } from "../support/cli.js";
import { importHere, jsonl, nostrPreset, seenHere } from "../support/imports.js";
import { tries } from "../support/runs.js";
import { anyEvents, type NostrEvent, nostrEvent, testNowSeconds } from "./events.js";
import { anyFilter } from "./filters.js";
import { NaiveModel } from "./naive-model.js";

const folder = makeFolder();
const model = new NaiveModel();
const events: NostrEvent[] = [];
let reader: StoreReader & AsyncDisposable;

/** Sets of events that clash, dealt out to imports so that what belongs together comes apart, and in part twice. */
beforeAll(async () => {
  const sets = fc.sample(anyEvents({ eventsMax: 150 }), { seed: 11, numRuns: 12 });
  const drawn = sets.flat();
  const deletions = drawn
    .filter(({ kind }, at) => kind !== 5 && at % 17 === 0)
    .map(({ id, pubkey, created_at }) =>
      nostrEvent({ pubkey, created_at, kind: 5, tags: [["e", id]], content: "" }),
    );
  const pieces: NostrEvent[][] = [[], [], [], []];
  for (const [at, event] of [...drawn, ...deletions].entries()) {
    pieces[(at * 7) % 4]!.push(event);
    if (at % 11 === 0) pieces[(at * 5) % 4]!.push(event);
  }
  const store = folder.file("store");
  for (const [at, piece] of pieces.entries()) {
    folder.write(`${at}.jsonl`, jsonl(piece));
    await importHere({ cwd: folder.path, sources: [`${at}.jsonl`], store, mapping: nostrPreset });
    model.add(piece.map((event) => JSON.stringify(event)));
    events.push(...piece);
  }
  expect((await seenHere(store)).faults).toEqual([]);
  reader = await openStoreReader(store);
});

afterAll(async () => {
  await reader?.[Symbol.asyncDispose]();
  folder.remove();
});

const someNow = fc.constantFrom(testNowSeconds - 1, testNowSeconds, testNowSeconds + 1, 4_000_000_000);
const ours = (filter: unknown, now: number) =>
  [...nostrQuery(reader, filter, { nowMs: now * 1000 })].map(
    ({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as NostrEvent).id,
  );

describe("a store that was imported piece by piece, held against the twin", () => {
  test("holds dead events of every sort, and still many to ask for", () => {
    const { stored, outdone, duplicates, deleted, rejected } = model.tally();
    for (const count of [outdone, duplicates, deleted, rejected]) expect(count).toBeGreaterThan(10);
    expect(stored).toBeGreaterThan(200);
  });

  test("hundreds of filters are answered and counted alike, at any time", () => {
    let found = 0;
    fc.assert(
      fc.property(anyFilter(events), someNow, (filter, now) => {
        const expected = model.query(filter, now).map(({ id }) => id);
        expect(ours(filter, now)).toEqual(expected);
        expect(nostrCount(reader, filter, { nowMs: now * 1000 })).toBe(model.count(filter, now));
        found += expected.length;
      }),
      { numRuns: tries(300), seed: 12 },
    );
    expect(found).toBeGreaterThan(2 * tries(300));
  });

  test("and so are lists of filters", () => {
    const lists = fc.array(anyFilter(events), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(lists, someNow, (filters, now) => {
        expect(ours(filters, now)).toEqual(model.query(filters, now).map(({ id }) => id));
        expect(nostrCount(reader, filters, { nowMs: now * 1000 })).toBe(model.count(filters, now));
      }),
      { numRuns: tries(60), seed: 13 },
    );
  });
});
