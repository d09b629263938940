import fc from "fast-check";
import { expect, test } from "vitest";
import { isPlimsollError, KiB, MiB } from "../../src/kernel/index.js";
import { type DivideRequest, divideLine, formatShareTable, shareBytes } from "../../src/memory/index.js";

const requests = fc.record({
  lineBytes: fc.oneof(fc.integer({ min: 0, max: 600 * MiB }), fc.integer({ min: 0, max: 2 ** 42 })),
  baselineBytes: fc.integer({ min: 0, max: 400 * MiB }),
  threads: fc.integer({ min: 1, max: 64 }),
  settings: fc.constantFrom({}, { workerExtraBytes: 6 * MiB }),
});

function divideOrRefuse(request: DivideRequest) {
  try {
    return divideLine(request);
  } catch (error) {
    if (isPlimsollError(error) && error.code === "LINE_TOO_SMALL") return error;
    throw error;
  }
}

test("shares of each phase fit the line and keep to floor and ceiling; a refusal's figure is true", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const table = divideOrRefuse(request);
      if (table instanceof Error) {
        const minimum = Number(table.details.minimumBytes);
        expect(minimum).toBeGreaterThan(request.lineBytes);
        expect(divideLine({ ...request, lineBytes: minimum }).workers).toBe(1);
        return;
      }
      expect(table.phaseBytes.read).toBeLessThanOrEqual(request.lineBytes);
      expect(table.phaseBytes.seal).toBeLessThanOrEqual(request.lineBytes);
      let readBytes = request.baselineBytes;
      for (const share of Object.values(table.shares)) {
        expect(Number.isSafeInteger(share.bytes)).toBe(true);
        expect(share.bytes).toBeGreaterThanOrEqual(share.floorBytes);
        expect(share.bytes).toBeLessThanOrEqual(share.ceilingBytes);
        if (share.phase !== "seal") readBytes += share.bytes;
      }
      expect(readBytes).toBe(table.phaseBytes.read);
      expect(request.lineBytes).toBeGreaterThanOrEqual(table.lineBytesMin);
    }),
    { numRuns: 500 },
  );
});

test("a worker's memory is the sum of its regions, and its shares hold all workers", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const table = divideOrRefuse(request);
      if (table instanceof Error) return;
      const { worker, shares, workers } = table;
      const regions = worker.inputBytes + worker.scratchBytes + worker.outputBytes;
      expect(worker.memoryBytes).toBe(regions + worker.tupleBytes + worker.keyBytes);
      expect(worker.memoryBytes % (64 * KiB)).toBe(0);
      expect(shares.decodeScratch.bytes).toBe(workers * regions);
      expect(shares.runBuffers.bytes).toBe(workers * (worker.tupleBytes + worker.keyBytes));
      expect(shares.inputSlabs.bytes).toBe(table.slabsInFlight * table.slabBytes);
      expect(shares.outputBuffers.bytes).toBe(table.slabsInFlight * table.outputBytes);
      expect(table.recordBytesMax).toBeGreaterThanOrEqual(table.slabBytes);
      if (table.recordBytesMax === table.slabBytes) return;
      expect(table.recordBytesMax * 9 + table.baselineBytes).toBeLessThanOrEqual(table.lineBytes);
    }),
  );
});

test("more line is never less work space", () => {
  fc.assert(
    fc.property(fc.integer({ min: 120, max: 4000 }), fc.integer({ min: 1, max: 8 }), (lineMiB, threads) => {
      const smaller = divideLine({ lineBytes: lineMiB * MiB, baselineBytes: 62 * MiB, threads });
      const larger = divideLine({ lineBytes: (lineMiB + 64) * MiB, baselineBytes: 62 * MiB, threads });
      expect(larger.threads).toBeGreaterThanOrEqual(smaller.threads);
      expect(larger.phaseBytes.read).toBeGreaterThanOrEqual(smaller.phaseBytes.read);
    }),
  );
});

test("the lines that people use with two cores", () => {
  const tableOf = (lineMiB: number) =>
    divideLine({ lineBytes: lineMiB * MiB, baselineBytes: 48 * MiB, threads: 2 });
  expect(tableOf(80)).toMatchObject({ threads: 0, workers: 1, threadsAsked: 2, slabBytes: 256 * KiB });
  expect(formatShareTable(tableOf(80))).toContain(
    "threads none (2 asked for; the line has no room for more)",
  );
  expect(tableOf(128).threads).toBeGreaterThanOrEqual(1);
  expect(tableOf(128).worker.tupleBytes).toBeGreaterThan(MiB);
  expect(tableOf(256)).toMatchObject({ threads: 2, slabBytes: MiB });
  expect(tableOf(2048)).toMatchObject({ slabBytes: 4 * MiB });
});

test("a refusal names the line, the smallest that would do and why", () => {
  const refusal = divideOrRefuse({ lineBytes: 64 * MiB, baselineBytes: 60 * MiB, threads: 2 });
  expect(refusal).toBeInstanceOf(Error);
  expect((refusal as Error).message).toMatch(
    /64 MiB is too small: the process itself takes 60 MiB.*--memory \d+MiB/,
  );
});

test("the table is printed and reported with all of its shares", () => {
  const table = divideLine({ lineBytes: 128 * MiB, baselineBytes: 62 * MiB, threads: 2 });
  const text = formatShareTable(table);
  for (const name of Object.keys(shareBytes(table))) expect(text).toContain(name);
});

test("what each worker takes besides is in the share of threads, and may cost a thread", () => {
  const request = { lineBytes: 256 * MiB, baselineBytes: 62 * MiB };
  const settings = { workerExtraBytes: 6 * MiB };
  for (const threads of [0, 1, 2]) {
    const [plain, extra] = [{}, settings].map((given) =>
      divideLine({ ...request, threads, settings: given }),
    );
    expect(extra!.threads).toBe(threads);
    const moreBytes = extra!.shares.threads.bytes - plain!.shares.threads.bytes;
    expect(moreBytes).toBe(Math.max(1, threads) * settings.workerExtraBytes);
    expect(extra!.lineBytesMin - plain!.lineBytesMin).toBe(settings.workerExtraBytes);
  }
  const tight = divideLine({ ...request, lineBytes: request.lineBytes / 2, threads: 64, settings });
  expect(tight.threads).toBeLessThan(divideLine({ ...request, threads: 64, settings }).threads);
});
