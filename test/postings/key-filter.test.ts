import fc from "fast-check";
import { expect, test } from "vitest";
import {
  forgetsKey,
  halveKeyBits,
  hasKeyBits,
  keyBlockFilter,
  keyFilterHeadBytes,
  keyFlag,
  mayHoldKey,
} from "../../src/postings/index.js";
import { type BareKey, keyBlockOf } from "../support/key-blocks.js";
import { seeded } from "../support/people.js";

const high = 2n ** 64n - 2n;
/** Few that are alike in all but some bits, beside any. */
const anyHash = fc
  .oneof(fc.bigInt(0n, high), fc.bigInt(0n, 40n), fc.bigInt(2n ** 63n, 2n ** 63n + 40n), fc.constant(high))
  .map((hash) => hash & ~1n);
const plainReference = keyFlag.reference;
const anyFlags = fc.constantFrom(0, plainReference, keyFlag.deletion, keyFlag.reference | keyFlag.deletion);
const anyEntries = fc.array(fc.record({ hash: anyHash, flags: anyFlags }), { minLength: 1, maxLength: 300 });

function inOrder(entries: readonly BareKey[]): BareKey[] {
  const order = ({ hash, flags }: BareKey) => hash | BigInt(flags & keyFlag.reference);
  return entries.toSorted((left, right) => (order(left) < order(right) ? -1 : 1));
}

test("no key that a block defines or deletes is ever denied, nor one that another block may have", () => {
  fc.assert(
    fc.property(anyEntries, fc.array(anyHash), (drawn, others) => {
      const entries = inOrder(drawn);
      const block = keyBlockOf(entries);
      const [first, last] = [entries[0]!.hash, entries.at(-1)!.hash];
      const beside = { hash: first, filter: keyBlockFilter(block) };
      for (const { hash, flags } of entries) {
        if (flags === plainReference) continue;
        expect(mayHoldKey(beside, hash)).toBe(true);
        expect(mayHoldKey(beside, hash | 1n)).toBe(true);
      }
      expect(forgetsKey(beside, block)).toBe(false);
      // Entries of the first and the last hash may lie in other blocks too, and those behind the last do.
      for (const hash of [...others, first, last]) {
        if (hash <= first || hash >= last) expect(mayHoldKey(beside, hash)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test("half the bits deny no key that the whole ones have, and mistake 92 of 1,000 more", () => {
  fc.assert(
    fc.property(anyEntries, (drawn) => {
      const filter = keyBlockFilter(keyBlockOf(inOrder(drawn)));
      const half = halved(filter);
      for (const { hash, flags } of drawn) {
        if (flags === plainReference) continue;
        expect(hasKeyBits(half.bytes, 1, half.bitCount, Number(hash & 0xffff_ffffn))).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
  const draw = seeded(9);
  const low = () => Math.floor(draw() * 2 ** 32);
  const keys = Array.from({ length: 320 }, () => ({ hash: BigInt(low()) & ~1n, flags: 0 }));
  const { bytes, bitCount } = halved(keyBlockFilter(keyBlockOf(inOrder(keys))));
  const mistaken = Array.from({ length: 20_000 }, () => hasKeyBits(bytes, 1, bitCount, low()));
  const share = mistaken.filter(Boolean).length / mistaken.length;
  expect(share).toBeGreaterThan(0.07);
  expect(share).toBeLessThan(0.12);
});

/** Half of a filter's bits, behind a byte of something else. */
function halved(filter: Uint8Array) {
  const bitCount = (filter.length - keyFilterHeadBytes) * 8;
  const bytes = new Uint8Array(filter.length).fill(0xff);
  halveKeyBits({ bytes: filter, at: keyFilterHeadBytes, bitCount }, { bytes, at: 1 });
  return { bytes, bitCount: bitCount / 2 };
}

test("a filter that lacks a key is told from one that does not", () => {
  const entries = inOrder(Array.from({ length: 50 }, (_, at) => ({ hash: BigInt(at) * 2n, flags: 0 })));
  const left = entries.filter((_, at) => at !== 25);
  const beside = { hash: 0n, filter: keyBlockFilter(keyBlockOf(left)) };
  expect(forgetsKey(beside, keyBlockOf(entries))).toBe(true);
});

test("of new keys in a block of usual size 12 of 1,000 are mistaken, and none where all are references", () => {
  const draw = seeded(5);
  // Hashes of one block are alike in their upper bits.
  const hash = () =>
    (77n << 48n) | (BigInt(Math.floor(draw() * 2 ** 24)) << 24n) | BigInt(Math.floor(draw() * 2 ** 24));
  const mistakenBy = (flags: number) => {
    let mistaken = 0;
    for (let round = 0; round < 100; round++) {
      const entries = inOrder(Array.from({ length: 160 }, () => ({ hash: hash() & ~1n, flags })));
      const beside = { hash: entries[0]!.hash, filter: keyBlockFilter(keyBlockOf(entries)) };
      const last = entries.at(-1)!.hash;
      for (let key = 0; key < 200; key++) {
        const sought = hash() & ~1n;
        const isWithin = sought > beside.hash && sought < last;
        if (isWithin && mayHoldKey(beside, sought)) mistaken++;
      }
    }
    return mistaken / 20_000;
  };
  // (1 - e^(-4 / 10))^4 for four of ten bits a key.
  expect(Math.abs(mistakenBy(0) - 0.0118)).toBeLessThan(0.004);
  expect(mistakenBy(plainReference)).toBe(0);
});
