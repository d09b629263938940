import fc from "fast-check";
import { expect, test } from "vitest";
import { MiB } from "../../src/kernel/index.js";
import {
  divideLine,
  Governor,
  type GovernorOptions,
  type Lease,
  type ReliefStep,
} from "../../src/memory/index.js";
import { FakeClock, FakeGauge } from "./fake-system.js";

const table = divideLine({ lineBytes: 256 * MiB, baselineBytes: 62 * MiB, threads: 2 });

function governorOf(options: Partial<GovernorOptions> = {}) {
  const gauge = new FakeGauge();
  const clock = new FakeClock();
  gauge.reading.anonBytes = 20 * MiB;
  gauge.reading.fileBytes = 42 * MiB;
  const governor = new Governor({ table, gauge, clock, ...options });
  return { governor, gauge, clock };
}

test("leases never exceed their share, and a lease given back twice is given back once", () => {
  const actions = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 40 * MiB }), back: fc.boolean() }));
  fc.assert(
    fc.property(actions, (steps) => {
      const { governor } = governorOf();
      const held: Lease[] = [];
      let expected = 0;
      for (const step of steps) {
        const lease = step.back ? held.pop() : undefined;
        if (lease !== undefined) {
          expected -= lease.bytes;
          lease.release();
          lease.release();
          lease[Symbol.dispose]();
        } else {
          const taken = governor.tryLease("runBuffers", step.bytes);
          const fits = expected + step.bytes <= table.shares.runBuffers.bytes;
          expect(taken !== null).toBe(fits);
          if (taken !== null) held.push(taken);
          if (taken !== null) expected += taken.bytes;
        }
        expect(governor.leasedBytesOf("runBuffers")).toBe(expected);
        expect(governor.leasedBytes).toBe(expected);
      }
    }),
  );
});

test("a lease beyond its share is a bug, not a wait", () => {
  const { governor } = governorOf();
  expect(() => governor.lease("driverBuffers", 2 ** 40)).toThrow(/driverBuffers/);
  expect(() => governor.lease("reserve", 1)).toThrow(/reserve/);
});

test("batches are admitted in order, as many as the share holds", async () => {
  const { governor } = governorOf();
  const admitted: number[] = [];
  const leases: Lease[] = [];
  for (let number = 0; number < 10; number++) {
    void governor.admit(table.slabBytes).then((lease) => {
      admitted.push(number);
      leases.push(lease);
    });
  }
  await settle();
  expect(admitted).toEqual([0, 1, 2, 3]);
  while (leases.length > 0) {
    leases.shift()!.release();
    await settle();
    expect(governor.leasedBytesOf("inputSlabs")).toBeLessThanOrEqual(table.shares.inputSlabs.bytes);
  }
  expect(admitted).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("a large request at the head is not overtaken by a small one", async () => {
  const { governor } = governorOf();
  const first = await governor.admit(table.shares.inputSlabs.bytes - 10);
  const order: string[] = [];
  void governor.admit(100).then(() => order.push("large"));
  void governor.admit(1).then(() => order.push("small"));
  await settle();
  expect(order).toEqual([]);
  first.release();
  await settle();
  expect(order).toEqual(["large", "small"]);
});

test("abort while waiting leaves the queue and lets the next one in", async () => {
  const { governor } = governorOf();
  const first = await governor.admit(table.shares.inputSlabs.bytes);
  const controller = new AbortController();
  const second = governor.admit(MiB, controller.signal);
  const third = governor.admit(MiB);
  controller.abort(new Error("stop"));
  await expect(second).rejects.toThrow("stop");
  await expect(governor.admit(1, AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
  first.release();
  (await third).release();
  expect(governor.leasedBytes).toBe(0);
});

test("a record larger than a slab goes alone", async () => {
  const { governor } = governorOf();
  const other = await governor.admit(table.slabBytes);
  const lease = await governor.admit(table.slabBytes);
  expect(governor.enlarge(lease, table.recordBytesMax + 1)).toBe(false);
  expect(governor.enlarge(lease, table.recordBytesMax)).toBe(true);
  expect(governor.enlarge(other, table.recordBytesMax)).toBe(false);
  expect(lease.bytes).toBe(table.recordBytesMax);
  const events: string[] = [];
  const alone = governor.alone(lease).then(() => events.push("alone"));
  const next = governor.admit(1).then((held) => {
    events.push("next");
    held.release();
  });
  await settle();
  expect(events).toEqual([]);
  other.release();
  await alone;
  expect(events).toEqual(["alone"]);
  lease.release();
  await next;
  expect(governor.leasedBytes).toBe(0);
});

test("without pressure a boundary reads the gauge at most every 20 ms and relieves nothing", async () => {
  const { governor, gauge, clock } = governorOf();
  const reads = gauge.reads;
  for (let count = 0; count < 1000; count++) {
    clock.ms += 1;
    await governor.boundary();
  }
  expect(gauge.reads - reads).toBeLessThan(250);
  expect(Object.values(governor.statistics().reliefs)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(governor.statistics().throttledSeconds).toBe(0);
});

test("relief goes up the ladder in order and stops as soon as there is room", async () => {
  const { governor, gauge, clock } = governorOf();
  const steps: ReliefStep[] = [];
  for (const step of ["collectGarbage", "releaseMapped", "commit", "spill"] as const) {
    governor.relief.register(step, () => {
      steps.push(step);
      if (step === "spill") gauge.reading.anonBytes = 100 * MiB;
    });
  }
  gauge.reading.anonBytes = 210 * MiB;
  clock.ms += 100;
  await governor.boundary();
  expect(steps).toEqual(["commit", "spill"]);
  expect(governor.statistics().reliefs).toMatchObject({ commit: 1, spill: 1, releaseMapped: 0 });
  expect(clock.slept).toEqual([]);
});

test("when nothing helps steps rest, waits are bounded and shrink, and one batch is always inside", async () => {
  const { governor, gauge, clock } = governorOf({ delayMsMax: 100 });
  let commits = 0;
  governor.relief.register("commit", () => void commits++);
  gauge.reading.anonBytes = 400 * MiB;
  let batches = 0;
  for (let count = 0; count < 200; count++) {
    const lease = await governor.admit(table.slabBytes);
    batches++;
    clock.ms += 25;
    lease.release();
    await governor.boundary();
  }
  expect(batches).toBe(200);
  expect(commits).toBeLessThan(20);
  expect(Math.max(...clock.slept)).toBeLessThanOrEqual(100);
  expect(governor.statistics().throttledSeconds).toBeGreaterThan(0);
  expect(governor.statistics().throttledSeconds).toBeLessThan(1);
});

test("pressure narrows the door to one batch until it is over, with hysteresis", async () => {
  const { governor, gauge, clock } = governorOf({ delayMsMax: 0 });
  gauge.reading.anonBytes = 210 * MiB;
  clock.ms += 100;
  await governor.boundary();
  const first = await governor.admit(1);
  let second = false;
  void governor.admit(1).then(() => {
    second = true;
  });
  gauge.reading.anonBytes = 200 * MiB;
  clock.ms += 100;
  await governor.boundary();
  expect(second).toBe(false);
  gauge.reading.anonBytes = 190 * MiB;
  clock.ms += 100;
  await governor.boundary();
  await settle();
  expect(second).toBe(true);
  first.release();
});

test("what is leased but not touched yet counts, what is freed but still resident does not count twice", async () => {
  const full = governorOf({ delayMsMax: 0 });
  let commits = 0;
  full.governor.relief.register("commit", () => void commits++);
  for (const name of ["threads", "decodeScratch", "runBuffers", "outputBuffers", "databaseDirty"] as const) {
    full.governor.lease(name, table.shares[name].bytes);
  }
  full.gauge.reading.anonBytes = 150 * MiB;
  full.clock.ms += 100;
  await full.governor.boundary();
  expect(commits).toBe(0);
  full.gauge.reading.fileBytes += 60 * MiB;
  full.clock.ms += 100;
  await full.governor.boundary();
  expect(commits).toBe(1);
});

test("dirty page cache of a limited group is synced when it outgrows its share", async () => {
  const line = { bytes: 0, source: "", origin: null, decidedBy: null, limits: [], cut: null };
  const cgroup = { version: 2 as const, path: "/sys/fs/cgroup", limitBytes: 256 * MiB };
  const { governor, gauge, clock } = governorOf({ line: { ...line, cgroup } });
  const dirtyBytes = table.shares.writeback.bytes + 1;
  const dirty = { usageBytes: 0, workingSetBytes: 0, unreclaimableBytes: 0, dirtyBytes };
  gauge.reading.cgroup = dirty;
  governor.relief.register("syncWriteback", () => {
    dirty.dirtyBytes = 0;
  });
  clock.ms += 100;
  await governor.boundary();
  expect(governor.statistics().reliefs).toMatchObject({ syncWriteback: 1, commit: 0 });
});

test("the timeline stays bounded and spans the run; batch sizes are summed up", async () => {
  const { governor, clock } = governorOf();
  for (let count = 0; count < 20_000; count++) {
    clock.ms += 100;
    governor.noteBatch({ records: 10, bytes: 1000 + (count % 101) });
    await governor.boundary();
  }
  const { timeline, batchBytes } = governor.statistics();
  expect(timeline.length).toBeLessThanOrEqual(600);
  expect(timeline.length).toBeGreaterThanOrEqual(250);
  expect(timeline[0]!.t).toBe(0);
  expect(timeline.at(-1)!.t).toBeGreaterThan(1900);
  expect(timeline.every((point, index) => index === 0 || point.t > timeline[index - 1]!.t)).toBe(true);
  expect(batchBytes).toMatchObject({ min: 1000, max: 1100 });
  expect(Math.abs(batchBytes.median - 1050)).toBeLessThan(10);
});

test("closing closes the gauge", () => {
  const { governor, gauge } = governorOf();
  governor[Symbol.dispose]();
  expect(gauge.closed).toBe(true);
});

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
