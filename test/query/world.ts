import fc from "fast-check";
import type { Mapping } from "../../src/mapping/index.js";
import type { StoreReader } from "../../src/ports/index.js";
import { MemoryStoreBuilder, type MemoryStoreOptions } from "../support/memory-store.js";

/** People in cities: every type, links both ways, several values, values that are absent. */
export const worldMapping: Mapping = {
  version: 1,
  entities: {
    City: {
      key: "id",
      fields: {
        id: "int",
        name: { type: "string", index: ["exact", "range"] },
        size: { type: "int", index: "range" },
      },
    },
    Person: {
      key: "id",
      conflict: "replace",
      fields: {
        id: "string",
        name: { type: "string", index: ["exact", "range", "text"] },
        bio: { type: "string", index: "text" },
        age: { type: "int", index: "range" },
        score: { type: "float", index: "range" },
        alive: { type: "bool", index: "exact" },
        born: { type: "date", index: "range" },
        code: { type: "hex", index: "exact" },
        labels: { type: "string", index: "exact" },
        tags: { type: "pairs", index: "exact" },
        home: { path: "address.city", type: "int", link: "City" },
        friend: { type: "string", link: "Person" },
        note: "string",
        rank: "int",
      },
    },
  },
};

/** Members of test records may be undefined: JSON.stringify leaves them out. */
export interface City {
  id: number;
  name: string;
  size?: number | undefined;
}

export interface Person {
  id: string;
  name?: string | null | undefined;
  bio?: string | string[] | undefined;
  age?: number | null | undefined;
  score?: number | undefined;
  alive?: boolean | undefined;
  born?: string | undefined;
  code?: string | undefined;
  labels?: string[] | undefined;
  tags?: unknown[] | undefined;
  address?: { city?: number | null } | undefined;
  friend?: string | undefined;
  note?: string | undefined;
  rank?: number | undefined;
}

export interface World {
  reader: StoreReader;
  builder: MemoryStoreBuilder;
  cities: { id: number; value: City }[];
  people: { id: number; value: Person }[];
  /** Dead people too: their postings still count as postings. */
  everyone: Person[];
}

const words = ["red", "bicycle", "Straße", "repair", "of", "chains", "extraordinarily", "日本", "Ünïcode"];
const names = ["Ann", "Bob", "Annabella Longname", "Annabella Longnose", "Zoë", "", "𐐷eserets", "\uffeee"];

const text = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((list) => list.join(" "));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 4 });

const anyCity = fc.record({ name: fc.constantFrom(...names), size: maybe(fc.integer({ min: -3, max: 9 })) });
const anyPerson = fc.record({
  name: fc.option(fc.constantFrom(...names), { nil: null, freq: 6 }),
  bio: maybe(fc.oneof(text, fc.array(text, { maxLength: 2 }))),
  age: fc.option(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(-5), fc.maxSafeInteger()), {
    nil: null,
    freq: 5,
  }),
  score: maybe(fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(0.5, -0.5, 1e300, -0))),
  alive: maybe(fc.boolean()),
  born: maybe(
    fc.constantFrom("2001-02-03", "1969-12-31T23:59:59.5Z", "2001-02-03T01:00:00+01:00", "2020-01-01"),
  ),
  code: maybe(fc.constantFrom("ab", "AB", "00ff00ff00ff00ff", "")),
  labels: maybe(fc.array(fc.constantFrom("a", "b", "a label that is long", "c"), { maxLength: 3 })),
  tags: maybe(
    fc.array(
      fc.oneof(
        fc.tuple(fc.constantFrom("e", "p", "long", "é"), fc.constantFrom("x", "a value that is long", "")),
        fc.constantFrom(["e"], "e", ["p", 1, "x"], []),
      ),
      { maxLength: 3 },
    ),
  ),
  address: maybe(fc.record({ city: fc.option(fc.integer({ min: 0, max: 7 }), { nil: null }) })),
  friend: maybe(fc.constantFrom("p0", "p1", "p2", "p30", "nobody")),
  note: maybe(fc.constantFrom("a", "b", "ab")),
  rank: maybe(fc.integer({ min: 0, max: 3 })),
});

/** Two or three segments of cities and people; some of each are dead, also by a later segment. */
export const anyWorld: fc.Arbitrary<World> = fc
  .record({
    segments: fc.array(
      fc.record({
        cities: fc.array(anyCity, { maxLength: 5 }),
        people: fc.array(anyPerson, { maxLength: 30 }),
        repeats: fc.array(fc.nat({ max: 100 }), { maxLength: 8 }),
        hole: fc.nat({ max: 3 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    blockTuples: fc.constantFrom(1, 3, 40, 5000),
  })
  .map(({ segments, blockTuples }) => buildWorld(segments, { blockTuples, batchRecords: 7 }));

export interface WorldSegment {
  cities: Omit<City, "id">[];
  people: Omit<Person, "id">[];
  /** Each comes as one more record under a key that is taken: odd numbers a person's, even ones a city's. */
  repeats: number[];
  /** Ids that no record has, as after rejected ones. */
  hole: number;
}

/** Of people of one key the last is alive, of cities the first. */
export function buildWorld(segments: WorldSegment[], options: MemoryStoreOptions): World {
  const builder = new MemoryStoreBuilder(worldMapping, options);
  const cities: World["cities"] = [];
  const people: World["people"] = [];
  let cityNumber = 0;
  let personNumber = 0;
  for (const segment of segments) {
    const newCities = segment.cities.map((city): City => ({ id: cityNumber++, ...city }));
    const newPeople = segment.people.map((person): Person => ({ id: `p${personNumber++}`, ...person }));
    for (const number of segment.repeats) {
      const [city] = segment.cities.slice(number % (segment.cities.length + 1));
      const [person] = segment.people.slice(number % (segment.people.length + 1));
      if (number % 2 === 0 && city !== undefined) newCities.push({ id: number % cityNumber, ...city });
      if (number % 2 === 1 && person !== undefined)
        newPeople.push({ id: `p${number % personNumber}`, ...person });
    }
    const ids = builder.addSegment([
      ...newCities.map((city) => ({ entity: "City", text: JSON.stringify(city) })),
      ...newPeople.map((person) => ({ entity: "Person", text: JSON.stringify(person) })),
    ]);
    cities.push(...newCities.map((value, at) => ({ id: ids[at]!, value })));
    people.push(...newPeople.map((value, at) => ({ id: ids[newCities.length + at]!, value })));
    builder.skipIds(segment.hole);
  }
  return {
    reader: builder.reader(),
    builder,
    cities: cities.filter(({ value }, at) => cities.findIndex((other) => other.value.id === value.id) === at),
    people: people.filter(
      ({ value }, at) => people.findLastIndex((other) => other.value.id === value.id) === at,
    ),
    everyone: people.map(({ value }) => value),
  };
}
