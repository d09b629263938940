import fc from "fast-check";
import { expect, test } from "vitest";
import { MiB } from "../../src/kernel/index.js";
import {
  divideLine,
  type GovernedBatchesOptions,
  Governor,
  governedBatches,
} from "../../src/memory/index.js";
import { FakeClock, FakeGauge } from "./fake-system.js";

type Item = { bytes: number; number: number };
const sizeOf = (item: Item) => item.bytes;

async function collect(source: Iterable<Item> | AsyncIterable<Item>, options: GovernedBatchesOptions<Item>) {
  const batches: { bytes: number; items: Item[] }[] = [];
  for await (const batch of governedBatches(source, { sizeOf, ...options })) {
    expect(batch.length).toBe([...batch].length);
    batches.push({ bytes: batch.bytes, items: [...batch] });
  }
  return batches;
}

function itemsOf(sizes: number[]): Item[] {
  return sizes.map((bytes, number) => ({ bytes, number }));
}

test("nothing is lost, doubled or reordered; a batch crosses its budget only with a single item", async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 5000 })));
  const runs = fc.asyncProperty(
    sizes,
    fc.integer({ min: 1, max: 3000 }),
    fc.integer({ min: 0, max: 8 }),
    async (list, memory, graduality) => {
      const batches = await collect(itemsOf(list), { memory, graduality });
      expect(batches.flatMap((batch) => batch.items.map((item) => item.number))).toEqual([...list.keys()]);
      for (const batch of batches) {
        expect(batch.items.length).toBeGreaterThan(0);
        expect(batch.bytes).toBe(batch.items.reduce((sum, item) => sum + item.bytes, 0));
        if (batch.items.filter((item) => item.bytes > 0).length > 1)
          expect(batch.bytes).toBeLessThanOrEqual(memory);
      }
    },
  );
  await fc.assert(runs);
});

test("batches grow in steps to the budget and use more than four fifths of it", async () => {
  const batches = await collect(itemsOf(new Array(20_000).fill(10)), { memory: 6400, graduality: 5 });
  const bytes = batches.map((batch) => batch.bytes);
  expect(bytes.slice(0, 6)).toEqual([200, 400, 800, 1600, 3200, 6400]);
  expect(Math.min(...bytes.slice(6, -1))).toBeGreaterThanOrEqual(6400 * 0.8);
});

test("records that become a hundred times larger in mid-stream neither collapse the batches nor cross the budget", async () => {
  const sizes = [...new Array(5000).fill(20), ...new Array(500).fill(2000), ...new Array(5000).fill(20)];
  const memory = 100_000;
  const batches = await collect(itemsOf(sizes), { memory });
  expect(Math.max(...batches.map((batch) => batch.bytes))).toBeLessThanOrEqual(memory);
  const large = batches.filter((batch) => batch.items.every((item) => item.bytes === 2000));
  expect(large.length).toBeGreaterThan(5);
  // The change costs two thresholds at most (one batch holds both kinds), and they are won back.
  expect(Math.min(...large.slice(0, -1).map((batch) => batch.bytes))).toBeGreaterThanOrEqual(memory / 5);
  expect(Math.max(...large.map((batch) => batch.bytes))).toBeGreaterThanOrEqual(memory * 0.8);
});

test("an async source is closed when the caller leaves early, and a disposed batch cannot be read", async () => {
  let closed = false;
  async function* source() {
    try {
      for (const item of itemsOf(new Array(100).fill(10))) yield item;
    } finally {
      closed = true;
    }
  }
  let kept: Iterable<Item> | undefined;
  for await (const batch of governedBatches(source(), { memory: 50, sizeOf })) {
    kept = batch;
    break;
  }
  expect(closed).toBe(true);
  expect(() => [...kept!]).toThrow(/before it is disposed/);
});

test("an aborted signal ends the stream with its reason; nonsense is refused", async () => {
  const controller = new AbortController();
  const run = async () => {
    for await (const _ of governedBatches(itemsOf([1, 1, 1]), {
      memory: 1,
      sizeOf,
      signal: controller.signal,
    })) {
      controller.abort(new Error("enough"));
    }
  };
  await expect(run()).rejects.toThrow("enough");
  await expect(collect(itemsOf([1]), { memory: "lots" })).rejects.toThrow(/is no memory line/);
  await expect(collect(itemsOf([Number.NaN]), { memory: 1 })).rejects.toThrow(/sizeOf/);
});

test("sizes in words, and the estimate for items without sizeOf", async () => {
  const records = Array.from({ length: 1000 }, (_, id) => ({ id, name: `name ${id}`, tags: ["a", "b"] }));
  let count = 0;
  for await (const batch of governedBatches(records, { memory: "16KiB" })) {
    expect(batch.bytes).toBeLessThanOrEqual(16 * 1024);
    count += batch.length;
  }
  expect(count).toBe(1000);
  for await (const batch of governedBatches([Buffer.alloc(1000)], { memory: "1MiB" })) {
    expect(Math.abs(batch.bytes - 1000)).toBeLessThan(100);
  }
});

test("beside a governor batches take its leases and give them back", async () => {
  const table = divideLine({ lineBytes: 256 * MiB, baselineBytes: 62 * MiB, threads: 2 });
  const governor = new Governor({ table, gauge: new FakeGauge(), clock: new FakeClock() });
  let batches = 0;
  const items = itemsOf([...new Array(3000).fill(10_000), 3 * MiB, 5]);
  for await (const batch of governedBatches(items, { governor, sizeOf })) {
    batches++;
    expect(governor.leasedBytesOf("inputSlabs")).toBeGreaterThanOrEqual(batch.bytes);
    if (batch.length > 1) expect(batch.bytes).toBeLessThanOrEqual(table.slabBytes);
  }
  expect(governor.leasedBytes).toBe(0);
  expect(governor.statistics().batchBytes.max).toBe(3 * MiB);
  expect(batches).toBeGreaterThan(30);
});
