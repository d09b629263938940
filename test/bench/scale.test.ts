import { expect, test } from "vitest";
import { fitModel, phasesOf, project } from "../../bench/scale/model.js";
import { scalePlot } from "../../bench/scale/plot.js";

const gigabyte = 1e9;
const disk = { writeBytesPerSecond: gigabyte, readBytesPerSecond: gigabyte };
const [workers, entriesPerEdge, edgesPerRun, mergeInputsMax] = [2, 6, 500_000, 64];

/** An import whose phases cost what they are told to. */
function imported(edges: number) {
  const tupleRuns = Math.max(workers, edges / edgesPerRun);
  const entries = edges * entriesPerEdge;
  const readSeconds = edges * 2e-6;
  const mergeSeconds = entries * (1e-7 + 1e-8 * Math.log2(tupleRuns));
  return {
    edges,
    stored: edges,
    wallSeconds: 0.3 + readSeconds + mergeSeconds,
    startSeconds: 0.3,
    readSeconds,
    mergeSeconds,
    appendSeconds: 0,
    prepareSeconds: 0,
    peakBytes: 400e6,
    tuples: entries - edges,
    keys: edges,
    tupleBytes: edges * (30 + Math.log10(edges)),
    keyBytes: edges * 40,
    tupleRuns,
    mergeInputsMax,
    mergePasses: 0,
    sortSeconds: edges * 8e-7,
    syncSeconds: edges * 2e-7,
    store: { records: edges * 28, postings: edges * (10 + Math.log10(edges)), keys: edges * 50, file: 0 },
    inputBytes: edges * 100,
    memory: "512MiB",
    workers,
  };
}

const model = fitModel([imported(1e6), imported(1e7)], disk);

test("an import within one merge is projected as it comes, beyond the two that were measured", () => {
  for (const edges of [1e7, 3e7]) {
    const projected = project(model, edges);
    const measured = imported(edges);
    expect(projected.totalSeconds / measured.wallSeconds).toBeCloseTo(1, 6);
    expect(projected.spilledBytes / (measured.tupleBytes + measured.keyBytes)).toBeCloseTo(1, 6);
    expect(projected.runs).toBe(measured.tupleRuns);
    expect(projected.passesByFormula).toBe(1);
    const phases = phasesOf(measured);
    for (const name of ["start", "decode", "sort", "lower", "merge"] as const)
      expect(projected.seconds[name]).toBeCloseTo(phases[name], 6);
  }
});

test("noise in a merge makes matches neither give time back nor cost more than the kernel's", () => {
  const [small, large] = [imported(1e6), imported(1e7)];
  const { pass, match } = fitModel([small, { ...large, mergeSeconds: large.mergeSeconds * 3 }], disk).merge;
  expect(pass / match).toBeCloseTo(8, 6);
  const quick = fitModel([{ ...small, mergeSeconds: small.mergeSeconds * 3 }, large], disk).merge;
  expect(quick.match).toBe(0);
  expect(quick.pass).toBeCloseTo(large.mergeSeconds / (large.tuples + large.keys), 12);
});

test("runs beyond what a merge can take cost passes of their own", () => {
  const [one, two, three] = [3e7, 1e9, 1e11].map((edges) => project(model, edges));
  expect([one!.passesByFormula, two!.passesByFormula, three!.passesByFormula]).toEqual([1, 2, 3]);
  expect(one!.mergedAgain).toBe(0);
  expect(two!.mergedAgain).toBeGreaterThan(0.9);
  expect(three!.mergedAgain).toBeGreaterThan(two!.mergedAgain);
  expect(two!.bytesWritten - two!.storeBytes).toBeCloseTo(two!.spilledBytes, 0);
  expect(three!.totalSeconds / three!.edges).toBeGreaterThan(two!.totalSeconds / two!.edges);
});

test("no phase is faster than the disk", () => {
  const slow = fitModel([imported(1e6), imported(1e7)], {
    writeBytesPerSecond: 1e6,
    readBytesPerSecond: 1e6,
  });
  const projected = project(slow, 1e8);
  const { start, ...rest } = projected.seconds;
  const busy = Object.values(rest).reduce((sum, seconds) => sum + seconds, 0);
  expect(busy).toBeCloseTo(projected.diskSeconds, 3);
  expect(projected.diskSeconds).toBeGreaterThan((projected.bytesWritten + 1e10) / 1e6);
});

test("a bar for each size is drawn, with its time below", () => {
  const bars = [1e6, 1e11].map((edges) => {
    return { edges, seconds: project(model, edges).seconds, isMeasured: edges === 1e6 };
  });
  const drawn = scalePlot(bars);
  expect(drawn.match(/<rect [^>]*fill-opacity/g)?.length).toBe(5);
  for (const word of ["1 million", "100 billion", "measured", "projected"])
    expect(drawn).toContain(`>${word}<`);
});
