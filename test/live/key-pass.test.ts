import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyPass } from "../../src/live/key-pass.js";
import type { KeyBlockEntry } from "../../src/ports/index.js";
import { keyFlag } from "../../src/postings/index.js";

interface Entry {
  hash: bigint;
  flags: number;
  id: number;
}

const headerBytes = 24;
const hashAbove = 2n ** 40n;

/** An entry with an empty key, as kernels/key-entry.ts lays it out. */
function bytesOf({ hash, flags, id }: Entry): Uint8Array {
  const view = new DataView(new ArrayBuffer(18));
  const role = flags & keyFlag.reference ? 1n : 0n;
  view.setBigUint64(0, hash | role, true);
  view.setUint8(10, flags);
  view.setUint32(12, id, true);
  return new Uint8Array(view.buffer);
}

/** Blocks of so many entries, with their heads. */
function blocksOf(entries: readonly Entry[], each: number): KeyBlockEntry[] {
  const blocks: KeyBlockEntry[] = [];
  for (let from = 0; from < entries.length; from += each) {
    const some = entries.slice(from, from + each).map(bytesOf);
    const block = Buffer.concat([new Uint8Array(headerBytes), ...some]);
    block.writeUInt32LE(some.length, 0);
    block.set(some[0]!.subarray(0, 8), 8);
    block.set(some.at(-1)!.subarray(0, 8), 16);
    blocks.push({ hash: block.readBigUInt64LE(8), ordinal: blocks.length, block });
  }
  return blocks;
}

/** Few different hashes, so that many entries share one, across blocks too. */
const anyHash = fc.oneof(fc.bigInt(0n, 12n), fc.bigInt(hashAbove, hashAbove + 12n)).map((n) => n * 2n);
const anyEntry = fc.record({
  hash: anyHash,
  flags: fc.constantFrom(0, keyFlag.reference, keyFlag.deletion, keyFlag.reference | keyFlag.deletion),
});
const order = ({ hash, flags }: Entry) => hash | BigInt(flags & keyFlag.reference);

test("one pass finds what a search of all entries finds, wherever blocks end", () => {
  fc.assert(
    fc.property(
      fc.array(anyEntry, { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.uniqueArray(anyHash, { maxLength: 20 }),
      (drawn, each, hashes) => {
        const entries = drawn
          .map((entry, id) => ({ ...entry, id }))
          .sort((left, right) => Number(order(left) - order(right)) || left.id - right.id);
        const blocks = blocksOf(entries, each);
        let seeks = 0;
        // Like a store: from the last block at or before the place, which is the first one of its hash.
        const pass = new KeyPass((hash) => {
          seeks++;
          const after = blocks.findIndex(
            (block) => block.hash > hash || (block.hash === hash && block.ordinal > 0),
          );
          return blocks.slice(Math.max(0, (after < 0 ? blocks.length : after) - 1));
        });
        for (const hash of hashes.sort((left, right) => Number(left - right))) {
          const found: number[] = [];
          pass.find(hash, (entry) => found.push(new DataView(entry.buffer).getUint32(12, true)));
          const isSettling = ({ flags }: Entry) => flags !== keyFlag.reference;
          const wanted = entries.filter((entry) => entry.hash === hash && isSettling(entry));
          expect(found).toEqual(wanted.map(({ id }) => id));
        }
        expect(seeks).toBeLessThanOrEqual(hashes.length);
        pass.close();
      },
    ),
    { numRuns: 500 },
  );
});

test("hashes that lie in one block take one look-up", () => {
  const entries = Array.from({ length: 100 }, (_, id) => ({ hash: BigInt(id) * 2n, flags: 0, id }));
  const blocks = blocksOf(entries, 100);
  let seeks = 0;
  const pass = new KeyPass(() => {
    seeks++;
    return blocks;
  });
  let found = 0;
  for (const { hash } of entries.slice(0, 99)) pass.find(hash, () => found++);
  expect({ seeks, found }).toEqual({ seeks: 1, found: 99 });
});
