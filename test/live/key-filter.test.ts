import fc from "fast-check";
import { expect, test } from "vitest";
import { livePartFilterKeys, livePartFiltersMax } from "../../src/kernel/index.js";
import { KeyFilter } from "../../src/live/key-filter.js";
import { seeded } from "../support/people.js";

const hash = fc.record({ low: fc.nat(0xffff_ffff), high: fc.nat(0xffff_ffff) });
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

test("few keys are mistaken for others, and the oldest parts are given up", () => {
  const draw = seeded(7);
  const word = () => Math.floor(draw() * 2 ** 32);
  const filter = new KeyFilter();
  filter.restart(0);
  const parts = livePartFiltersMax + 2;
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
