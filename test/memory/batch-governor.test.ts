import fc from "fast-check";
import { expect, test } from "vitest";
import { MiB } from "../../src/kernel/index.js";
import { BatchGovernor, governedBatches } from "../../src/memory/index.js";
import { FakeGauge } from "./fake-system.js";

interface Item {
  bytes: number;
}
const sizeOf = (item: Item) => item.bytes;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Importer {
  sizes: number[];
  /** Turns of the event loop that the source and the consumer take, by item and by batch. */
  sourceTurns: number[];
  consumerTurns: number[];
  joinTurns: number;
}

const importers = fc.array(
  fc.record({
    sizes: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 1, max: 100 }) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 2000 }) },
      ),
      { maxLength: 60 },
    ),
    sourceTurns: fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
    consumerTurns: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
    joinTurns: fc.nat(6),
  }),
  { minLength: 1, maxLength: 6 },
);

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn();
}

async function* sourceOf({ sizes, sourceTurns, joinTurns }: Importer): AsyncGenerator<Item> {
  await turns(joinTurns);
  for (const [index, bytes] of sizes.entries()) {
    await turns(sourceTurns[index % sourceTurns.length]!);
    yield { bytes };
  }
}

test("importers of any sizes and delays share a budget: it holds, nothing is lost, everyone finishes", async () => {
  const property = fc.asyncProperty(
    importers,
    fc.integer({ min: 50, max: 1500 }),
    fc.nat(5),
    async (list, memory, graduality) => {
      const governor = new BatchGovernor({ memory, graduality });
      const check = () => {
        // The leases fit the budget, or there is one: that of an item that is larger.
        if (governor.leasedBytes > memory) expect(governor.leaseCount).toBe(1);
        // What was read before its size was known is one item an importer.
        expect(governor.heldBytes).toBeLessThanOrEqual(2000 * list.length);
      };
      const done = await Promise.all(
        list.map(async (importer) => {
          const sizes: number[] = [];
          let batches = 0;
          for await (const batch of governedBatches(sourceOf(importer), { governor, sizeOf })) {
            check();
            await turns(importer.consumerTurns[batches++ % importer.consumerTurns.length]!);
            check();
            sizes.push(...batch.items.map(sizeOf));
          }
          return sizes;
        }),
      );
      expect(done).toEqual(list.map(({ sizes }) => sizes));
      expect([governor.leasedBytes, governor.leaseCount, governor.heldBytes]).toEqual([0, 0, 0]);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

test("parts are even, and what an importer leaves goes to the others", async () => {
  const governor = new BatchGovernor({ memory: 8000, graduality: 0 });
  const items = (count: number) => new Array<Item>(count).fill({ bytes: 10 });
  const first = governedBatches(items(5000), { governor, sizeOf });
  const second = governedBatches(items(1000), { governor, sizeOf });
  const bytesOfNext = async (batches: typeof first) => (await batches.next()).value?.bytes;
  expect(await bytesOfNext(first)).toBe(8000);
  // The second comes while the first has everything: it waits for its part, and then has half.
  const waiting = bytesOfNext(second);
  await turns(2);
  const next = bytesOfNext(first);
  expect(await waiting).toBe(4000);
  expect(await next).toBe(4000);
  await second.return();
  expect(await bytesOfNext(first)).toBe(8000);
  await first.return();
});

test("first come, first served: a large wish is not overtaken for ever by small ones", async () => {
  const governor = new BatchGovernor({ memory: 100, graduality: 0 });
  const order: string[] = [];
  const run = async (name: string, sizes: number[]) => {
    const source = sizes.map((bytes) => ({ bytes }));
    for await (const batch of governedBatches(source, { governor, sizeOf })) {
      order.push(batch.bytes > 50 ? `${name} large` : name);
      await turn();
    }
  };
  const small = new Array(200).fill(9);
  await Promise.all([run("a", small), run("b", [9, 95, 9]), run("c", small)]);
  expect(order.indexOf("b large")).toBeGreaterThan(0);
  expect(order.indexOf("b large")).toBeLessThan(20);
});

test("a line leaves the batches what the process does not use; too little is refused with what would do", () => {
  const gauge = new FakeGauge();
  gauge.reading = { ...gauge.reading, rssBytes: 60 * MiB, anonBytes: 60 * MiB, peakRssBytes: 60 * MiB };
  const governor = new BatchGovernor({ line: 160 * MiB, gauge });
  expect(governor.budgetBytes).toBe(90 * MiB);
  expect(new BatchGovernor({ line: "160MiB", memory: "8MiB", gauge }).budgetBytes).toBe(8 * MiB);
  expect(() => new BatchGovernor({ line: 61 * MiB, gauge })).toThrow(/62MiB/);
  expect(() => new BatchGovernor({ memory: 0 })).toThrow(/number of bytes/);
  expect(() => new BatchGovernor({ line: "much" })).toThrow(/is no memory line/);
});
