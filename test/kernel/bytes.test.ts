import fc from "fast-check";
import { expect, test } from "vitest";
import { formatBytes, GiB, KiB, MiB, parseBytes, parseSize } from "../../src/kernel/index.js";

test.each([
  ["256MiB", 256 * MiB],
  ["1.5GiB", 1.5 * GiB],
  ["300000000", 300_000_000],
  ["64k", 64 * KiB],
  ["64K", 64 * KiB],
  ["2M", 2 * MiB],
  ["8g", 8 * GiB],
  ["100MB", 100_000_000],
  [" 12 kib ", 12 * KiB],
  ["3TiB", 3 * 1024 * GiB],
  ["7b", 7],
])("%j is %d bytes", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(["", "MiB", "-1", "0", "0.1", "1e3", "5 apples", "1 2", "99999999999TiB", "60%"])(
  "%j is no number of bytes",
  (text) => {
    expect(parseBytes(text)).toBeUndefined();
  },
);

test("percentages are above nothing and at most all", () => {
  expect(parseSize("60%")).toEqual({ kind: "percent", fraction: 0.6 });
  expect(parseSize("100 %")).toEqual({ kind: "percent", fraction: 1 });
  expect(parseSize("0%")).toBeUndefined();
  expect(parseSize("101%")).toBeUndefined();
});

test("bytes for people", () => {
  expect([0, 1, 1023, KiB, 1.5 * MiB, 256 * MiB, 1.25 * GiB, -2 * KiB].map(formatBytes)).toEqual([
    "0 bytes",
    "1 byte",
    "1023 bytes",
    "1 KiB",
    "1.5 MiB",
    "256 MiB",
    "1.25 GiB",
    "-2 KiB",
  ]);
});

test("what is printed is read again as nearly the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: KiB, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      const again = parseBytes(formatBytes(bytes));
      if (again !== undefined) expect(Math.abs(again - bytes) / bytes).toBeLessThan(0.006);
    }),
  );
});
