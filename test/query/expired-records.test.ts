import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findPreset } from "../../src/presets/index.js";
import { ExpiredRecords } from "../../src/query/expired-records.js";
import { nostrCount, nostrQuery } from "../../src/query/index.js";
import { openQueryStore } from "../../src/query/query-store.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";

interface Row {
  /** The second of the expiration, if there is one. */
  expiration: number | null;
  createdAt: number;
}

const anyRow: fc.Arbitrary<Row> = fc.record({
  expiration: fc.option(fc.integer({ min: 0, max: 12 })),
  createdAt: fc.integer({ min: 1, max: 5 }),
});

function textOf({ expiration, createdAt }: Row, number: number): string {
  return JSON.stringify({
    id: number.toString(16).padStart(64, "0"),
    pubkey: "aa".repeat(32),
    created_at: createdAt,
    kind: 1 + (number % 2),
    tags: expiration === null ? [] : [["expiration", String(expiration)]],
    content: "",
    sig: "",
  });
}

/** Sets too large for memory are read through windows; here everything is too large. */
const someBounds = fc.constantFrom(
  { idsMax: 2, windowIds: 32 },
  { idsMax: 2, windowIds: 1 << 20 },
  { idsMax: 1000, windowIds: 32 },
);

const anyStore = fc
  .tuple(
    fc.array(anyRow, { maxLength: 150, size: "max" }),
    fc.array(anyRow, { maxLength: 50, size: "max" }),
    someBounds,
  )
  .map(([first, second, bounds]) => {
    const builder = new MemoryStoreBuilder(findPreset("nostr")!, { blockTuples: 7 });
    const rows = [...first, ...second];
    const texts = rows.map(textOf);
    // The first ten come again: duplicates, dead, of which half expire.
    const pieces = [texts.slice(0, first.length), texts.slice(first.length), texts.slice(0, 10)];
    for (const piece of pieces) builder.addSegment(piece.map((text) => ({ entity: "Event", text })));
    const reader = builder.reader();
    const store = openQueryStore(reader);
    Object.assign(store, { expired: new ExpiredRecords(reader, store.lists, store.dead, bounds) });
    return { reader, store, rows };
  });

const times = fc.array(fc.integer({ min: -1, max: 13 }), { minLength: 1, maxLength: 8 });

describe("expired records", () => {
  test("are those of the records, however time goes on and back", () => {
    fc.assert(
      fc.property(anyStore, times, ({ store, rows }, seconds) => {
        const entity = store.mapping.entities[0]!;
        for (const second of seconds) {
          const isExpired = (row: Row) => row.expiration !== null && row.expiration <= second;
          const expected = rows.flatMap((row, id) => (isExpired(row) ? [id] : []));
          const expired = store.expired.at(entity, second * 1000 + 500);
          expect(expired === null).toBe(expected.length === 0);
          if (expired === null) continue;
          expect(expired.live).toBe(expected.length);
          const found: number[] = [];
          for (const ids = expired.open(0); ids.id < rows.length; ids.next()) found.push(ids.id);
          expect(found).toEqual(expected);
          expect(rows.flatMap((_, id) => (expired.has(id) ? [id] : []))).toEqual(expected);
        }
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test("are hidden from queries and counts, whether the set is in memory or not", () => {
    fc.assert(
      fc.property(anyStore, times, fc.nat({ max: 40 }), ({ reader, rows }, seconds, limit) => {
        for (const second of seconds) {
          const options = { nowMs: second * 1000 };
          const visible = rows
            .map((row, id) => ({ ...row, id }))
            .filter(({ expiration }) => expiration === null || expiration > second)
            .toSorted((left, right) => right.createdAt - left.createdAt || left.id - right.id);
          for (const filter of [{}, { kinds: [2] }, { kinds: [1], since: 2 }]) {
            const { kinds, since = 0 } = filter as { kinds?: number[]; since?: number };
            const wanted = visible
              .filter(({ id, createdAt }) => (kinds?.includes(1 + (id % 2)) ?? true) && createdAt >= since)
              .map(({ id }) => id);
            const found = [...nostrQuery(reader, { ...filter, limit }, options)].map(({ id }) => id);
            expect(found).toEqual(wanted.slice(0, limit));
            expect(nostrCount(reader, filter, options)).toBe(wanted.length);
          }
        }
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
