import fc from "fast-check";
import { expect, test } from "vitest";
import { fittedLine, flatness } from "../../bench/prove/slope.js";

const mebibyte = 2 ** 20;
const span = { fromSeconds: 0, toSeconds: 100, lineBytes: 128 * mebibyte };

/** Samples every 0.1 s of a memory that drifts by so much in 100 s, with a tooth of this height and five seconds. */
function samples(driftBytes: number, toothBytes: number): [number, number][] {
  return Array.from({ length: 1001 }, (_, at) => {
    const seconds = at / 10;
    return [seconds, 90 * mebibyte + (driftBytes * seconds) / 100 + ((seconds % 5) / 5) * toothBytes];
  });
}

test("a line through points that lie on one is that line", () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(number, number, fc.integer({ min: 3, max: 50 }), (slope, start, count) => {
      const fit = fittedLine(Array.from({ length: count }, (_, at) => [at, start + slope * at]));
      expect(fit?.slope).toBeCloseTo(slope, 3);
      expect(fit?.deviation).toBeCloseTo(0, 3);
    }),
  );
});

test("slope and error are those of a worked example", () => {
  const fit = fittedLine([
    [1, 2],
    [2, 3],
    [3, 5],
    [4, 4],
    [5, 6],
  ]);
  // Sxx = 10, Sxy = 9, Syy = 10: the residuals are 10 - 8.1 = 1.9, over three degrees of freedom.
  expect(fit?.slope).toBeCloseTo(0.9, 10);
  expect(fit?.error).toBeCloseTo(Math.sqrt(1.9 / 3 / 10), 10);
});

test("too few points have no line", () => {
  expect(fittedLine([])).toBe(null);
  expect(fittedLine([[1, 1]])).toBe(null);
  expect(
    fittedLine([
      [1, 1],
      [1, 2],
      [1, 3],
    ]),
  ).toBe(null);
});

test("a drift of 2% of the line over the last 80% is still flat, more is not", () => {
  const whole = (percent: number) => ((percent / 100) * span.lineBytes) / 0.8;
  expect(flatness(samples(whole(1.9), 0), span)?.isFlat).toBe(true);
  expect(flatness(samples(whole(2.1), 0), span)?.isFlat).toBe(false);
});

test("a drift that hides in the noise is flat, one beyond it is not", () => {
  const tooth = 8 * mebibyte;
  expect(flatness(samples(0, tooth), span)?.isFlat).toBe(true);
  expect(flatness(samples(4 * mebibyte, tooth), span)?.isFlat).toBe(true);
  expect(flatness(samples(16 * mebibyte, tooth), span)?.isFlat).toBe(false);
});

test("how memory got up to its level before does not count, falling does no harm", () => {
  const rising = samples(0, 0).map(([at, bytes]): [number, number] => [
    at,
    at < 20 ? bytes * (at / 20) : bytes,
  ]);
  expect(flatness(rising, span)).toMatchObject({ isFlat: true, fromSeconds: 20 });
  expect(flatness(samples(-50 * mebibyte, 0), span)?.isFlat).toBe(true);
});
