import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Mapping } from "../../src/mapping/index.js";
import {
  countDanglingLinks,
  danglingLinks,
  exportRecords,
  followBack,
  followLink,
  lookup,
  stats,
  verify,
} from "../../src/query/index.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";
import { naiveValues, naiveWords } from "./naive.js";
import { anyWorld, type World } from "./world.js";

function textOf(pieces: Iterable<Uint8Array>): string {
  return Buffer.concat([...pieces]).toString();
}

describe("links", () => {
  test("lookup, steps forward and back are those of the twin", () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        for (const { id, value } of world.people) {
          expect(lookup(world.reader, "Person", value.id)?.id).toBe(id);
          const home = world.cities
            .filter((city) => city.value.id === value.address?.city)
            .map((city) => city.id);
          expect([...followLink(world.reader, id, "home")].map((found) => found.id)).toEqual(home);
          const fans = world.people
            .filter((person) => person.value.friend === value.id)
            .map((person) => person.id);
          expect([...followBack(world.reader, id, "Person", "friend")].map((found) => found.id)).toEqual(
            fans,
          );
        }
        for (const { id, value } of world.cities) expect(lookup(world.reader, "City", value.id)?.id).toBe(id);
        expect(lookup(world.reader, "Person", "nobody")).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test("dangling links are those whose target is not there", () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const expected: string[] = [];
        for (const { id, value } of world.people) {
          const { friend, address } = value;
          if (friend !== undefined && !world.people.some((other) => other.value.id === friend)) {
            expected.push(`Person ${friend} ${id}`);
          }
          const city = address?.city ?? null;
          if (city !== null && !world.cities.some((other) => other.value.id === city))
            expected.push(`City ${city} ${id}`);
        }
        const found = [...danglingLinks(world.reader)].map(
          ({ entity, key, recordId }) => `${entity} ${key} ${recordId}`,
        );
        expect(found.toSorted()).toEqual(expected.toSorted());
        expect(countDanglingLinks(world.reader)).toBe(expected.length);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe("export", () => {
  test("gives back every live record in the order of import, byte by byte", () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const all = [...world.cities, ...world.people].toSorted((left, right) => left.id - right.id);
        const lines = all.map(({ value }) => `${JSON.stringify(value)}\n`).join("");
        expect(textOf(exportRecords(world.reader, { format: "jsonl" }))).toBe(lines);
        const cities = world.cities.map(({ value }) => `${JSON.stringify(value)}\n`).join("");
        expect(textOf(exportRecords(world.reader, { format: "jsonl", entity: "City" }))).toBe(cities);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test("CSV quotes what must be quoted and keeps all digits", () => {
    const fields: Mapping["entities"][string]["fields"] = {
      id: "int",
      "a,b": { type: "string", path: ["a,b"] },
      deep: { type: "int", path: "x.y" },
      list: "string",
      pairs: "pairs",
    };
    const builder = new MemoryStoreBuilder({ version: 1, entities: { Row: { fields } } });
    builder.addSegment([
      { entity: "Row", text: '{"id":12345678901234567890,"a,b":"say \\"hi\\",\\nthere","x":{"y":1}}' },
      { entity: "Row", text: '{"id":1,"a,b":" pad","list":["p","q,r"]}' },
      { entity: "Row", text: '{"id":null,"a,b":1.50}' },
    ]);
    const text = textOf(exportRecords(builder.reader(), { format: "csv" }));
    expect(text).toBe(
      'id,"a,b",list\r\n12345678901234567890,"say ""hi"",\nthere",\r\n1," pad","[""p"",""q,r""]"\r\n,1.50,\r\n',
    );
  });

  test("CSV holds one entity, which must be named", () => {
    const [world] = fc.sample(anyWorld, { seed: 3, numRuns: 1 });
    expect(() => [...exportRecords(world!.reader, { format: "csv" })]).toThrow("CSV holds one entity");
    expect(textOf(exportRecords(world!.reader, { format: "csv", entity: "City" }))).toMatch(
      /^id,name,size\r\n/,
    );
  });
});

describe("stats", () => {
  test("numbers are those of the twin", () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const found = stats(world.reader);
        const person = found.entities.find(({ name }) => name === "Person")!;
        expect(person.records).toBe(world.people.length);
        expect(person.dead).toBe(world.everyone.length - world.people.length);
        expect(person.dangling + found.entities[0]!.dangling).toBe(countDanglingLinks(world.reader));
        expect(found.records).toBe(world.people.length + world.cities.length);
        expect(found.dead).toBe(world.reader.sealed.deadRecords);
        const age = person.indexes.find(({ field }) => field === "age")!;
        const ages = everyoneValues(world, "age");
        expect(age).toMatchObject({ kind: "number", postings: ages.length, terms: new Set(ages).size });
        const bio = person.indexes.find(({ field }) => field === "bio")!;
        const wordSets = world.everyone.map((value) => new Set(naiveWords(value.bio)));
        expect(bio.postings).toBe(wordSets.reduce((sum, set) => sum + set.size, 0));
        expect(bio.terms).toBe(new Set(wordSets.flatMap((set) => [...set])).size);
        const segmentTuples = found.segments.reduce((sum, segment) => sum + segment.tuples, 0);
        expect(found.postings).toBe(segmentTuples);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe("verify", () => {
  test("finds no fault in any sound store, and counts what it checked", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, async (world) => {
        const result = await verify(world.reader);
        expect(result.firstFaults).toEqual([]);
        expect(result.records).toBe(world.people.length + world.cities.length);
        expect(result.postings).toBe(stats(world.reader).postings);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

function everyoneValues(world: World, name: string) {
  return world.everyone.flatMap((value) => naiveValues("Person", { id: 0, value }, name));
}
