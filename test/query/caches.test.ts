import fc from "fast-check";
import { expect, test } from "vitest";
import type { RecordBlock } from "../../src/postings/index.js";
import { BlockCache } from "../../src/query/block-cache.js";
import { ByteCache } from "../../src/query/byte-cache.js";
import { query, setQueryCaches } from "../../src/query/index.js";
import { openQueryStore } from "../../src/query/query-store.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";
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

const wide = { version: 1 as const, entities: { Text: { key: "id", fields: { id: "int" as const } } } };

/** Texts that fill blocks of usual size, and short ones whose blocks are small. */
function wideTexts(): string[] {
  return Array.from({ length: 250 }, (_, id) => {
    const words = Array.from({ length: id < 200 ? 330 : 3 }, (_, at) => ((id * 7919 + at) * 104729) % 999983);
    return JSON.stringify({ id, text: words.join(" ") });
  });
}

const room = 64 * 1024;
const asked = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ read: fc.nat(251), and: fc.nat(251) }) },
    { weight: 6, arbitrary: fc.record({ walk: fc.nat(2), by: fc.constantFrom(1, 1, 20, 60) }) },
    { weight: 1, arbitrary: fc.record({ blockBytes: fc.constantFrom(0, 600, room, 2 * room, 4 * room) }) },
  ),
  { minLength: 40, maxLength: 120 },
);

test("a block that takes the room of another is read in its place, and by walks beside it", () => {
  const texts = wideTexts();
  const builder = new MemoryStoreBuilder(wide);
  builder.addSegment(texts.map((text) => ({ entity: "Text", text })));
  const store = openQueryStore(builder.reader());
  fc.assert(
    fc.property(asked, (steps) => {
      store.records.cache.bytesMax = 2 * room;
      const walks = [0, 1, 2].map((from) => store.records.entityIds(0, from * 50));
      for (const step of steps) {
        if ("read" in step) {
          // Three times by turns, so that their blocks are kept.
          for (const id of [step.read, step.and, step.read, step.and, step.read, step.and]) {
            expect(store.records.any(id)?.bytes.toString()).toBe(texts[id]);
          }
        } else if ("walk" in step) {
          const walk = walks[step.walk]!;
          const before = walk.id;
          if (before === Number.POSITIVE_INFINITY) continue;
          if (step.by === 1) walk.next();
          else walk.seek(before + step.by);
          expect(walk.id).toBe(before + step.by < texts.length ? before + step.by : Number.POSITIVE_INFINITY);
        } else store.records.cache.bytesMax = step.blockBytes;
        expect(store.records.cache.bytes).toBeLessThanOrEqual(store.records.cache.bytesMax);
      }
    }),
    { numRuns: 40 },
  );
});

test("a block that cannot be unpacked leaves nothing of itself in the one that it was to replace", () => {
  const texts = wideTexts().slice(0, 50);
  const builder = new MemoryStoreBuilder(wide);
  builder.addSegment(texts.map((text) => ({ entity: "Text", text })));
  // The number of its records, which no checksum covers.
  builder.parts.records[1]!.block[2]! -= 1;
  const store = openQueryStore(builder.reader());
  store.records.cache.bytesMax = 0;
  const walk = store.records.entityIds(0, 0);
  expect(() => walk.seek(25)).toThrow("its lengths do not add up");
  expect(store.records.any(3)?.bytes.toString()).toBe(texts[3]);
});
