import { expect, test } from "vitest";
import { MiB } from "../../src/kernel/index.js";
import { Footprint } from "../../src/memory/footprint.js";
import { FakeGauge } from "./fake-system.js";

const lineBytes = 200 * MiB;

/** A process of 100 MiB under a line of 200, whose resident memory the test sets in MiB. */
function process(): { footprint: Footprint; note(mib: number, leasedMiB: number, peakMiB?: number): void } {
  const gauge = new FakeGauge();
  const at = (mib: number, peakMiB: number) => ({
    ...gauge.reading,
    rssBytes: mib * MiB,
    anonBytes: mib * MiB,
    peakRssBytes: peakMiB * MiB,
  });
  let peak = 100;
  const footprint = new Footprint(lineBytes, at(100, 100));
  return {
    footprint,
    note(mib, leasedMiB, peakMiB = mib) {
      peak = Math.max(peak, peakMiB);
      footprint.note(at(mib, peak), leasedMiB * MiB, true);
    },
  };
}

test("what a byte costs is learned from growing batches, a higher cost at once, a lower one little by little", () => {
  const { footprint, note } = process();
  expect(footprint.factor).toBe(2);
  note(103, 1);
  expect(footprint.factor).toBe(3);
  for (const leased of [2, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16]) note(100 + leased * 1.5, leased);
  expect(footprint.factor).toBeGreaterThan(1.5);
  expect(footprint.factor).toBeLessThan(1.6);
  expect(footprint.batchBytesMax / MiB).toBeGreaterThan(90 / 1.7);
  note(100 + 16 * 3, 16);
  expect(footprint.factor).toBeCloseTo(3);
});

test("the factor is never below one nor above four: what goes beyond is the floor's", () => {
  const { footprint, note } = process();
  note(140, 5);
  expect(footprint.factor).toBe(4);
  expect(footprint.batchBytesMax / MiB).toBeCloseTo((90 - 20) / 4);
  for (let batch = 0; batch < 50; batch++) note(140, 80);
  expect(footprint.factor).toBeGreaterThanOrEqual(1);
});

test("memory that is not returned is no cost, and a peak between two readings is seen", () => {
  const { footprint, note } = process();
  for (let batch = 0; batch < 40; batch++) note(130, 20);
  expect(footprint.factor).toBeCloseTo(1.5, 1);
  const room = footprint.batchBytesMax;
  for (let batch = 0; batch < 40; batch++) note(130, 20);
  expect(footprint.batchBytesMax).toBeCloseTo(room, -5);
  note(130, 20, 180);
  expect(footprint.factor).toBe(4);
});

test("a slow leak takes its own from the room and is not held against the batches", () => {
  const { footprint, note } = process();
  for (let batch = 0; batch < 40; batch++) note(130, 20);
  const before = footprint.batchBytesMax * footprint.factor;
  for (let leaked = 1; leaked <= 20; leaked++) note(130 + leaked, 20);
  expect(footprint.factor).toBeLessThan(1.6);
  expect((before - footprint.batchBytesMax * footprint.factor) / MiB).toBeCloseTo(20, 0);
});

test("new highs close under the line make batches smaller before it is reached", () => {
  const { footprint, note } = process();
  for (let batch = 0; batch < 40; batch++) note(190, 60);
  const room = footprint.batchBytesMax;
  note(196, 60);
  expect(footprint.batchBytesMax).toBeLessThan(room * 0.9);
});
