import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GatheredIds } from "../../src/query/gathered-ids.js";
import { endOfIds } from "../../src/query/ids.js";
import { metByBits, metIds } from "../../src/query/met-ids.js";
import { openQueryStore } from "../../src/query/query-store.js";
import { sortByText, sortPasses } from "../../src/query/sort-passes.js";
import { TermBatch } from "../../src/query/term-batch.js";
import { WalkUp, walkUp } from "../../src/query/term-walk.js";
import { TopHeap } from "../../src/query/top-heap.js";
import { WalkDown } from "../../src/query/walk-down.js";
import { naiveCompare } from "./naive.js";
import { anyWorld } from "./world.js";

const anyEntries = fc
  .array(fc.bigInt({ min: 0n, max: 5n }), { maxLength: 60 })
  .map((keys) => keys.map((key, id) => ({ id, key })));

describe("sorting in passes", () => {
  test("gives every entry once, in order, however few fit a pass, and groups whole when asked", () => {
    fc.assert(
      fc.property(
        anyEntries,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        (entries, isDescending, isGrouped, entriesMax) => {
          const options = { isDescending, isGrouped, entriesMax, wanted: 1 };
          const groups = [...sortPasses(() => entries, options)].map(({ key, ids }) => ({
            key,
            ids: [...ids()],
          }));
          const sign = isDescending ? -1 : 1;
          const sorted = entries.toSorted(
            (left, right) => sign * Number(left.key - right.key) || left.id - right.id,
          );
          expect(groups.flatMap(({ ids }) => ids)).toEqual(sorted.map(({ id }) => id));
          const keys = groups.map(({ key }) => key);
          if (isGrouped) expect(new Set(keys).size).toBe(keys.length);
        },
      ),
    );
  });

  test("texts come in order of their bytes whatever fits a pass", () => {
    const anyTexts = fc.array(fc.string({ unit: "binary", maxLength: 6 }), { maxLength: 40 });
    fc.assert(
      fc.property(
        anyTexts,
        fc.boolean(),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 400 }),
        (texts, isDescending, entries, bytes) => {
          const ids = texts.map((_text, id) => id);
          const sign = isDescending ? -1 : 1;
          const expected = ids.toSorted((a, b) => sign * naiveCompare(texts[a]!, texts[b]!) || a - b);
          const found = [
            ...sortByText(
              () => ids,
              (id) => texts[id],
              isDescending,
              { entries, bytes },
            ),
          ];
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a heap keeps the smallest", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), fc.integer({ min: 1, max: 10 }), (items, capacity) => {
        const heap = new TopHeap<number>(capacity, (left, right) => left - right);
        for (const item of items) heap.offer(item);
        expect(heap.takeSorted()).toEqual(items.toSorted((left, right) => left - right).slice(0, capacity));
      }),
    );
  });
});

describe("reading ranges", () => {
  const anySpan = fc.tuple(
    fc.constantFrom(5, 8, 9, 11, 13),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  );

  test("walks up and down pass the same postings in opposite orders of term", () => {
    fc.assert(
      fc.property(anyWorld, anySpan, fc.constantFrom(1, 3, 64), ({ reader }, [index, one, other], size) => {
        const span = one < other ? { index, low: one, high: other } : { index, low: other, high: one };
        const up: { term: bigint; id: number }[] = [];
        // Pieces live until the next one, so they are copied as they come.
        for (const { term, ids } of walkUp(reader, span))
          for (const id of Array.from(ids)) up.push({ term, id });
        expect(up).toEqual(up.toSorted((a, b) => (a.term < b.term ? -1 : a.term > b.term ? 1 : a.id - b.id)));
        const batched = (walk: WalkUp | WalkDown) => {
          const postings: typeof up = [];
          for (;;) {
            const batch = new TermBatch(size);
            walk.fill(batch);
            for (let at = 0; at < batch.count; at++)
              postings.push({ term: batch.term(at), id: batch.ids[at]! });
            if (!batch.isFull) return postings;
          }
        };
        expect(batched(new WalkUp(reader, span))).toEqual(up);
        expect(batched(new WalkDown(reader, span))).toEqual(
          up.toSorted((a, b) => (a.term > b.term ? -1 : a.term < b.term ? 1 : a.id - b.id)),
        );
      }),
    );
  });

  test("gathered ids are the same as array, as bitmap and as moving window, and seek forwards", () => {
    fc.assert(
      fc.property(
        anyWorld,
        anySpan,
        fc.nat({ max: 60 }),
        fc.constantFrom(32, 64),
        ({ reader }, [index], from, windowIds) => {
          const span = { index, low: 0n, high: 2n ** 64n - 1n };
          const drain = (set: GatheredIds) => {
            const ids: number[] = [];
            for (const cursor = set.open(from); cursor.id !== endOfIds; cursor.next()) ids.push(cursor.id);
            return ids;
          };
          const { lists } = openQueryStore(reader);
          // With a window smaller than the store there is no bitmap of all of it.
          const sorted = drain(new GatheredIds(reader, lists, [span], { idsMax: 1_000_000, windowIds: 1 }));
          expect(drain(new GatheredIds(reader, lists, [span]))).toEqual(sorted);
          const windows = new GatheredIds(reader, lists, [span], { idsMax: 0, windowIds });
          if (sorted.length > 0) expect(windows.isHeld).toBe(reader.sealed.nextId <= windowIds);
          expect(drain(windows)).toEqual(sorted);
          const cursor = windows.open(0);
          for (const id of sorted) {
            cursor.seek(id);
            expect(cursor.id).toBe(id);
          }
        },
      ),
    );
  });

  test("rising ids met with spans are those that stand in them, in one array too", () => {
    const anyAsked = fc.uniqueArray(fc.nat({ max: 80 }), { maxLength: 40 });
    fc.assert(
      fc.property(
        anyWorld,
        fc.array(anySpan, { minLength: 1, maxLength: 3 }),
        anyAsked,
        (world, chosen, asked) => {
          const store = openQueryStore(world.reader);
          const spans = chosen.map(([index]) => ({ index, low: 0n, high: 2n ** 64n - 1n }));
          const all = new GatheredIds(world.reader, store.lists, spans).toArray();
          const naive = new Set<number>();
          for (const span of spans)
            for (const { ids } of walkUp(world.reader, span)) for (const id of Array.from(ids)) naive.add(id);
          expect([...all]).toEqual([...naive].sort((left, right) => left - right));
          const ids = Float64Array.from(asked).sort();
          expect([...metIds(store, ids, spans)!]).toEqual([...ids].filter((id) => naive.has(id)));
        },
      ),
    );
  });

  test("rising ids met with long lists are the same by bits as by lists", () => {
    const anyAsked = fc.uniqueArray(fc.nat({ max: 80 }), { minLength: 1, maxLength: 40 });
    const anyLists = fc.array(fc.tuple(fc.constantFrom(5, 8, 9, 11, 13), fc.nat()), {
      minLength: 1,
      maxLength: 3,
    });
    let made = 0;
    fc.assert(
      fc.property(anyWorld, anyLists, anyAsked, (world, chosen, asked) => {
        const store = openQueryStore(world.reader);
        const spans = chosen.flatMap(([index, at]) => {
          const walk = walkUp(world.reader, { index, low: 0n, high: 2n ** 64n - 1n });
          const terms = [...new Set(Array.from(walk, ({ term }) => term))];
          const term = terms[at % terms.length];
          return term === undefined ? [] : [{ index, low: term, high: term }];
        });
        const naive = new Set<number>();
        for (const span of spans)
          for (const { ids } of walkUp(world.reader, span)) for (const id of Array.from(ids)) naive.add(id);
        const ids = Float64Array.from(asked.filter((id) => id < store.sealed.nextId)).sort();
        const expected = [...ids].filter((id) => naive.has(id));
        expect([...metIds(store, ids, spans)!]).toEqual(expected);
        if (metByBits(store, ids, spans) === null) return;
        made++;
        expect([...metByBits(store, ids, spans)!]).toEqual(expected);
        expect([...metIds(store, ids, spans)!]).toEqual(expected);
        expect(store.postingCache.bytes).toBeLessThanOrEqual(store.postingCache.bytesMax);
      }),
    );
    expect(made).toBeGreaterThan(10);
  });
});
