import { readdirSync } from "node:fs";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { ImportReport } from "../../src/pipeline/index.js";
import { makeFolder } from "../support/cli.js";
import { countHere, importHere, jsonl, seenHere } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

const mapping = `
version: 1
entities:
  Person:
    match: "*people*"
    key: id
    fields:
      id: int
      name: { type: string, index: exact }
      boss: { type: int, link: Person }
      city: { type: string, link: City }
  City:
    match: "*cities*"
    key: name
    fields:
      name: string
      size: { type: int, index: range }
`;

interface Person {
  id: number;
  name?: string;
  boss?: number | null;
  city?: string;
}

let stores = 0;
let store = "";
let files = 0;
beforeEach(() => {
  store = folder.file(`store-${++stores}`);
});

async function load(
  kind: "people" | "cities",
  records: readonly unknown[],
  text = mapping,
): Promise<ImportReport> {
  const source = `${++files}-${kind}.jsonl`;
  folder.write(source, jsonl(records));
  const entity = kind === "people" ? "Person" : "City";
  return importHere({
    cwd: folder.path,
    sources: [source],
    store,
    mapping: text,
    plan: { entityOf: () => entity },
  });
}

const people = (list: readonly Person[], text = mapping) => load("people", list, text);
const cities = (...names: string[]) =>
  load(
    "cities",
    names.map((name, size) => ({ name, size })),
  );

async function dangling(): Promise<number> {
  const { stats, faults } = await seenHere(store);
  expect(faults).toEqual([]);
  return stats.entities.find(({ name }) => name === "Person")!.dangling;
}

const inCity = (name: string) => countHere(store, { entity: "Person", where: { "city.name": name } });
const living = (name: string) =>
  countHere(store, { entity: "City", where: { name, "Person.city": { exists: true } } });

describe("links that lead nowhere", () => {
  test("are kept, counted and listed, and joined when their record comes", async () => {
    const first = await people([
      { id: 1, city: "Oslo" },
      { id: 2, city: "Oslo", boss: 1 },
      { id: 3, city: "Bergen", boss: 9 },
      { id: 4, boss: null },
    ]);
    expect(first.records.stored).toBe(4);
    expect(first.danglingLinks).toBe(4);
    expect(await dangling()).toBe(4);
    expect(await inCity("Oslo")).toBe(0);
    expect((await cities("Oslo", "Lima")).danglingLinks).toBe(0);
    expect(await dangling()).toBe(2);
    expect(await inCity("Oslo")).toBe(2);
    expect(await living("Oslo")).toBe(1);
    expect(await living("Lima")).toBe(0);
    expect((await people([{ id: 9, city: "Lima" }])).danglingLinks).toBe(0);
    expect(await dangling()).toBe(1);
    expect(await countHere(store, { entity: "Person", where: { "boss.city": "Lima" } })).toBe(1);
    expect(await living("Lima")).toBe(1);
    await cities("Bergen");
    expect(await dangling()).toBe(0);
    expect(await inCity("Bergen")).toBe(1);
  }, 60_000);

  test("are joined whatever the order of the imports", async () => {
    const staff = Array.from({ length: 60 }, (_, at): Person => {
      return { id: at, boss: (at * 7) % 61, city: `C${at % 5}`, name: `n${at % 3}` };
    });
    const parts: (() => Promise<ImportReport>)[] = [
      () => people(staff.slice(0, 40)),
      () => people(staff.slice(40, 50)),
      () => people(staff.slice(50)),
      () => cities("C0", "C1"),
      () => cities("C2", "C3"),
    ];
    const orders = [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [3, 2, 0, 4, 1],
      [1, 4, 2, 0, 3],
    ];
    const isKnown = (boss: number) => boss < 60;
    const expected =
      staff.filter(({ city }) => city === "C4").length + staff.filter(({ boss }) => !isKnown(boss!)).length;
    for (const order of orders) {
      store = folder.file(`store-${++stores}`);
      for (const part of order) await parts[part]!();
      expect(await dangling(), `${order}`).toBe(expected);
      for (const name of ["C0", "C1", "C2", "C3", "C4"]) {
        const there = name === "C4" ? 0 : staff.filter(({ city }) => city === name).length;
        expect(await inCity(name)).toBe(there);
      }
      const where = { "boss.name": "n1" };
      const bosses = staff.filter(({ boss }) => staff.find(({ id }) => id === boss)?.name === "n1");
      expect(await countHere(store, { entity: "Person", where })).toBe(bosses.length);
    }
  }, 90_000);

  test("are joined across segments that stay apart", async () => {
    const many = Array.from(
      { length: 900 },
      (_, id): Person => ({ id, city: `C${id % 30}`, boss: 10_000 + (id % 9) }),
    );
    expect((await people(many)).danglingLinks).toBe(1800);
    await cities("C0", "C1", "C2");
    await people([{ id: 10_000, boss: 899 }]);
    await people([{ id: 10_001, city: "C0" }]);
    expect((await seenHere(store)).stats.segments.length).toBeGreaterThan(1);
    expect(await dangling()).toBe(900 - 90 + 900 - 200);
    expect(await inCity("C0")).toBe(31);
    expect(await countHere(store, { entity: "Person", where: { "boss.boss.id": 899 } })).toBe(100);
    const back = { entity: "Person", where: { id: 899, "Person.boss": { exists: true } } };
    expect(await countHere(store, back)).toBe(1);
    // All of them become one segment, and what was joined stays joined.
    await people(Array.from({ length: 2000 }, (_, at) => ({ id: 20_000 + at, city: "C1" })));
    expect((await seenHere(store)).stats.segments.length).toBe(1);
    expect(await dangling()).toBe(900 - 90 + 900 - 200);
    expect(await inCity("C1")).toBe(2030);
  }, 60_000);

  test("a link to the record itself is none of them", async () => {
    const self = await people([
      { id: 1, boss: 1 },
      { id: 2, boss: 2 },
      { id: 2, boss: 2 },
    ]);
    expect(self.danglingLinks).toBe(0);
    expect(await dangling()).toBe(0);
    const where = { entity: "Person", where: { "boss.boss.boss.id": 1 } };
    expect(await countHere(store, where)).toBe(1);
  }, 60_000);
});

describe("a record that lost its key", () => {
  test("has no links that count, in the report and in the store", async () => {
    const twice = await people([
      { id: 1, city: "Oslo" },
      { id: 1, city: "Nowhere" },
      { id: 1, city: "Oslo", boss: 77 },
    ]);
    expect(twice.records).toMatchObject({ stored: 1, duplicates: 2 });
    expect(twice.danglingLinks).toBe(1);
    expect(await dangling()).toBe(1);
    const again = await people([{ id: 1, city: "Elsewhere", boss: 78 }]);
    expect(again.records).toMatchObject({ stored: 0, duplicates: 1 });
    expect(again.danglingLinks).toBe(0);
    expect(await dangling()).toBe(1);
    await cities("Nowhere", "Elsewhere");
    expect(await inCity("Nowhere")).toBe(0);
    expect(await living("Elsewhere")).toBe(0);
  }, 60_000);

  test("takes its links along when another replaces it", async () => {
    const replacing = mapping.replace("    key: id", "    key: id\n    conflict: replace");
    expect((await people([{ id: 1, city: "Oslo" }], replacing)).danglingLinks).toBe(1);
    const next = await people(
      [
        { id: 1, city: "A" },
        { id: 1, city: "B", boss: 5 },
        { id: 2, boss: 1 },
      ],
      replacing,
    );
    expect(next.records).toMatchObject({ superseded: 1, replaced: 1, stored: 1 });
    expect(next.danglingLinks).toBe(2);
    expect(await dangling()).toBe(2);
  }, 60_000);

  test("is told from the others among many", async () => {
    const staff = Array.from({ length: 5000 }, (_, at): Person => ({ id: at % 3000, boss: 1_000_000 + at }));
    const report = await people(staff);
    expect(report.records).toMatchObject({ stored: 3000, duplicates: 2000 });
    expect(report.danglingLinks).toBe(3000);
    expect(await dangling()).toBe(3000);
    expect(readdirSync(`${store}/runs`)).toEqual([]);
  }, 60_000);
});
