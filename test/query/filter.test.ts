import { describe, expect, test } from "vitest";
import { count, query } from "../../src/query/index.js";
import { buildWorld } from "./world.js";

const { reader } = buildWorld(
  [{ cities: [{ name: "Oslo" }], people: [{ name: "Ann" }], repeats: [], hole: 0 }],
  {},
);

function faultOf(filter: unknown): string {
  try {
    count(reader, filter);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${JSON.stringify(filter)} is taken for valid`);
}

describe("faults of a filter", () => {
  const person = (where: unknown) => ({ entity: "Person", where });

  test.each([
    ["[]", "the filter must be a JSON object"],
    ["{", "the filter is not JSON"],
    [{}, "entity is missing. Name one of the store's entities: City and Person."],
    [{ entity: "Persn" }, 'entity names no entity of this store (did you mean "Person"?)'],
    [{ entity: "Person", were: {} }, 'were is not a member of a filter (did you mean "where"?)'],
    [person([]), "where must be an object of conditions"],
    [person({ nam: "Ann" }), 'where.nam names no field of Person (did you mean "name"?)'],
    [person({ age: "old" }), "where.age does not fit age, whose type is int. Write a whole number"],
    [person({ age: 1.5 }), "where.age does not fit age"],
    [person({ age: null }), 'where.age is null. Ask for absent values with {"exists":false}.'],
    [person({ age: { gte: 1, gt: 2 } }), "where.age.gt stands beside another lower bound"],
    [person({ age: { least: 1 } }), "where.age.least is not an operator"],
    [person({ age: {} }), "where.age has no operator"],
    [person({ age: { exists: 1 } }), "where.age.exists must be true or false"],
    [person({ age: { prefix: "1" } }), "where.age.prefix works on strings; age is int"],
    [person({ name: [1, {}] }), "where.name[1] does not fit name"],
    [person({ or: [] }), "where.or must be a list of conditions"],
    [person({ or: [{}, { x: 1 }] }), "where.or[1].x names no field"],
    [person({ not: { age: true } }), "where.not.age does not fit"],
    [
      person({ born: "yesterday" }),
      "where.born does not fit born, whose type is date. Write an ISO 8601 date",
    ],
    [person({ code: "xyz" }), "where.code does not fit code, whose type is hex"],
    [person({ tags: "x" }), "where.tags is a field of pairs and needs a name and a value"],
    [person({ "tags.long": "x" }), "where.tags.long names a pair that is not one letter"],
    [person({ "home.nam": "x" }), "where.home.nam names no field of City"],
    [person({ "City.name": 1 }), "name is not a field of City that links to Person"],
    [person({ "Person.home": {} }), "home is not a field of Person that links to Person. Use friend."],
    [{ entity: "City", search: "x" }, "search needs a text index; City has none"],
    [{ entity: "Person", search: "..." }, "search has no word in it"],
    [{ entity: "Person", search: { age: "x" } }, "search.age is not a field with a text index"],
    [{ entity: "Person", search: 5 }, "search must be words"],
    [{ entity: "Person", order: "bio" }, "order needs an index to order by, which bio lacks"],
    [{ entity: "Person", order: "-bron" }, "order names no field of Person"],
    [{ entity: "Person", order: 1 }, "order must be the name of a field"],
    [{ entity: "Person", limit: -1 }, "limit must be a whole number from 0"],
    [{ entity: "Person", offset: 1.5 }, "offset must be a whole number from 0"],
  ])("%j", (filter, message) => {
    expect(faultOf(filter)).toContain(message);
  });

  test("conditions may be nested, but not without end", () => {
    let where: unknown = { age: 1 };
    for (let depth = 0; depth < 40; depth++) where = { not: where };
    expect(faultOf(person(where))).toContain("is nested deeper than");
  });

  test("pairs have a long form", () => {
    const long = { entity: "Person", where: { tags: { name: "e", value: "x" } } };
    expect([...query(reader, long)]).toEqual([
      ...query(reader, { entity: "Person", where: { "tags.e": "x" } }),
    ]);
    expect(count(reader, { entity: "Person", where: { tags: { name: "e" } } })).toBe(0);
    expect(count(reader, { entity: "Person", where: { tags: { exists: false } } })).toBe(1);
  });

  test("nothing is asked of a limit of none", () => {
    expect([...query(reader, { entity: "Person", limit: 0 })]).toEqual([]);
  });
});
