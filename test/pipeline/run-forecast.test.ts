import { expect, test } from "vitest";
import { forecastRuns } from "../../src/pipeline/run-forecast.js";

const few = {
  threads: 2,
  readSeconds: 1,
  bytesInput: 1e6,
  records: 1000,
  syncBytes: 1e9,
  syncRecords: null,
  mergeInputsMax: 1000,
};

test("a buffer that is not full is spilled at the end, and one merge takes all", () => {
  expect(forecastRuns({ ...few, fills: 0.4 })).toEqual({ runs: 2, mergePasses: 1, mergedAgain: 0 });
  expect(forecastRuns({ ...few, fills: 5 })).toMatchObject({ runs: 6, mergePasses: 1 });
});

test("checkpoints by time, by bytes and by records spill what there is", () => {
  expect(forecastRuns({ ...few, fills: 1, readSeconds: 60 }).runs).toBe(24);
  expect(forecastRuns({ ...few, fills: 1, bytesInput: 4.5e9 }).runs).toBe(10);
  expect(forecastRuns({ ...few, fills: 1, syncRecords: 250 }).runs).toBe(8);
});

test("nothing is indexed, nothing is spilled", () => {
  expect(forecastRuns({ ...few, fills: 0 })).toEqual({ runs: 0, mergePasses: 0, mergedAgain: 0 });
});

test("more runs than a merge takes are merged into larger ones first", () => {
  const some = forecastRuns({ ...few, fills: 120, mergeInputsMax: 64 });
  expect(some).toMatchObject({ runs: 120, mergePasses: 2 });
  // 56 too many, in two groups: each run in a group is merged once more.
  expect(some.mergedAgain).toBeCloseTo(58 / 120, 6);
  const many = forecastRuns({ ...few, fills: 10_000, mergeInputsMax: 16 });
  expect(many.mergePasses).toBeGreaterThan(2);
  expect(many.mergedAgain).toBeGreaterThan(1);
});
