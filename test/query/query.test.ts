import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runQuery } from "../../src/query/evaluate.js";
import { parseFilter } from "../../src/query/filter.js";
import { count, explain, query } from "../../src/query/index.js";
import { openQueryStore } from "../../src/query/query-store.js";
import { anyCityWhere, anyPersonWhere, naiveQuery } from "./naive.js";
import { anyWorld, type World } from "./world.js";

function idsOf(world: World, filter: unknown): number[] {
  return [...query(world.reader, filter)].map(({ id }) => id);
}

const orders = [
  "age",
  "-age",
  "score",
  "-score",
  "born",
  "-born",
  "name",
  "-name",
  "alive",
  "-alive",
  "home",
  "-home",
];
const window = fc.record({ limit: fc.nat({ max: 12 }), offset: fc.nat({ max: 5 }) }, { requiredKeys: [] });

describe("filters against their naive twin", () => {
  test("conditions on people, in order of import", () => {
    fc.assert(
      fc.property(anyWorld, fc.array(anyPersonWhere, { minLength: 1, maxLength: 12 }), (world, wheres) => {
        for (const where of wheres) {
          const filter = { entity: "Person", where } as const;
          expect(idsOf(world, filter)).toEqual(naiveQuery(world, filter));
          expect(count(world.reader, filter)).toBe(naiveQuery(world, filter).length);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test("conditions on cities, back along links", () => {
    fc.assert(
      fc.property(anyWorld, fc.array(anyCityWhere, { minLength: 1, maxLength: 12 }), (world, wheres) => {
        for (const where of wheres) {
          const filter = { entity: "City", where } as const;
          expect(idsOf(world, filter)).toEqual(naiveQuery(world, filter));
          expect(count(world.reader, filter)).toBe(naiveQuery(world, filter).length);
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test("orders, limits and offsets, by both strategies", () => {
    const asked = fc.array(fc.tuple(anyPersonWhere, fc.constantFrom(...orders), window, fc.boolean()), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(anyWorld, asked, (world, filters) => {
        for (const [where, order, cut, isWhole] of filters) {
          const filter = { entity: "Person", order, ...cut, ...(isWhole ? {} : { where }) } as const;
          const expected = naiveQuery(world, filter);
          expect(idsOf(world, filter)).toEqual(expected);
          const store = openQueryStore(world.reader);
          for (const strategy of ["walk", "collect"] as const) {
            const parsed = parseFilter(store.mapping, store.fields, filter);
            expect([...runQuery(store, parsed, {}, strategy)].map(({ id }) => id)).toEqual(expected);
          }
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test("the explanation of any filter names its entity, its way and its results", () => {
    fc.assert(
      fc.property(anyWorld, anyPersonWhere, fc.constantFrom(...orders), (world, where, order) => {
        const lines = explain(world.reader, { entity: "Person", where, order });
        expect(lines[0]).toBe(`Entity Person: ${world.people.length} live records.`);
        expect(lines.at(-1)).toContain(`${naiveQuery(world, { entity: "Person", where }).length} results.`);
        expect(lines.some((line) => line.startsWith("Order by"))).toBe(true);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test("results stream: a reader may stop early, and an aborted query stops itself", () => {
    const [world] = fc.sample(anyWorld, { seed: 7, numRuns: 1 });
    const stream = query(world!.reader, { entity: "Person" });
    stream.next();
    expect(stream.return(undefined as never).done).toBe(true);
    const stop = AbortSignal.abort(new Error("stopped"));
    if (world!.people.length > 0) {
      expect(() => [...query(world!.reader, { entity: "Person" }, { signal: stop })]).toThrow("stopped");
    }
  });
});
