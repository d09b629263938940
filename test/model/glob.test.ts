import { expect, test } from "vitest";
import { compileMapping, entityOfSource } from "../../src/mapping/index.js";
import { globMatches } from "../../src/model/index.js";

test.each([
  ["cities/*.json*", "/data/geo/cities/FR.json.gz", true],
  ["cities/*.json*", "cities/FR.json", true],
  ["cities/*.json*", "bigcities/FR.json", false],
  ["cities/*.json*", "cities/old/FR.json", false],
  ["**/a?.csv", "x/y/a1.csv", true],
  ["{a,b}.csv", "b.csv", true],
  ["[!ab].csv", "a.csv", false],
  ["[ab].csv", "a.csv", true],
  ["a.csv", "axcsv", false],
  ["/data/*.csv", "/data/x.csv", true],
  ["/data/*.csv", "/more/data/x.csv", false],
  ["(a|b)+$.csv", "(a|b)+$.csv", true],
])("%s and %s: %s", (glob, path, expected) => {
  expect(globMatches(glob, path)).toBe(expected);
});

test("a source belongs to the entity that matches, is called like it, or is the only one", () => {
  const fields = { id: "int" } as const;
  const mapping = compileMapping({
    version: 1,
    entities: { City: { match: "cities/*", fields }, Country: { fields }, State: { fields } },
  });
  const of = (name: string) => entityOfSource({ name }, mapping).name;
  expect(of("x/cities/FR.json")).toBe("City");
  expect(of("x/countries.csv")).toBe("Country");
  expect(() => of("x/other.csv")).toThrow(expect.objectContaining({ code: "ENTITY_UNCLEAR" }));
  expect(
    entityOfSource({ name: "any" }, compileMapping({ version: 1, entities: { A: { fields } } })).name,
  ).toBe("A");
});
