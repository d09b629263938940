import fc from "fast-check";
import { expect, test } from "vitest";
import {
  BatchGovernor,
  type BatchSource,
  type GovernedBatchesOptions,
  governedBatches,
} from "../../src/memory/index.js";

type Item = { bytes: number; number: number };
const sizeOf = (item: Item) => item.bytes;

async function collect(source: BatchSource<Item>, options: GovernedBatchesOptions<Item>) {
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
        expect(batch.bytes).toBe(batch.items.reduce((sum, item) => sum + Math.max(8, item.bytes), 0));
        if (batch.items.length > 1) expect(batch.bytes).toBeLessThanOrEqual(memory);
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
    expect(batch.bytes).toBeGreaterThanOrEqual(1000);
    expect(batch.bytes).toBeLessThan(1300);
  }
});

test("items known to be large are not read before there is room for them", async () => {
  const governor = new BatchGovernor({ memory: 1000 });
  let read = 0;
  let held = 0;
  function* source() {
    for (let number = 0; number < 200; number++) {
      read++;
      yield { bytes: 90, number };
    }
  }
  for await (const batch of governedBatches(source(), { governor, sizeOf })) {
    held += batch.length;
    expect(read).toBe(held);
    expect(governor.heldBytes).toBe(0);
    expect(governor.leasedBytes).toBe(batch.bytes);
  }
  expect(governor.leasedBytes).toBe(0);
});

test("an item larger than the budget goes alone, or ends the batches with its place", async () => {
  const sizes = [10, 20, 5000, 30, 40];
  const batches = await collect(itemsOf(sizes), { memory: 1000, graduality: 0 });
  expect(batches.find((batch) => batch.bytes >= 5000)?.items).toHaveLength(1);
  expect(batches.flatMap((batch) => batch.items)).toHaveLength(5);
  const refused = collect(itemsOf(sizes), { memory: 1000, onOversize: "throw" });
  await expect(refused).rejects.toMatchObject({ code: "ITEM_TOO_LARGE", place: { record: 3 } });
});

test("a batch gives its memory back early by disposal, later when it is kept", async () => {
  const governor = new BatchGovernor({ memory: 100, graduality: 0 });
  const kept: Disposable[] = [];
  let batches = 0;
  const options = { governor, sizeOf, batchesHeld: 2 };
  for await (const batch of governedBatches(itemsOf(new Array(25).fill(10)), options)) {
    expect(batch.bytes).toBeLessThanOrEqual(50);
    expect(governor.leasedBytes).toBeLessThanOrEqual(100);
    if (++batches === 1) kept.push(batch.keep());
    else if (batches === 2) await batch[Symbol.asyncDispose]();
    expect(governor.leasedBytes).toBe(batches === 2 ? 50 : 50 * Math.min(2, batches));
  }
  expect(governor.leasedBytes).toBe(50);
  for (const batch of kept) batch[Symbol.dispose]();
  for (const batch of kept) batch[Symbol.dispose]();
  expect(governor.leasedBytes).toBe(0);
  expect(governor.leaseCount).toBe(0);
});

test("a consumer that keeps too many batches waits for one to be disposed, and a signal ends the wait", async () => {
  const governor = new BatchGovernor({ memory: 100, graduality: 0 });
  const controller = new AbortController();
  const source = itemsOf(new Array(100).fill(10));
  const batches = governedBatches(source, { governor, sizeOf, signal: controller.signal });
  const first = (await batches.next()).value!.keep();
  const second = batches.next();
  expect(await Promise.race([second, Promise.resolve("waiting")])).toBe("waiting");
  first[Symbol.dispose]();
  expect((await second).value!.keep().length).toBe(10);
  const third = batches.next();
  controller.abort(new Error("enough"));
  await expect(third).rejects.toThrow("enough");
  expect(governor.heldBytes).toBe(0);
});

test("batches can be disposed as a whole", async () => {
  let closed = false;
  function* source() {
    try {
      while (true) yield { bytes: 10, number: 0 };
    } finally {
      closed = true;
    }
  }
  {
    await using batches = governedBatches(source(), { memory: 100, sizeOf });
    expect((await batches.next()).value?.length).toBeGreaterThan(0);
  }
  expect(closed).toBe(true);
});
