import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type MergeTuplesOptions,
  mergeTuplesBytes,
  mergeTuples as mergeTuplesInSteps,
  runToEnd,
  streamOfBlocks,
  tupleNumber,
} from "../../src/postings/index.js";
import { anyTuple, decodeTwin, makeKernel, streamOf, type Tuple, uniteTwin } from "./twin.js";

const kernel = makeKernel(16);
const mergeTuples = (options: MergeTuplesOptions) => runToEnd(mergeTuplesInSteps(options));

function merged(runs: Tuple[][], bounds: { lower?: bigint; upper?: bigint } = {}): Tuple[] {
  const found: Tuple[] = [];
  const inputs = runs.map((run) => streamOf(kernel, run));
  const count = mergeTuples({
    kernel,
    inputs,
    ...bounds,
    output(block, first, tuples) {
      const decoded = decodeTwin(block);
      expect(decoded.length).toBe(tuples);
      expect(decoded[0]).toMatchObject(first);
      found.push(...decoded);
    },
  });
  expect(count).toBe(found.length);
  return found;
}

const anyRuns = fc.array(fc.array(anyTuple, { maxLength: 60 }), { maxLength: 9 });

describe("mergeTuples", () => {
  test("gives what sorting everything gives, equal postings made one across inputs", () => {
    fc.assert(
      fc.property(anyRuns, (runs) => {
        // Uniting saturates at 15 whatever the order, so the twin may unite all at once.
        expect(merged(runs)).toEqual(uniteTwin(runs.flat()));
      }),
    );
  });

  test("keeps to its bounds, and parts put together are the whole", () => {
    fc.assert(
      fc.property(anyRuns, anyTuple, (runs, border) => {
        const bound = tupleNumber(border);
        const parts = [...merged(runs, { upper: bound }), ...merged(runs, { lower: bound })];
        expect(parts).toEqual(uniteTwin(runs.flat()));
      }),
    );
  });

  test("merges many long runs block by block", () => {
    const runs = Array.from({ length: 5 }, (_, r) =>
      Array.from({ length: 30_000 }, (_, i): Tuple => {
        const isShared = i % 10 === 0;
        return {
          index: i % 3,
          term: i % 3 === 0 ? 7n : BigInt(i * 31),
          id: isShared ? i : i * 5 + r,
          payload: i % 2,
        };
      }),
    );
    expect(merged(runs)).toEqual(uniteTwin(runs.flat()));
  });

  test("merges runs whose tuples lie apart in long stretches", () => {
    const runs = Array.from({ length: 4 }, (_, r) =>
      Array.from({ length: 25_000 }, (_, i): Tuple => {
        const id = r * 25_000 + i - (i % 5_000 === 0 ? 1 : 0);
        return { index: 1, term: BigInt(i % 2) << 40n, id: Math.max(0, id), payload: r === 2 ? 0x21 : 0 };
      }),
    );
    expect(merged(runs)).toEqual(uniteTwin(runs.flat()));
    const [lower, upper] = [30_001, 80_000].map((id) => tupleNumber({ index: 1, term: 1n << 40n, id }));
    const within = uniteTwin(runs.flat()).filter(({ term, id }) => term > 0n && id >= 30_001 && id < 80_000);
    expect(merged(runs, { lower: lower!, upper: upper! })).toEqual(within);
  });

  test("reads nothing more of an input beyond the upper bound", () => {
    let reads = 0;
    const tuples = Array.from(
      { length: 100_000 },
      (_, i): Tuple => ({ index: 1, term: BigInt(i) << 20n, id: i, payload: 0 }),
    );
    const blocks = streamOf(kernel, tuples);
    const counting = {
      next(into: Uint8Array) {
        reads++;
        return blocks.next(into);
      },
    };
    const upper = tupleNumber({ index: 1, term: 1000n << 20n, id: 0 });
    expect(mergeTuples({ kernel, inputs: [counting], upper, output: () => {} })).toBe(1000);
    expect(reads).toBeLessThan(4);
  });

  test("states the memory it borrows and gives it back", () => {
    const before = kernel.freeBytes;
    merged([[], []]);
    expect(kernel.freeBytes).toBe(before);
    expect(mergeTuplesBytes(kernel, 16) - mergeTuplesBytes(kernel, 15)).toBeLessThan(20_000);
  });

  test("refuses a block that does not add up", () => {
    const inputs = [streamOfBlocks([new Uint8Array(100)])];
    expect(() => mergeTuples({ kernel, inputs, output: () => {} })).toThrow(
      expect.objectContaining({ code: "BLOCK_DAMAGED" }),
    );
  });
});
