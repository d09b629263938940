import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StoreReader } from "../../src/ports/index.js";
import { findPreset } from "../../src/presets/index.js";
import {
  count,
  exportRecords,
  nostrCount,
  nostrQuery,
  type QueryOptions,
  query,
  verify,
} from "../../src/query/index.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";
import { anyEvents, type NostrEvent, testKinds, testNowSeconds } from "./events.js";
import { anyFilter } from "./filters.js";
import { NaiveModel } from "./naive-model.js";

/** All that is stored: regular kinds, those that replace, and deletions. */
const storedKinds = testKinds.filter((kind) => kind < 20_000 || kind >= 30_000);

interface Stored {
  reader: StoreReader;
  model: NaiveModel;
  events: NostrEvent[];
}

/** The same events in a store of up to three segments and in the twin. */
const anyStore: fc.Arbitrary<Stored> = fc
  .tuple(
    anyEvents({ kinds: storedKinds, eventsMax: 60 }),
    fc.nat({ max: 60 }),
    fc.nat({ max: 60 }),
    fc.constantFrom(2, 500),
  )
  .map(([events, left, right, blockTuples]) => {
    const builder = new MemoryStoreBuilder(findPreset("nostr")!, { blockTuples, batchRecords: 9 });
    const [first, second] = [Math.min(left, right), Math.max(left, right)];
    // A repeat in a later segment is a duplicate, dead and perhaps expired as well.
    const pieces = [
      events.slice(0, first),
      events.slice(first, second),
      events.slice(second),
      events.slice(0, 3),
    ];
    const texts = pieces.map((piece) => piece.map((event) => JSON.stringify(event)));
    for (const piece of texts) builder.addSegment(piece.map((text) => ({ entity: "Event", text })));
    return { reader: builder.reader(), model: new NaiveModel().add(texts.flat()), events };
  });

const someNow = fc.constantFrom(0, 12, testNowSeconds - 1, testNowSeconds, testNowSeconds + 1, 4_000_000_000);

function idsOf(reader: StoreReader, filter: unknown, options: QueryOptions): string[] {
  return [...nostrQuery(reader, filter, options)].map(({ bytes }) => idIn(bytes));
}

function idIn(bytes: Uint8Array): string {
  return (JSON.parse(Buffer.from(bytes).toString()) as NostrEvent).id;
}

const idList = (events: readonly NostrEvent[]) => events.map(({ id }) => id);

describe("queries on nostr events", () => {
  test("give what the twin gives at any time, in its order", () => {
    fc.assert(
      fc.property(
        anyStore.chain((stored) =>
          fc.tuple(
            fc.constant(stored),
            fc.array(fc.tuple(anyFilter(stored.events), someNow), { maxLength: 8 }),
          ),
        ),
        ([{ reader, model }, asked]) => {
          for (const [filter, now] of asked) {
            const options = { nowMs: now * 1000 + 999 };
            expect(idsOf(reader, filter, options)).toEqual(idList(model.query(filter, now)));
            expect(nostrCount(reader, filter, options)).toBe(model.count(filter, now));
          }
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);

  test("lists of filters are OR-ed, each with its own limit; events come and count once", () => {
    fc.assert(
      fc.property(
        anyStore.chain((stored) =>
          fc.tuple(
            fc.constant(stored),
            fc.array(anyFilter(stored.events), { minLength: 1, maxLength: 5 }),
            someNow,
          ),
        ),
        ([{ reader, model }, filters, now]) => {
          const options = { nowMs: now * 1000 };
          expect(idsOf(reader, JSON.stringify(filters), options)).toEqual(idList(model.query(filters, now)));
          expect(nostrCount(reader, filters, options)).toBe(model.count(filters, now));
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);

  test("exports and filters by fields hide what has expired too, and nothing else", () => {
    fc.assert(
      fc.property(anyStore, fc.array(someNow, { minLength: 1, maxLength: 3 }), ({ reader, model }, times) => {
        for (const now of times) {
          const options = { nowMs: now * 1000 };
          const visible = idList(model.visible(now)).toSorted();
          const exported = Buffer.concat([...exportRecords(reader, { format: "jsonl", ...options })]);
          const lines = exported.toString("utf8").split("\n").slice(0, -1);
          expect(lines.map((line) => idIn(Buffer.from(line))).toSorted()).toEqual(visible);
          const found = [...query(reader, {}, options)].map(({ bytes }) => idIn(bytes));
          expect(found.toSorted()).toEqual(visible);
          expect(count(reader, {}, options)).toBe(visible.length);
        }
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  test("faulty filters are told of by a code, with their place", () => {
    const builder = new MemoryStoreBuilder(findPreset("nostr")!);
    const reader = builder.reader();
    const id = "ab".repeat(32);
    const faulty: [unknown, string][] = [
      [{ kind: [1] }, "kind is not a member"],
      [{ "#ab": ["x"] }, "#ab is not a member"],
      [{ "#1": ["x"] }, "#1 is not a member"],
      [{ kinds: 1 }, "kinds must be a list"],
      [{ kinds: ["one"] }, "kinds[0] does not fit"],
      [{ kinds: [1.5] }, "kinds[0] does not fit"],
      [{ ids: [id.slice(0, 63)] }, "ids[0] must be 64 hexadecimal digits"],
      [{ authors: [id, "ab"] }, "authors[1] must be 64 hexadecimal digits"],
      [{ authors: [""] }, "authors[0] must be 64 hexadecimal digits"],
      [{ "#t": [5] }, "#t[0] does not fit"],
      [{ since: "yesterday" }, "since must be a time"],
      [{ until: 1.5 }, "until must be a time"],
      [{ limit: -1 }, "limit must be a whole number"],
      [{ search: ["x"] }, "search must be a string"],
      [[{}, { limit: 1.5 }], "[1].limit must be a whole number"],
      [[{}, { since: null }], "[1].since must be a time"],
      [[], "is an empty list"],
      [[[]], "[0] must be an object"],
      ["{", "is not JSON"],
    ];
    for (const [filter, text] of faulty) {
      const isFault = expect.objectContaining({
        code: "QUERY_INVALID",
        message: expect.stringContaining(text),
      });
      expect(() => nostrCount(reader, filter), JSON.stringify(filter)).toThrow(isFault);
      expect(() => [...nostrQuery(reader, filter)], JSON.stringify(filter)).toThrow(isFault);
    }
  });

  test("a verification holds the index of expirations to the events", async () => {
    await fc.assert(
      fc.asyncProperty(anyStore, async ({ reader }) => {
        expect((await verify(reader)).firstFaults).toEqual([]);
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});
