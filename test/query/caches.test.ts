import fc from "fast-check";
import { expect, test } from "vitest";
import type { RecordBlock } from "../../src/postings/index.js";
import { BlockCache } from "../../src/query/block-cache.js";
import { ByteCache } from "../../src/query/byte-cache.js";
import { query, setQueryCaches } from "../../src/query/index.js";
import { openQueryStore } from "../../src/query/query-store.js";
import { anyPersonWhere, naiveQuery } from "./naive.js";
import { anyWorld } from "./world.js";

/** What a cache is, in the plainest way: a list, the most recently used last. */
class NaiveCache {
  kept: { key: number; value: string; bytes: number }[] = [];

  bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get(key: number): string | undefined {
    const entry = this.kept.find((each) => each.key === key);
    if (entry === undefined) return undefined;
    this.kept = [...this.kept.filter((each) => each !== entry), entry];
    return entry.value;
  }

  set(key: number, value: string, bytes: number): void {
    this.kept = this.kept.filter((each) => each.key !== key);
    if (bytes <= this.bytesMax) this.kept.push({ key, value, bytes });
    this.shrink();
  }

  shrink(): void {
    while (this.bytes > this.bytesMax) this.kept.shift();
  }

  get bytes(): number {
    return this.kept.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ get: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ set: fc.nat(9), bytes: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ bytesMax: fc.nat(150) }) },
);

test("a cache by bytes holds what its naive twin holds", () => {
  fc.assert(
    fc.property(fc.nat(150), fc.array(step, { maxLength: 60 }), (bytesMax, steps) => {
      const gone: number[] = [];
      const cache = new ByteCache<number, string>(bytesMax, (key) => gone.push(key));
      const twin = new NaiveCache(bytesMax);
      for (const [index, each] of steps.entries()) {
        if ("get" in each) expect(cache.get(each.get)).toBe(twin.get(each.get));
        else if ("set" in each) {
          cache.set(each.set, `v${index}`, each.bytes);
          twin.set(each.set, `v${index}`, each.bytes);
        } else {
          cache.bytesMax = each.bytesMax;
          twin.bytesMax = each.bytesMax;
          twin.shrink();
        }
        expect(cache.bytes).toBe(twin.bytes);
        expect(cache.bytes).toBeLessThanOrEqual(cache.bytesMax);
      }
      for (const { key, value } of twin.kept) expect(cache.get(key)).toBe(value);
      for (const key of gone) expect(cache.get(key)).toBe(twin.get(key));
    }),
    { numRuns: 300 },
  );
});

/** Ids with gaps: every other one from the first. */
function blockOf(firstId: number, count: number, bytes: number): RecordBlock {
  const nothing = new Uint8Array(0);
  const idAt = (i: number) => firstId + i * 2;
  return { entity: 0, count, firstId, bytes, isLent: false, idAt, bytesAt: () => nothing };
}

test("a block is found by every id in its span, by no other, and only while it is kept", () => {
  const blocks = [10, 40, 90, 120].map((firstId) => blockOf(firstId, 10, 100));
  const cache = new BlockCache(250);
  for (const block of [blocks[2]!, blocks[0]!]) cache.add(block);
  expect([9, 10, 11, 28, 29, 89, 90, 108, 109].map((id) => cache.get(id)?.firstId)).toEqual([
    undefined,
    10,
    10,
    10,
    undefined,
    undefined,
    90,
    90,
    undefined,
  ]);
  cache.add(blocks[1]!);
  // 90 was asked for last, so 10 went.
  expect([10, 45, 95].map((id) => cache.get(id)?.firstId)).toEqual([undefined, 40, 90]);
  cache.add(blockOf(200, 1, 251));
  expect(cache.get(200)).toBeUndefined();
  expect(cache.get(95)?.firstId).toBe(90);
  cache.bytesMax = 0;
  expect([cache.bytes, cache.get(95), cache.get(45)]).toEqual([0, undefined, undefined]);
  cache.bytesMax = 1000;
  for (const block of blocks) cache.add(block);
  for (const block of blocks) expect(cache.get(block.firstId)).toBe(block);
});

test("caches of any size change no result, and keep to their size", () => {
  const sizes = fc.constantFrom(0, 1, 600, 4096, 1 << 20);
  const asked = fc.array(fc.tuple(anyPersonWhere, fc.constantFrom(null, "age", "-name"), sizes, sizes), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(anyWorld, asked, (world, questions) => {
      const store = openQueryStore(world.reader);
      for (const [where, order, blockBytes, indexBytes] of questions) {
        setQueryCaches(world.reader, { blockBytes, indexBytes });
        const filter = { entity: "Person", where, ...(order === null ? {} : { order }) } as const;
        expect([...query(world.reader, filter)].map(({ id }) => id)).toEqual(naiveQuery(world, filter));
        expect(store.records.cache.bytes).toBeLessThanOrEqual(blockBytes);
        expect(store.postingCache.bytes).toBeLessThanOrEqual(indexBytes);
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("what is kept is not decoded again, and what is not kept is", () => {
  const [world] = fc.sample(anyWorld, { numRuns: 1, seed: 7 });
  const { reader } = world!;
  const store = openQueryStore(reader);
  const run = () => [...query(reader, { entity: "Person", where: { alive: true }, order: "age" })].length;
  setQueryCaches(reader, { blockBytes: 1 << 20, indexBytes: 1 << 20 });
  expect(run()).toBeGreaterThan(0);
  // A block is kept when it is asked for a third time.
  run();
  run();
  const [blocksRead, hits] = [store.records.blocksRead, store.postingCache.hits];
  run();
  expect(store.records.blocksRead).toBe(blocksRead);
  expect(store.postingCache.hits).toBeGreaterThan(hits);
  setQueryCaches(reader, { blockBytes: 0, indexBytes: 0 });
  const hitsBefore = store.postingCache.hits;
  run();
  expect(store.postingCache.hits).toBe(hitsBefore);
});
