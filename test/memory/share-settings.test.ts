import fc from "fast-check";
import { expect, test } from "vitest";
import { isPlimsollError, KiB, MiB, type PlimsollError } from "../../src/kernel/index.js";
import {
  type DivideRequest,
  divideLine,
  formatShareTable,
  type SettableShare,
  settableShares,
  shareSettings,
} from "../../src/memory/index.js";

const page = 64 * KiB;
const base = { baselineBytes: 60 * MiB, threads: 2 };

/** What each share may be asked for, with one thread. */
const ranges: Record<SettableShare, [number, number]> = {
  runBuffers: [1 * MiB, 256 * MiB],
  databaseDirty: [1 * MiB, 32 * MiB],
  mappedPages: [2 * MiB, 64 * MiB],
  writeback: [1 * MiB, 64 * MiB],
};

const settings = fc.record({
  shares: fc.record(
    Object.fromEntries(
      settableShares.map((name) => [name, fc.integer({ min: ranges[name][0], max: ranges[name][1] })]),
    ) as Record<SettableShare, fc.Arbitrary<number>>,
    { requiredKeys: [] },
  ),
  batchBytes: fc.option(fc.integer({ min: 256 * KiB, max: 64 * MiB }), { nil: undefined }),
});

const requests = fc.record({
  lineBytes: fc.integer({ min: 64 * MiB, max: 2048 * MiB }),
  baselineBytes: fc.integer({ min: 20 * MiB, max: 120 * MiB }),
  threads: fc.integer({ min: 1, max: 8 }),
  settings: settings.map(({ shares, batchBytes }) => ({
    shares,
    ...(batchBytes === undefined ? {} : { batchBytes }),
  })),
});

function divideOrRefuse(request: DivideRequest) {
  try {
    return divideLine(request);
  } catch (error) {
    if (isPlimsollError(error)) return error;
    throw error;
  }
}

test("what is asked for is given to the byte (a run buffer to the page) and the phases fit the line", () => {
  let granted = 0;
  fc.assert(
    fc.property(requests, (request) => {
      const table = divideOrRefuse(request);
      if (table instanceof Error) return;
      granted++;
      expect(table.phaseBytes.read).toBeLessThanOrEqual(request.lineBytes);
      expect(table.phaseBytes.seal).toBeLessThanOrEqual(request.lineBytes);
      const { shares, batchBytes } = request.settings;
      for (const name of settableShares) {
        const asked = shares[name];
        if (asked === undefined || name === "runBuffers") continue;
        expect(table.shares[name].bytes).toBe(asked);
      }
      const { worker, workers } = table;
      expect(table.shares.runBuffers.bytes).toBe(workers * (worker.tupleBytes + worker.keyBytes));
      expect(worker.memoryBytes % page).toBe(0);
      if (batchBytes !== undefined) expect(table.slabBytes).toBe(Math.floor(batchBytes / page) * page);
      if (shares.runBuffers === undefined) return;
      const most = Math.min(shares.runBuffers, workers * 256 * MiB);
      expect(table.shares.runBuffers.bytes).toBeLessThanOrEqual(most);
      expect(table.shares.runBuffers.bytes).toBeGreaterThan(most - workers * page);
    }),
    { numRuns: 500 },
  );
  expect(granted).toBeGreaterThan(100);
});

test("a refusal is true: the line that it names holds what was asked for", () => {
  const codes = new Set<string>();
  fc.assert(
    fc.property(requests, (request) => {
      const refusal = divideOrRefuse(request);
      if (!(refusal instanceof Error)) return;
      codes.add(refusal.code);
      const minimum = Number(refusal.details.minimumBytes);
      expect(minimum).toBeGreaterThan(request.lineBytes);
      expect(divideLine({ ...request, lineBytes: minimum }).lineBytes).toBe(minimum);
    }),
    { numRuns: 500 },
  );
  expect([...codes].sort()).toEqual(["LINE_TOO_SMALL", "SHARES_TOO_LARGE"]);
});

test("the message names the option to lower, and that much does", () => {
  const request = { ...base, lineBytes: 256 * MiB };
  const refusal = divideOrRefuse({
    ...request,
    settings: { shares: { runBuffers: 300 * MiB, writeback: 4 * MiB } },
  });
  expect(refusal).toMatchObject({ code: "SHARES_TOO_LARGE" });
  const text = (refusal as PlimsollError).message;
  expect(text).toContain("--run-buffer 300MiB and --writeback 4MiB");
  const lowered = Number(/Lower --run-buffer to (\d+)MiB, or give at least --memory/.exec(text)?.[1]) * MiB;
  const shares = { runBuffers: lowered, writeback: 4 * MiB };
  expect(divideLine({ ...request, settings: { shares } }).lineBytes).toBe(256 * MiB);
  const more = { ...shares, runBuffers: lowered + 16 * MiB };
  expect(divideOrRefuse({ ...request, settings: { shares: more } })).toBeInstanceOf(Error);
});

test("where lowering one is not enough, all are named", () => {
  const refusal = divideOrRefuse({
    ...base,
    lineBytes: 128 * MiB,
    settings: { shares: { databaseDirty: 32 * MiB, writeback: 60 * MiB }, batchBytes: 32 * MiB },
  });
  expect((refusal as PlimsollError).message).toMatch(
    /Leave --dirty-pages 32MiB and --writeback 60MiB and --batch-bytes 32MiB out, or give/,
  );
});

test.each([
  [{ shares: { runBuffers: MiB - 1 } }, "--run-buffer", "1MiB to 512MiB"],
  [{ shares: { runBuffers: 512 * MiB + 1 } }, "--run-buffer", "1MiB to 512MiB"],
  [{ shares: { databaseDirty: 33 * MiB } }, "--dirty-pages", "1MiB to 32MiB"],
  [{ shares: { mappedPages: 1 } }, "--mapped-pages", "2MiB to 64MiB"],
  [{ shares: { writeback: 65 * MiB } }, "--writeback", "1MiB to 64MiB"],
  [{ batchBytes: 255 * KiB }, "--batch-bytes", "256KiB to 64MiB"],
])("%j is out of range", (settings, option, range) => {
  const refusal = divideOrRefuse({ ...base, lineBytes: 4096 * MiB, settings });
  expect(refusal).toMatchObject({ code: "SHARE_OUT_OF_RANGE" });
  expect((refusal as PlimsollError).message).toContain(`${option} is `);
  expect((refusal as PlimsollError).message).toContain(range);
});

test("a run buffer for one thread gets one thread, however many there are", () => {
  const table = divideLine({
    ...base,
    threads: 16,
    lineBytes: 4096 * MiB,
    settings: { shares: { runBuffers: 1.5 * MiB } },
  });
  expect(table).toMatchObject({ threads: 1, threadsAsked: 16 });
  expect(table.shares.runBuffers.bytes).toBe(1.5 * MiB);
});

test("what is taken from one share is given to the others", () => {
  const free = divideLine({ ...base, lineBytes: 256 * MiB });
  const pinned = divideLine({
    ...base,
    lineBytes: 256 * MiB,
    settings: { shares: { runBuffers: 4 * MiB } },
  });
  for (const name of ["databaseDirty", "mappedPages", "writeback", "driverBuffers"] as const) {
    expect(pinned.shares[name].bytes).toBeGreaterThan(free.shares[name].bytes);
  }
  const text = formatShareTable(pinned);
  for (const name of settableShares) {
    expect(text).toMatch(new RegExp(`^${name} .*--${shareSettings[name]} `, "m"));
  }
});
