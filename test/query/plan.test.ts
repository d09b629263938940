import { describe, expect, test } from "vitest";
import { parseFilter } from "../../src/query/filter.js";
import { count, explain, query } from "../../src/query/index.js";
import { planWhere } from "../../src/query/plan.js";
import { gatheredSets, openCursors } from "../../src/query/plan-parts.js";
import { openQueryStore } from "../../src/query/query-store.js";
import { naiveQuery } from "./naive.js";
import { buildWorld } from "./world.js";

const people = Array.from({ length: 1500 }, (_, at) => ({
  name: `Person ${at}`,
  age: at % 100,
  labels: [`label ${at % 3}`, `rare ${at % 500}`],
  address: { city: at % 4 },
  ...(at % 2 === 0 ? { friend: `p${at % 10}` } : {}),
}));
const cities = [
  { name: "Oslo", size: 1 },
  { name: "Rome", size: 2 },
  { name: "Pisa", size: 3 },
];
const world = buildWorld(
  [
    { cities, people: people.slice(0, 800), repeats: [5, 91, 93], hole: 7 },
    { cities: [], people: people.slice(800), repeats: [2, 7, 1001], hole: 0 },
  ],
  { blockTuples: 64, batchRecords: 200 },
);

type Conditions = Record<string, unknown>;

function planOf(where: Conditions) {
  const store = openQueryStore(world.reader);
  const asked = parseFilter(store.mapping, store.fields, { entity: "Person", where });
  return planWhere(store, asked.entity, asked.where);
}

function expectTwin(where: Conditions): void {
  const expected = naiveQuery(world, { entity: "Person", where });
  expect([...query(world.reader, { entity: "Person", where })].map(({ id }) => id)).toEqual(expected);
  expect(count(world.reader, { entity: "Person", where })).toBe(expected.length);
}

describe("plans", () => {
  test("the rarest list leads, and a range that is dear is left to the records", () => {
    const where = { labels: "nobody's", age: { gte: 1 } };
    expect(planOf(where)).toMatchObject({ kind: "list", length: 0, isExact: false });
    expectTwin(where);
    const few = { labels: "rare 7", age: { gte: 1 } };
    expect(planOf(few)).toMatchObject({ kind: "and", parts: [{ kind: "list" }, { kind: "gather" }] });
    expectTwin(few);
    const wide = { labels: "label 1", age: { gte: 98 } };
    expect(planOf(wide)).toMatchObject({ kind: "and", parts: [{ kind: "gather" }, { kind: "list" }] });
    expectTwin(wide);
  });

  test("many values become one gathered set", () => {
    const where = { labels: Array.from({ length: 300 }, (_, at) => `rare ${at}`) };
    const plan = planOf(where);
    expect(plan.kind).toBe("gather");
    expect(plan.length).toBe(904);
    expectTwin(where);
  });

  test("whatever is asked, lists and sets in use are bounded", () => {
    const pairs = Array.from({ length: 60 }, (_, at) => ({
      labels: `rare ${at}`,
      age: { gte: at, lte: at + 2 },
    }));
    const asked: Conditions[] = [
      { or: pairs },
      { and: pairs.map((pair) => ({ or: [pair, { labels: "label 1" }] })) },
      { and: pairs.map((pair) => ({ not: pair })) },
      { and: pairs.map(({ age }) => ({ not: { age } })) },
    ];
    for (const where of asked) {
      const plan = planOf(where);
      expect(openCursors(plan)).toBeLessThanOrEqual(32);
      expect(gatheredSets(plan)).toBeLessThanOrEqual(4);
      expectTwin(where);
    }
  });

  test("conditions on few linked records are turned into ids first", () => {
    expect(planOf({ "home.name": "Rome" })).toMatchObject({ kind: "list", isExact: false });
    expectTwin({ "home.name": "Rome" });
    expect(planOf({ "Person.friend": { age: 8 } })).toMatchObject({ kind: "ids" });
    expectTwin({ "Person.friend": { age: 8 } });
    expectTwin({ "friend.home.size": { gte: 2 }, "home.size": 1 });
  });

  test("a key needs no index", () => {
    expect(planOf({ id: ["p5", "p700", "p9999"] })).toMatchObject({ kind: "ids", length: 2 });
    expectTwin({ id: ["p5", "p700", "p9999"] });
  });

  test("an exact plan counts without a record", () => {
    const store = openQueryStore(world.reader);
    const before = store.records.recordsRead;
    expect(
      count(world.reader, { entity: "Person", where: { age: { gt: 10, lte: 20 }, not: { age: 15 } } }),
    ).toBe(
      naiveQuery(world, { entity: "Person", where: { age: { gt: 10, lte: 20 }, not: { age: 15 } } }).length,
    );
    expect(count(world.reader, { entity: "Person" })).toBe(world.people.length);
    expect(store.records.recordsRead).toBe(before);
  });

  test("orders choose their way by cost", () => {
    const lines = (where: Conditions, limit: number) =>
      explain(world.reader, { entity: "Person", where, order: "-age", limit }).join("\n");
    expect(lines({ labels: "rare 7" }, 5)).toContain("candidates are collected and sorted by their column");
    expect(lines({ labels: "label 1" }, 5)).toContain("its index is walked in order");
    expect(lines({ note: "x" }, 5)).toContain("scan: all");
  });
});
