import { readdirSync } from "node:fs";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { PathSorter } from "../../src/sources/comics/path-sorter.js";
import { makeFolder } from "../support/cli.js";

const folder = makeFolder();
afterAll(folder.remove);

const path = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.stringMatching(/^[ab/]{1,6}$/),
);

test("paths come sorted, as often as they are asked for, whether they fit into memory or not", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 300 }), fc.constantFrom(1, 500, 1e6), (paths, bytesMax) => {
      using sorter = new PathSorter(folder.path, bytesMax);
      for (const [at, one] of paths.entries()) {
        sorter.add({ path: one, sizeBytes: at, modifiedMs: at + 0.25, inode: 2 ** 52 + at, device: 7 });
      }
      const expected = [...paths].sort();
      for (let time = 0; time < 2; time++) {
        const found = [...sorter.sorted()];
        expect(found.map((entry) => entry.path)).toEqual(expected);
        for (const entry of found) {
          const at = entry.sizeBytes;
          expect(entry).toMatchObject({
            path: paths[at],
            modifiedMs: at + 0.25,
            inode: 2 ** 52 + at,
            device: 7,
          });
        }
      }
      expect(sorter.count).toBe(paths.length);
    }),
    { numRuns: 60 },
  );
  expect(readdirSync(folder.path)).toEqual([]);
}, 60_000);
