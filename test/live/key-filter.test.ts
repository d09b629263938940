import fc from "fast-check";
import { expect, test } from "vitest";
import { liveKeyFilterBytes, livePartFilterBytes, livePartFilterKeys } from "../../src/kernel/index.js";
import { KeyFilter } from "../../src/live/key-filter.js";
import { seeded } from "../support/people.js";

type Key = { low: number; high: number };
const hash: fc.Arbitrary<Key> = fc.record({ low: fc.nat(0xffff_ffff), high: fc.nat(0xffff_ffff) });
/** Commits: how many ids each has, and the keys of its records. */
const commits = fc.array(fc.record({ ids: fc.integer({ min: 1, max: 50 }), keys: fc.array(hash) }), {
  maxLength: 30,
});

test("no key is ever denied, in all or within the ids that it came with", () => {
  fc.assert(
    fc.property(commits, fc.nat(1000), (list, coveredFromId) => {
      const filter = new KeyFilter();
      filter.restart(coveredFromId);
      let id = coveredFromId;
      const placed = list.flatMap(({ ids, keys }) => {
        for (const { low, high } of keys) filter.add(id, low, high);
        const found = keys.map((key) => ({ ...key, id }));
        id += ids;
        return found;
      });
      for (const { low, high, id: at } of placed) {
        expect(filter.has(low, high)).toBe(true);
        // The lowest bit tells what a key is for, and not which one it is.
        expect(filter.has(low ^ 1, high)).toBe(true);
        expect(filter.mayBeWithin(at, at + 1, low, high)).toBe(true);
        expect(filter.mayBeWithin(coveredFromId, id, low, high)).toBe(true);
        // Nothing is known of what was there before.
        if (coveredFromId > 0) expect(filter.mayBeWithin(0, coveredFromId, low, high)).toBe(true);
      }
    }),
  );
});

const anySegments = fc.array(fc.array(hash, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 6 });

test("keys of segments that were sealed before are known once they are learned", () => {
  fc.assert(
    fc.property(anySegments, commits, (segments, list) => {
      const filter = new KeyFilter();
      let id = segments.length * 100;
      filter.restart(id);
      let left = [...segments.keys()].reverse();
      for (const { ids, keys } of list) {
        for (const { low, high } of keys) filter.add(id, low, high);
        id += ids;
        left = left.slice(learnOne(filter, segments, left[0]));
      }
      for (const segment of left) learnOne(filter, segments, segment);
      expect(filter.coveredFromId).toBe(0);
      segments.forEach((keys, segment) => {
        for (const { low, high } of keys) {
          expect(filter.has(low, high)).toBe(true);
          expect(filter.mayBeWithin(segment * 100, segment * 100 + 100, low, high)).toBe(true);
          expect(filter.mayBeWithin(0, id, low, high)).toBe(true);
        }
      });
    }),
  );
});

test("a filter that has forgotten its older half knows all keys of the ids that it says it covers", () => {
  fc.assert(
    fc.property(commits, (list) => {
      // Each half has room for 16 keys.
      const filter = new KeyFilter(2 ** -17);
      filter.restart(0);
      let id = 0;
      const placed: { key: Key; id: number }[] = [];
      for (const { ids, keys } of list) {
        const { outgrownId } = filter;
        if (outgrownId !== null) {
          filter.forgetOlder(id);
          expect(filter.coveredFromId).toBe(outgrownId);
          expect(filter.outgrownId).toBeNull();
        }
        for (const key of keys) {
          filter.add(id, key.low, key.high);
          placed.push({ key, id });
        }
        id += ids;
      }
      for (const { key, id: at } of placed) {
        if (at < filter.coveredFromId) continue;
        expect(filter.has(key.low, key.high)).toBe(true);
        expect(filter.mayBeWithin(at, at + 1, key.low, key.high)).toBe(true);
      }
    }),
  );
});

test("keys that are learned do not hide that the younger half is full", () => {
  const filter = new KeyFilter(2 ** -17);
  filter.restart(50);
  const draw = seeded(2);
  const word = () => Math.floor(draw() * 2 ** 32);
  for (let key = 0; key < 16; key++) {
    expect(filter.outgrownId).toBeNull();
    filter.add(60, word(), word());
  }
  expect(filter.outgrownId).toBe(50);
  const last: [number, number] = [word(), word()];
  filter.forgetOlder(61);
  filter.add(61, ...last);
  expect(filter.has(...last)).toBe(true);
  expect(filter.coveredFromId).toBe(50);
  // The half that was full is the older one, and has no room for what is to be learned.
  expect(filter.learner(1)).toBeNull();
});

/** Answers how many were learned. */
function learnOne(filter: KeyFilter, segments: Key[][], segment: number | undefined): number {
  if (segment === undefined) return 0;
  const learner = filter.learner(segments[segment]!.length)!;
  for (const { low, high } of segments[segment]!) learner.add(low, high);
  learner.finish(segment * 100);
  return 1;
}

test("keys of one commit stand together, also where a part is full amid them", () => {
  const draw = seeded(3);
  const word = () => Math.floor(draw() * 2 ** 32);
  const filter = new KeyFilter();
  filter.restart(0);
  for (let key = 0; key < livePartFilterKeys - 20; key++) filter.add(0, word(), word());
  const last = Array.from({ length: 40 }, (): [number, number] => [word(), word()]);
  for (const [low, high] of last) filter.add(1000, low, high);
  for (const [low, high] of last) expect(filter.mayBeWithin(1000, 2000, low, high)).toBe(true);
});

test("few keys are mistaken for others, and the oldest parts are given up", () => {
  const draw = seeded(7);
  const word = () => Math.floor(draw() * 2 ** 32);
  const filter = new KeyFilter();
  filter.restart(0);
  const parts = liveKeyFilterBytes / livePartFilterBytes + 2;
  const last: [number, number][] = [];
  for (let part = 0; part < parts; part++) {
    for (let key = 0; key < livePartFilterKeys; key++) {
      const [low, high] = [word(), word()];
      filter.add(part * 1000, low, high);
      if (part === parts - 1 && key < 1000) last.push([low, high]);
    }
  }
  const mistaken = (from: number, to: number) =>
    Array.from({ length: 2000 }, () => filter.mayBeWithin(from, to, word(), word())).filter(Boolean).length /
    2000;
  const newest = (parts - 1) * 1000;
  expect(mistaken(newest, newest + 1000)).toBeLessThan(0.06);
  expect(mistaken(newest - 3000, newest - 2000)).toBeLessThan(0.12);
  expect(mistaken(0, 1000)).toBe(1);
  for (const [low, high] of last) expect(filter.mayBeWithin(newest, newest + 1000, low, high)).toBe(true);
  const elsewhere = last.filter(([low, high]) => filter.mayBeWithin(newest - 3000, newest - 2000, low, high));
  expect(elsewhere.length).toBeLessThan(120);
}, 30_000);
