import fc from "fast-check";
import { expect, test } from "vitest";
import {
  forgetsKey,
  keyBlockFilter,
  keyEntryBytesMin,
  keyFlag,
  mayHoldKey,
} from "../../src/postings/index.js";
import { seeded } from "../support/people.js";

interface Entry {
  hash: bigint;
  flags: number;
}

/** An entry with an empty key, as kernels/key-entry.ts lays it out. */
function bytesOf({ hash, flags }: Entry): Uint8Array {
  const view = new DataView(new ArrayBuffer(keyEntryBytesMin));
  view.setBigUint64(0, hash | BigInt(flags & keyFlag.reference), true);
  view.setUint8(10, flags);
  return new Uint8Array(view.buffer);
}

/** A block with its header, as kernels/key-block.ts lays it out. */
function blockOf(entries: readonly Entry[]): Uint8Array {
  const bytes = entries.map(bytesOf);
  const block = Buffer.concat([new Uint8Array(24), ...bytes]);
  block.writeUInt32LE(entries.length, 0);
  block.set(bytes[0]!.subarray(0, 8), 8);
  block.set(bytes.at(-1)!.subarray(0, 8), 16);
  return block;
}

const high = 2n ** 64n - 2n;
/** Few that are alike in all but some bits, beside any. */
const anyHash = fc
  .oneof(fc.bigInt(0n, high), fc.bigInt(0n, 40n), fc.bigInt(2n ** 63n, 2n ** 63n + 40n), fc.constant(high))
  .map((hash) => hash & ~1n);
const plainReference = keyFlag.reference;
const anyFlags = fc.constantFrom(0, plainReference, keyFlag.deletion, keyFlag.reference | keyFlag.deletion);
const anyEntries = fc.array(fc.record({ hash: anyHash, flags: anyFlags }), { minLength: 1, maxLength: 300 });

function inOrder(entries: readonly Entry[]): Entry[] {
  const order = ({ hash, flags }: Entry) => hash | BigInt(flags & keyFlag.reference);
  return entries.toSorted((left, right) => (order(left) < order(right) ? -1 : 1));
}

test("no key that a block defines or deletes is ever denied, nor one that another block may have", () => {
  fc.assert(
    fc.property(anyEntries, fc.array(anyHash), (drawn, others) => {
      const entries = inOrder(drawn);
      const block = blockOf(entries);
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

test("a filter that lacks a key is told from one that does not", () => {
  const entries = inOrder(Array.from({ length: 50 }, (_, at) => ({ hash: BigInt(at) * 2n, flags: 0 })));
  const left = entries.filter((_, at) => at !== 25);
  const beside = { hash: 0n, filter: keyBlockFilter(blockOf(left)) };
  expect(forgetsKey(beside, blockOf(entries))).toBe(true);
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
      const beside = { hash: entries[0]!.hash, filter: keyBlockFilter(blockOf(entries)) };
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
