import fc from "fast-check";
import { expect, test } from "vitest";
import { count } from "../../src/query/index.js";
import { anyPersonWhere, naiveQuery } from "./naive.js";
import { anyWorld } from "./world.js";

test("hunt", () => {
  fc.assert(
    fc.property(anyWorld, fc.array(anyPersonWhere, { minLength: 1, maxLength: 12 }), (world, wheres) => {
      for (const where of wheres) {
        const filter = { entity: "Person", where } as const;
        expect([count(world.reader, filter), JSON.stringify(where)]).toEqual([
          naiveQuery(world, filter).length,
          JSON.stringify(where),
        ]);
      }
    }),
    { numRuns: 1500 },
  );
}, 200_000);
