import fc from "fast-check";
import { expect, test } from "vitest";
import { Graduality } from "../../src/memory/graduality.js";

const bytesMax = 1024 * 1024;

test("the next batch is never above the largest nor below the first, whatever is measured", () => {
  const measures = fc.array(
    fc.record({
      records: fc.integer({ min: 0, max: 10_000 }),
      bytes: fc.integer({ min: 0, max: 2 ** 31 }),
      leasedBytes: fc.option(fc.integer({ min: 0, max: 2 ** 40 }), { nil: undefined }),
    }),
  );
  fc.assert(
    fc.property(measures, fc.integer({ min: 0, max: 16 }), (list, steps) => {
      const graduality = new Graduality({ bytesMax, steps });
      const first = graduality.bytes;
      for (const measure of list) {
        graduality.note(measure);
        expect(graduality.bytes).toBeLessThanOrEqual(bytesMax);
        expect(graduality.bytes).toBeGreaterThanOrEqual(first);
      }
    }),
  );
});

test("the number of steps decides how soon the largest batch comes", () => {
  for (const steps of [0, 1, 5, 12]) {
    const graduality = new Graduality({ bytesMax, steps });
    for (let count = 0; count < steps; count++) {
      expect(graduality.bytes).toBeLessThan(bytesMax);
      graduality.note({ records: 10, bytes: 1000 });
    }
    expect(graduality.bytes).toBe(bytesMax);
  }
});

test("a batch that takes more than its input makes the next one smaller, and this wears off", () => {
  const graduality = new Graduality({ bytesMax, steps: 3, expansionMax: 2 });
  const note = (leasedBytes: number) => graduality.note({ records: 10, bytes: 1000, leasedBytes });
  for (let count = 0; count < 3; count++) note(2000);
  expect(graduality.bytes).toBe(bytesMax);
  note(8000);
  expect(graduality.bytes).toBe(bytesMax / 4);
  for (let count = 0; count < 60; count++) note(1500);
  expect(graduality.bytes).toBe(bytesMax);
});
