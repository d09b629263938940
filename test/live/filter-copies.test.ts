import { beforeAll, expect, test } from "vitest";
import { FilterCopies, isHeldByStore } from "../../src/live/filter-copies.js";
import type { KeyFilterEntry, SegmentState, StoreReader } from "../../src/ports/index.js";
import { keyBlockFilter, keyFilterForm } from "../../src/postings/index.js";
import { keyBlockOf } from "../support/key-blocks.js";
import { seeded } from "../support/people.js";

const blockCount = 12_000;
const hashes: bigint[] = [];
const filters: KeyFilterEntry[] = [];

beforeAll(() => {
  const draw = seeded(11);
  const word = () => BigInt(Math.floor(draw() * 2 ** 32));
  const sizes = Array.from({ length: blockCount }, () => 1 + Math.floor(draw() * 40));
  const count = sizes.reduce((sum, size) => sum + size, 0);
  // Some hashes are alike in their upper half, and one goes on through several blocks.
  for (let at = 0; at < count - 100; at++) hashes.push(((word() << 32n) | word()) & ~1n);
  for (let at = 0; at < 100; at++) hashes.push(hashes[0]!);
  hashes.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  let from = 0;
  for (const [ordinal, size] of sizes.entries()) {
    const entries = hashes.slice(from, from + size).map((hash) => ({ hash, flags: 0 }));
    filters.push({ hash: entries[0]!.hash, ordinal, filter: keyBlockFilter(keyBlockOf(entries)) });
    from += size;
  }
});

/** A store of these filters, and how often it was asked. */
function storeOfFilters() {
  const asked = { times: 0 };
  const lastBy = (hash: bigint) => {
    let [from, to] = [0, filters.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (filters[middle]!.hash <= (hash | 1n)) from = middle + 1;
      else to = middle;
    }
    return filters[from - 1];
  };
  const reader = {
    keyFilter: (_: number, hash: bigint) => {
      asked.times++;
      return lastBy(hash);
    },
    keyFilterAt: (_: number, hash: bigint, ordinal: number) => {
      asked.times++;
      const entry = filters[ordinal];
      return entry?.hash === hash ? entry : undefined;
    },
  } as unknown as StoreReader;
  return { reader, asked };
}

const segment: SegmentState = {
  number: 3,
  firstId: 100,
  endId: 200,
  tuples: 0,
  postingBytes: 0,
  keys: 1,
  keyBytes: 1,
  keyFilters: keyFilterForm,
};

/** Copies so many of the filters, and says of how many of 1,000 new keys the store was asked. */
function check(copies: FilterCopies, copied: number): { askedPerMille: number } {
  const copying = copies.beginCopy(segment);
  for (const entry of filters.slice(0, copied)) copying.add(entry);
  if (copied === filters.length) copying.finish();
  const { reader, asked } = storeOfFilters();
  const mayHold = copies.toldOf(reader, segment)!;
  const draw = seeded(12);
  const word = () => Math.floor(draw() * 2 ** 32);
  for (let at = 0; at < 1000; at++) {
    const hash = hashes[Math.floor(draw() * hashes.length)]!;
    expect(mayHold(Number(hash & 0xffff_ffffn), Number(hash >> 32n))).toBe(true);
    expect(mayHold(Number(hash & 0xffff_ffffn) + 1, Number(hash >> 32n))).toBe(true);
  }
  const sought = Array.from({ length: 1000 }, (): [number, number] => [word(), word()]);
  asked.times = 0;
  const told = sought.map(([low, high]) => mayHold(low, high));
  const askedPerMille = asked.times;
  const wanted = sought.map(([low, high]) => isHeldByStore(reader, 3, (BigInt(high) << 32n) | BigInt(low)));
  expect(told).toEqual(wanted);
  return { askedPerMille };
}

test("copies tell what the filters in the store tell, also halved, without bits, and for lack of room", () => {
  let filterBytes = 0;
  for (const { filter } of filters) filterBytes += filter.length;
  for (const [room, leastAsked, mostAsked] of [
    [filterBytes * 3, 0, 2],
    // Halved: some keys more are asked for.
    [filterBytes * 1.5, 5, 150],
    // Most of the places, and of some blocks alone the bits.
    [filterBytes * 0.7, 300, 990],
    [filterBytes * 0.2, 900, 1000],
  ] as const) {
    const copies = new FilterCopies(() => room);
    const { askedPerMille } = check(copies, filters.length);
    expect(copies.bytes).toBeLessThanOrEqual(room);
    expect(askedPerMille).toBeGreaterThanOrEqual(leastAsked);
    expect(askedPerMille).toBeLessThanOrEqual(mostAsked);
    expect(copies.isHeld(segment)).toBe(room >= filterBytes * 1.5);
    expect(copies.nextToCopy([segment])).toBeUndefined();
  }
});

test("a copy that is half made tells nothing of what is behind it, and is made anew", () => {
  const copies = new FilterCopies(() => 2 ** 30);
  check(copies, blockCount / 2);
  expect(copies.isHeld(segment)).toBe(false);
  expect(copies.nextToCopy([segment])).toBe(segment);
  check(copies, blockCount);
  expect(copies.nextToCopy([segment])).toBeUndefined();
});

test("a copy holds for its own segment alone, and none is made without room, or of filters in another form", () => {
  const copies = new FilterCopies(() => 2 ** 30);
  check(copies, blockCount);
  const { reader } = storeOfFilters();
  expect(copies.toldOf(reader, { ...segment, endId: 201 })).toBeNull();
  copies.keepOnly([{ ...segment, keys: 2 }]);
  expect(copies.toldOf(reader, segment)).toBeNull();
  expect(copies.bytes).toBe(0);
  expect(copies.nextToCopy([{ ...segment, keyFilters: keyFilterForm + 1 }])).toBeUndefined();
  expect(new FilterCopies(() => 0).nextToCopy([segment])).toBeUndefined();
});
