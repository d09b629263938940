import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeKernel } from "../postings/twin.js";

const word = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 3n }),
  fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 63n, 2n ** 63n - 1n),
);

function sorted(pairs: [bigint, bigint][]): [bigint, bigint][] {
  const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
  return pairs.toSorted((a, b) => order(a[0], b[0]) || order(a[1], b[1]));
}

function sortInKernel(pairs: [bigint, bigint][]): [bigint, bigint][] {
  const kernel = makeKernel(8);
  const at = kernel.alloc(pairs.length * 16 + 32);
  const words = new BigUint64Array(kernel.u8.buffer, at, pairs.length * 2 + 2);
  words.set(pairs.flat());
  words.set([77n, 78n], pairs.length * 2);
  kernel.exports.tupleSort(at, pairs.length);
  expect([...words.slice(pairs.length * 2)]).toEqual([77n, 78n]);
  return pairs.map((_, i) => [words[2 * i]!, words[2 * i + 1]!]);
}

/** Pseudo-random numbers that are the same in every run. */
function* numbers(seed: bigint): Generator<bigint, never> {
  for (let x = seed; ; ) {
    x = BigInt.asUintN(64, x * 6364136223846793005n + 1442695040888963407n);
    yield x ^ (x >> 33n);
  }
}

describe("tupleSort", () => {
  test("sorts any tuples as a plain sort does", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { maxLength: 300 }), (pairs) => {
        expect(sortInKernel(pairs)).toEqual(sorted(pairs));
      }),
    );
  });

  const count = 20_000;
  const random = numbers(7n);
  const inputs: Record<string, (i: number) => [bigint, bigint]> = {
    random: () => [random.next().value, random.next().value],
    "in order": (i) => [BigInt(i >> 4), BigInt(i)],
    reversed: (i) => [1n, BigInt(count - i)],
    equal: () => [5n, 5n],
    "few distinct": () => [random.next().value & 3n, random.next().value & 1n],
    "few hashes, many ids": (i) => [
      ((random.next().value % 3n) * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffff_ffffn,
      BigInt(i),
    ],
    "one outlier a level": (i) => [i < 64 ? 1n << BigInt(i) : 0n, i < 128 ? 1n << BigInt(i % 64) : BigInt(i)],
    "differing in the last bit": () => [1n, random.next().value & 1n],
  };
  for (const [name, make] of Object.entries(inputs)) {
    test(`sorts ${count} tuples that are ${name}`, () => {
      const pairs = Array.from({ length: count }, (_, i) => make(i));
      expect(sortInKernel(pairs)).toEqual(sorted(pairs));
    });
  }
});
