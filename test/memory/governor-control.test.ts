import { describe, expect, test } from "vitest";
import { MiB } from "../../src/kernel/index.js";
import { divideLine, Governor, resolveLine } from "../../src/memory/index.js";
import { FakeClock, FakeGauge } from "./fake-system.js";

const table = divideLine({ lineBytes: 256 * MiB, baselineBytes: 62 * MiB, threads: 2 });
const groupLimitBytes = 256 * MiB;
const reserveBytes = table.shares.reserve.bytes;

interface Scenario {
  /** Memory that others in the same control group hold, by the time in milliseconds. */
  neighbourBytes: (ms: number) => number;
  batches: number;
  delayMsMax?: number;
  /** What the relief steps find to give back, each time that they are asked. */
  reliefBytes?: number;
}

interface Outcome {
  governor: Governor;
  seconds: number;
  /** Milliseconds that each batch took, waits included. */
  batchMs: number[];
  groupPeakBytes: number;
  modeChanges: number;
}

/**
 * An import inside a control group: each batch takes 25 ms and a slab, which grows the process; a neighbour
 * takes and gives back as the scenario says.
 */
async function simulate(scenario: Scenario): Promise<Outcome> {
  const gauge = new FakeGauge();
  const clock = new FakeClock();
  const ownBytes = 90 * MiB;
  gauge.reading.anonBytes = 20 * MiB;
  gauge.reading.cgroup = { usageBytes: 0, workingSetBytes: 0, dirtyBytes: 0, unreclaimableBytes: 0 };
  const cgroup = { version: 2 as const, path: "/group", limitBytes: groupLimitBytes };
  const line = { ...resolveLine("256MiB"), cgroup };
  const governor = new Governor({ table, gauge, clock, line, delayMsMax: scenario.delayMsMax ?? 200 });
  let spareBytes = 20 * MiB;
  governor.relief.register("collectGarbage", () => {
    spareBytes = Math.max(0, spareBytes - (scenario.reliefBytes ?? 0));
  });
  const batchMs: number[] = [];
  let groupPeakBytes = 0;
  const read = gauge.read.bind(gauge);
  gauge.read = () => {
    const reading = read();
    reading.anonBytes = ownBytes + spareBytes;
    const used = reading.anonBytes + scenario.neighbourBytes(clock.ms);
    Object.assign(reading.cgroup!, { usageBytes: used, workingSetBytes: used, unreclaimableBytes: used });
    groupPeakBytes = Math.max(groupPeakBytes, used);
    return reading;
  };
  for (let count = 0; count < scenario.batches; count++) {
    const startMs = clock.ms;
    const lease = await governor.admit(table.slabBytes);
    await governor.boundary();
    clock.ms += 25;
    lease.release();
    governor.noteBatch({ records: 100, bytes: table.slabBytes });
    batchMs.push(clock.ms - startMs);
  }
  const { modeChanges } = governor.statistics();
  return { governor, seconds: clock.ms / 1000, batchMs, groupPeakBytes, modeChanges };
}

const roomBytes = groupLimitBytes - 110 * MiB;

describe("a neighbour in the same control group", () => {
  test("that takes what is free is answered by one batch at a time, and full speed returns when it leaves", async () => {
    const step = (ms: number) => (ms > 5_000 && ms < 15_000 ? roomBytes - reserveBytes / 8 : 0);
    const { batchMs, modeChanges, governor } = await simulate({ neighbourBytes: step, batches: 1000 });
    expect(modeChanges).toBe(2);
    expect(governor.isNarrow).toBe(false);
    expect(Math.max(...batchMs)).toBeGreaterThan(25);
    expect(batchMs.slice(-300).every((ms) => ms === 25)).toBe(true);
    expect(governor.statistics().decisions.map(({ kind }) => kind)).toContain("recover");
  });

  test("that grows slowly is met by delays that grow with it", async () => {
    const ramp = (ms: number) => roomBytes - reserveBytes + Math.min(1, ms / 60_000) * reserveBytes * 0.95;
    const { batchMs, modeChanges } = await simulate({ neighbourBytes: ramp, batches: 2000, delayMsMax: 100 });
    expect(modeChanges).toBe(1);
    const first = batchMs.findIndex((ms) => ms > 25);
    expect(first).toBeGreaterThan(100);
    expect(Math.max(...batchMs)).toBeLessThanOrEqual(125);
  });

  test("that swings across both marks does not open and shut the door each time", async () => {
    const saw = (ms: number) => roomBytes - reserveBytes * (ms % 1000 < 500 ? 0.3 : 1.2);
    const { modeChanges, batchMs, governor, seconds } = await simulate({
      neighbourBytes: saw,
      batches: 4000,
    });
    expect(seconds).toBeGreaterThan(90);
    // A hundred swings.
    expect(modeChanges).toBeLessThanOrEqual(8);
    expect(batchMs).toHaveLength(4000);
    expect(governor.statistics().reliefs.stopAdmitting).toBeLessThanOrEqual(4);
  });

  test("that never gives anything back slows the import down, and does not stop it", async () => {
    const stuck = (ms: number) => (ms > 2_000 ? roomBytes + 50 * MiB : 0);
    const { batchMs, modeChanges, seconds, governor } = await simulate({
      neighbourBytes: stuck,
      batches: 2000,
    });
    expect(batchMs).toHaveLength(2000);
    expect(modeChanges).toBe(1);
    expect(governor.isNarrow).toBe(true);
    // 50 s of work: the waits stay a part of it, and never quite end.
    expect(seconds).toBeLessThan(75);
    const late = batchMs.slice(-100);
    expect(Math.min(...late)).toBeGreaterThan(25);
    expect(Math.max(...late)).toBeLessThan(40);
    expect(governor.statistics().throttledSeconds).toBeGreaterThan(5);
  });

  test("that comes and goes once a minute finds the full speed between its visits", async () => {
    const visits = (ms: number) => (ms % 60_000 < 5_000 ? roomBytes - reserveBytes / 8 : 0);
    const { batchMs, modeChanges } = await simulate({ neighbourBytes: visits, batches: 8000 });
    expect(modeChanges).toBeLessThanOrEqual(10);
    expect(batchMs.filter((ms) => ms === 25).length).toBeGreaterThan(7000);
  });
});

test("what relief gives back ends the pressure without a delay", async () => {
  const neighbourBytes = (ms: number) => (ms > 2_000 ? roomBytes - reserveBytes * 0.4 : 0);
  const { governor, batchMs, modeChanges } = await simulate({
    neighbourBytes,
    batches: 400,
    reliefBytes: 20 * MiB,
  });
  expect(modeChanges).toBe(2);
  expect(batchMs.every((ms) => ms === 25)).toBe(true);
  const [record] = governor.statistics().reliefSteps.filter(({ step }) => step === "collectGarbage");
  expect(record).toMatchObject({ times: 1, refused: 0 });
  expect(record!.bytesBefore - record!.bytesAfter).toBe(20 * MiB);
});

test("a step that has nothing to give says so: it neither counts nor rests", async () => {
  const gauge = new FakeGauge();
  const clock = new FakeClock();
  const governor = new Governor({ table, gauge, clock, delayMsMax: 0 });
  let canGive = false;
  governor.relief.register("spill", () => canGive);
  gauge.reading.anonBytes = 250 * MiB;
  const cross = async () => {
    clock.ms += 25;
    await governor.boundary();
    return governor.statistics().reliefSteps.find(({ step }) => step === "spill");
  };
  expect(await cross()).toMatchObject({ times: 0, refused: 1 });
  expect(await cross()).toMatchObject({ times: 0, refused: 2 });
  canGive = true;
  expect(await cross()).toMatchObject({ times: 1, refused: 2 });
  expect(await cross()).toMatchObject({ times: 1, refused: 2 });
  expect(clock.slept.every((ms) => ms === 0)).toBe(true);
});

test("own files that are not on the disk count towards the write-back share without a control group", async () => {
  const gauge = new FakeGauge();
  const clock = new FakeClock();
  const governor = new Governor({ table, gauge, clock, delayMsMax: 400 });
  const writer = { unsyncedBytes: table.shares.writeback.bytes + 5 * MiB, waitedSeconds: 0 };
  governor.watchWriteback(writer);
  governor.relief.register("syncWriteback", () => false);
  const sleep = clock.sleep;
  clock.sleep = async (ms) => {
    await sleep(ms);
    writer.unsyncedBytes -= MiB;
  };
  clock.ms += 100;
  await governor.boundary();
  const { writebackSeconds, peakUnsyncedBytes, decisions } = governor.statistics();
  expect(writer.unsyncedBytes).toBeLessThanOrEqual(table.shares.writeback.bytes);
  expect(writebackSeconds).toBeCloseTo(0.05, 3);
  expect(peakUnsyncedBytes).toBe(table.shares.writeback.bytes + 5 * MiB);
  expect(decisions.at(-1)!.text).toMatch(
    /^waited 0\.050 s for the disk: .* were dirty, the writeback share is /,
  );
});

test("a disk that takes nothing holds batches back less and less, and the import goes on", async () => {
  const gauge = new FakeGauge();
  const clock = new FakeClock();
  const governor = new Governor({ table, gauge, clock, delayMsMax: 400 });
  governor.watchWriteback({ unsyncedBytes: 2 ** 40, waitedSeconds: 0 });
  for (let count = 0; count < 100; count++) {
    clock.ms += 25;
    await governor.boundary();
  }
  expect(governor.statistics().writebackSeconds).toBeLessThan(4);
});

test("several who come to the control point at once wait for one and the same relief", async () => {
  const gauge = new FakeGauge();
  const clock = new FakeClock();
  const governor = new Governor({ table, gauge, clock, delayMsMax: 10 });
  let running = 0;
  let most = 0;
  governor.relief.register("commit", async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  });
  gauge.reading.anonBytes = 300 * MiB;
  clock.ms += 100;
  await Promise.all([governor.boundary(), governor.boundary(), governor.boundary()]);
  expect(most).toBe(1);
  expect(governor.statistics().reliefs.commit).toBe(1);
});

test("decisions are kept in a ring, and counted all", () => {
  const governor = new Governor({ table, gauge: new FakeGauge(), clock: new FakeClock() });
  for (let count = 0; count < 1000; count++)
    governor.note(count % 2 === 0 ? "even" : "odd", `number ${count}`);
  const { decisions, decisionCounts } = governor.statistics();
  expect(decisions.length).toBeLessThanOrEqual(128);
  expect(decisions.at(-1)!.text).toBe("number 999");
  expect(decisionCounts).toEqual({ even: 500, odd: 500 });
});
