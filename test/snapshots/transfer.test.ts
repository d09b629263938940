import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { noise, put, still } from "../../conformance/storage-world.js";
import type { Clock } from "../../src/kernel/index.js";
import type { SnapshotStorage, StoredObject } from "../../src/ports/index.js";
import {
  ByteBudget,
  type ByteLease,
  MemoryStorage,
  makeSnapshotName,
  SnapshotCleaner,
} from "../../src/snapshots/index.js";

const minute = 60_000;
const hour = 60 * minute;
const { signal } = new AbortController();

function name(instance: string, atMs: number, database = "main"): string {
  return makeSnapshotName({ database, instance, timestampNano: BigInt(atMs) * 1_000_000n });
}

function newStorage(): MemoryStorage {
  return new MemoryStorage(randomUUID());
}

async function namesOf(storage: SnapshotStorage): Promise<string[]> {
  const found: string[] = [];
  for await (const object of storage.list("", { signal: still() })) found.push(object.name);
  return found;
}

class SetClock implements Clock {
  ms = 1_700_000_000_000;
  aheadMs = 0;
  nowMs = () => this.ms;
  wallMs = () => this.ms + this.aheadMs;
  sleep = async () => {};
}

test("leases are granted in order, within bytes and number, and given up when aborted", async () => {
  const budget = new ByteBudget({ bytesMax: 100, countMax: 2 });
  const order: string[] = [];
  const take = async (label: string, bytes: number, at = signal) => {
    const lease = await budget.take(bytes, at);
    order.push(label);
    return lease;
  };
  const first = await take("first", 60);
  const large = take("large", 80);
  const small = take("small", 10);
  await Promise.resolve();
  expect(order).toEqual(["first"]);
  expect(budget.waiting).toBe(2);
  first.release();
  await large;
  await small;
  expect(order).toEqual(["first", "large", "small"]);
  expect([budget.usedBytes, budget.count]).toEqual([90, 2]);
  const controller = new AbortController();
  const given = take("given up", 0, controller.signal);
  const behind = take("behind", 0);
  controller.abort(new Error("no more"));
  await expect(given).rejects.toThrow("no more");
  (await small).release();
  (await small).release();
  await behind;
  const alone = take("alone", 1000);
  for (const lease of [await large, await behind]) lease.release();
  expect((await alone).bytes).toBe(1000);
  (await alone).release();
  expect([budget.usedBytes, budget.count, budget.waiting]).toEqual([0, 0, 0]);
  const some = await budget.takeSome(40, 5, signal);
  expect([some.count, some.bytes]).toEqual([2, 80]);
});

test("whatever is asked for is granted in the end, and never more than there is", async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 30 });
  const property = fc.asyncProperty(sizes, fc.integer({ min: 1, max: 4 }), async (asked, countMax) => {
    const budget = new ByteBudget({ bytesMax: 100, countMax });
    const granted: number[] = [];
    const use = async (bytes: number, index: number) => {
      const lease: ByteLease = await budget.take(bytes, signal);
      granted.push(index);
      expect(budget.usedBytes <= 100 || budget.count === 1).toBe(true);
      expect(budget.count).toBeLessThanOrEqual(countMax);
      await new Promise((resolve) => setImmediate(resolve));
      lease.release();
    };
    await Promise.all(asked.map(use));
    expect(granted).toEqual(asked.map((_, index) => index));
    expect(budget.usedBytes).toBe(0);
  });
  await fc.assert(property, { numRuns: 50 });
});

function listedAs(
  storage: SnapshotStorage,
  change: (objects: StoredObject[]) => StoredObject[],
): SnapshotStorage {
  return new Proxy(storage, {
    get(_target, property) {
      if (property === "list")
        return async function* (prefix: string) {
          const objects: StoredObject[] = [];
          for await (const object of storage.list(prefix, { signal })) objects.push(object);
          yield* change(objects);
        };
      const value: unknown = Reflect.get(storage, property, storage);
      return typeof value === "function" ? value.bind(storage) : value;
    },
  });
}

const rules = { mustKeepMs: 10 * minute, oldInstanceMs: 168 * hour };

function cleanerOf(storage: SnapshotStorage, clock: Clock, namesMax = 1000): SnapshotCleaner {
  return new SnapshotCleaner({ storage, database: "main", ownInstance: "own", clock, namesMax, ...rules });
}

test("a snapshot goes when a newer one has been there for long enough", async () => {
  const clock = new SetClock();
  const storage = newStorage();
  const cleaner = cleanerOf(storage, clock);
  const [first, second] = [name("a", clock.ms), name("a", clock.ms + hour)];
  await put(storage, first, noise(1, 1));
  await cleaner.run(new Map(), { signal });
  clock.ms += hour;
  await put(storage, second, noise(1, 1));
  // The former one was seen long ago, but whoever listed before the new one came may be reading it.
  expect(await cleaner.run(new Map(), { signal })).toMatchObject({ removed: 0, kept: 2 });
  clock.ms += 9 * minute;
  expect(await cleaner.run(new Map(), { signal })).toMatchObject({ removed: 0 });
  clock.ms += 2 * minute;
  expect(await cleaner.run(new Map(), { signal })).toMatchObject({ removed: 1, kept: 1 });
  expect(await namesOf(storage)).toEqual([second]);
  clock.ms += 10_000 * hour;
  expect(await cleaner.run(new Map(), { signal })).toMatchObject({ removed: 0 });
});

test("a silent instance goes when our own stored snapshot holds what it had", async () => {
  const clock = new SetClock();
  const storage = newStorage();
  const old = name("a", clock.ms - 200 * hour);
  const own = name("own", clock.ms);
  const ahead = name("b", clock.ms + 50_000 * hour);
  for (const each of [old, own, ahead]) await put(storage, each, noise(1, 1));
  const cleaner = cleanerOf(storage, clock);
  const all = new Map([
    ["a", old],
    ["own", own],
    ["b", ahead],
  ]);
  await cleaner.run(all, { signal });
  clock.ms += hour;
  await cleaner.run(new Map(), { signal });
  await cleaner.run(new Map([["a", name("a", clock.ms - 300 * hour)]]), { signal });
  const without = listedAs(storage, (objects) => objects.filter((object) => object.name !== own));
  await cleanerOf(without, clock).run(all, { signal });
  expect(await namesOf(storage)).toHaveLength(3);
  expect(await cleaner.run(all, { signal })).toMatchObject({ removed: 1 });
  expect(await namesOf(storage)).toEqual([ahead, own]);
});

/** Instances publish, lists lose and mix names, clocks jump, several cleaners run: what is needed stays. */
test("no schedule makes it remove what somebody may need", { timeout: 60_000 }, async () => {
  const step = fc.record({
    instance: fc.constantFrom("a", "b", "own"),
    act: fc.constantFrom("publish", "publish", "clean", "clean stale", "clean mixed", "clean anew"),
    minutes: fc.integer({ min: 0, max: 30 }),
    skew: fc.integer({ min: -10_000, max: 10_000 }),
    lost: fc.nat(6),
  });
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const clock = new SetClock();
    const storage = newStorage();
    let view: (objects: StoredObject[]) => StoredObject[] = (objects) => objects;
    const seen = listedAs(storage, (objects) => view(objects));
    let cleaner = cleanerOf(seen, clock, 5);
    const newest = new Map<string, { name: string; atMs: number; former: string | null }>();
    let stamp = clock.ms;
    for (const { instance, act, minutes, skew, lost } of steps) {
      clock.ms += minutes * minute;
      clock.aheadMs = skew * hour;
      view = (objects) => objects;
      if (act === "publish") {
        const next = name(instance, ++stamp);
        await put(storage, next, noise(1, 1));
        newest.set(instance, { name: next, atMs: clock.ms, former: newest.get(instance)?.name ?? null });
        continue;
      }
      if (act === "clean stale") view = (objects) => objects.filter((_, index) => index !== lost);
      if (act === "clean mixed") view = (objects) => objects.slice(lost).concat(objects.slice(0, lost));
      if (act === "clean anew") cleaner = cleanerOf(seen, clock, 5);
      await cleaner.run(new Map(), { signal });
      const left = await namesOf(storage);
      for (const { name: needed, atMs, former } of newest.values()) {
        expect(left).toContain(needed);
        if (former !== null && clock.ms - atMs <= rules.mustKeepMs) expect(left).toContain(former);
      }
    }
  });
  await fc.assert(property, { numRuns: 300 });
});

test("a storage of more names than it remembers is cleaned bit by bit", async () => {
  const clock = new SetClock();
  const storage = newStorage();
  for (let index = 0; index < 50; index++) await put(storage, name("a", clock.ms + index), noise(1, 1));
  const cleaner = cleanerOf(storage, clock, 10);
  const left: number[] = [];
  for (let round = 0; round < 8; round++) {
    await cleaner.run(new Map(), { signal });
    left.push((await namesOf(storage)).length);
    clock.ms += 11 * minute;
  }
  expect(left[0]).toBe(50);
  expect(left.at(-1)).toBe(1);
});
