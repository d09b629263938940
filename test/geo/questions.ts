import type { StoreReader } from "../../src/ports/index.js";
import { count, countDanglingLinks, followBack, lookup, query } from "../../src/query/index.js";
import { type City, type Row, type World, wordsOf } from "./raw-data.js";

export interface Question {
  title: string;
  ask: (reader: StoreReader) => unknown;
  /** The answer, from the raw files alone. */
  expected: (world: World) => unknown;
}

type Stored = Record<string, unknown> & { id: number; name: string; population: number };

function found(reader: StoreReader, filter: object): Stored[] {
  return [...query(reader, filter)].map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes)) as Stored);
}

const ascending = (left: number, right: number) => left - right;
const descending = (left: number, right: number) => right - left;
const byBytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));
const ids = (rows: readonly { id?: unknown }[]) => rows.map(({ id }) => Number(id)).sort(ascending);
const names = (rows: readonly Row[] | readonly Stored[]) => rows.map((row) => String(row.name)).sort(byBytes);

/** A question about the ids of the records that match, whatever their order. */
function whichIds(
  title: string,
  filter: object,
  expected: (world: World) => readonly { id?: unknown }[],
): Question {
  return { title, ask: (reader) => ids(found(reader, filter)), expected: (world) => ids(expected(world)) };
}

function whichCities(
  title: string,
  filter: object,
  isMatch: (city: City, world: World) => boolean,
): Question {
  const ofCities = { entity: "City", ...filter };
  return whichIds(title, ofCities, (world) => world.cities.filter((city) => isMatch(city, world)));
}

function whichCountries(
  title: string,
  filter: object,
  isMatch: (row: Row, world: World) => boolean,
): Question {
  const ofCountries = { entity: "Country", ...filter };
  return whichIds(title, ofCountries, (world) => world.countries.filter((row) => isMatch(row, world)));
}

function whichStates(title: string, filter: object, isMatch: (row: Row, world: World) => boolean): Question {
  const ofStates = { entity: "State", ...filter };
  return whichIds(title, ofStates, (world) => world.states.filter((row) => isMatch(row, world)));
}

function hasAll(text: (string | null | undefined)[], ...words: string[]): boolean {
  const there = new Set(text.flatMap((part) => [...wordsOf(part)]));
  return words.every((word) => there.has(word));
}

const searchable = ({ name, native, translations }: City) => [
  name,
  native,
  translations?.ar,
  translations?.ja,
];
const people = ({ population }: City) => population ?? Number.NaN;

/** Cities by the country's name, through its id. */
function isIn(city: City, world: World, country: string): boolean {
  return world.countries.some(({ id, name }) => name === country && Number(id) === city.country_id);
}

/** Records of equal value stand in the order of loading, so an ordered answer is its values. */
const ordered: Question[] = [
  {
    title: "Norway's cities by population, largest first",
    ask: (reader) => {
      const where = { "country_id.name": "Norway", population: { exists: true } };
      return found(reader, { entity: "City", where, order: "-population" }).map((city) => city.population);
    },
    expected: ({ cities }) =>
      cities
        .filter((city) => city.country_code === "NO" && city.population !== null)
        .map(people)
        .sort(descending),
  },
  {
    title: "the 6th to the 15th largest city of all",
    ask: (reader) => {
      const largest = { entity: "City", order: "-population", limit: 10, offset: 5 };
      return found(reader, largest).map((city) => city.population);
    },
    expected: ({ cities }) =>
      cities
        .map(people)
        .filter((population) => !Number.isNaN(population))
        .sort(descending)
        .slice(5, 15),
  },
  {
    title: "names that begin with Bad, in order",
    ask: (reader) => {
      const filter = { entity: "City", where: { name: { prefix: "Bad " } }, order: "name" };
      return found(reader, filter).map(({ name }) => name);
    },
    expected: ({ cities }) =>
      cities
        .map(({ name }) => name)
        .filter((name) => name.startsWith("Bad "))
        .sort(byBytes),
  },
  {
    title: "countries by area, smallest first",
    ask: (reader) => {
      const filter = {
        entity: "Country",
        where: { iso2: ["MC", "VA", "LI", "SM", "NR"] },
        order: "area_sq_km",
      };
      return found(reader, filter).map(({ name }) => name);
    },
    expected: ({ countries }) =>
      countries
        .filter((row) => ["MC", "VA", "LI", "SM", "NR"].includes(row.iso2!))
        .sort((left, right) => Number(left.area_sq_km) - Number(right.area_sq_km))
        .map((row) => row.name),
  },
];

const links: Question[] = [
  whichCities("cities of a country by its name", { where: { "country_id.name": "Norway" } }, (city, world) =>
    isIn(city, world, "Norway"),
  ),
  whichCities(
    "cities by a state's country: two links",
    { where: { "state_id.country_id.iso3": "AUT" } },
    (city, world) => isIn(city, world, "Austria"),
  ),
  whichStates(
    "states without cities",
    { where: { "City.state_id": { exists: false } } },
    statesWithout((city) => city.state_id !== null),
  ),
  whichStates(
    "states with a city above five million people",
    { where: { "City.state_id": { population: { gt: 5_000_000 } } } },
    (row, world) => world.cities.some((city) => people(city) > 5_000_000 && city.state_id === Number(row.id)),
  ),
  whichCountries(
    "countries with a state that is an emirate",
    { where: { "State.country_id": { type: "emirate" } } },
    (row, { states }) => states.some((state) => state.type === "emirate" && state.country_id === row.id),
  ),
  whichStates("districts of England", { where: { "parent_id.name": "England" } }, (row, { states }) => {
    return states.some((state) => state.id === row.parent_id && state.name === "England");
  }),
  {
    title: "links that lead nowhere",
    ask: countDanglingLinks,
    expected: ({ countries, states, cities }) => {
      const countryIds = new Set(countries.map(({ id }) => Number(id)));
      const stateIds = new Set(states.map(({ id }) => Number(id)));
      const ofStates = states.map((row) => [!countryIds.has(Number(row.country_id)), isLost(row.parent_id!)]);
      const ofCities = cities.map((city) => [!countryIds.has(city.country_id), !stateIds.has(city.state_id)]);
      function isLost(parent: string): boolean {
        return parent !== "" && !stateIds.has(Number(parent));
      }
      return [...ofStates, ...ofCities].flat().filter((isDangling) => isDangling).length;
    },
  },
  {
    title: "states of Japan, back along the link",
    ask: (reader) => {
      const japan = lookup(reader, "Country", 109)!;
      return [...followBack(reader, japan.id, "State", "country_id")].length;
    },
    expected: ({ states }) => states.filter((row) => row.country_id === "109").length,
  },
];

/** States that no city which passes the test is in. */
function statesWithout(isCounted: (city: City) => boolean): (row: Row, world: World) => boolean {
  let used: Set<number> | null = null;
  return (row, { cities }) => {
    used ??= new Set(cities.filter(isCounted).map((city) => city.state_id));
    return !used.has(Number(row.id));
  };
}

const words: Question[] = [
  whichCities("an Arabic word", { search: { ar: "سان" } }, ({ translations }) =>
    hasAll([translations?.ar], "سان"),
  ),
  whichCities("two words in any field, whatever their case", { search: "SAN Juan" }, (city) =>
    hasAll(searchable(city), "san", "juan"),
  ),
  whichCities("two ideographs", { search: { ja: "東京" } }, ({ translations }) =>
    hasAll([translations?.ja], "東", "京"),
  ),
  whichCountries("a country by its Greek name", { search: { native: "Ελλάδα" } }, (row) =>
    hasAll([row.native], "ελλάδα"),
  ),
  whichCities("a word and a condition", { search: "santa", where: { country_code: "CU" } }, (city) => {
    return city.country_code === "CU" && hasAll(searchable(city), "santa");
  }),
];

const values: Question[] = [
  {
    title: "cities of every country, counted",
    ask: (reader) => {
      const [first, ...more] = found(reader, { entity: "Country" }).sort((left, right) => left.id - right.id);
      return [first!, ...more].map(({ id }) => [
        id,
        count(reader, { entity: "City", where: { country_id: id } }),
      ]);
    },
    expected: ({ countries, cities }) => {
      const counts = new Map(countries.map(({ id }) => [Number(id), 0]));
      for (const city of cities) counts.set(city.country_id, counts.get(city.country_id)! + 1);
      return [...counts].sort(([left], [right]) => left - right);
    },
  },
  whichCities("a range of population", { where: { population: { gte: 100_000, lt: 120_000 } } }, (city) => {
    return people(city) >= 100_000 && people(city) < 120_000;
  }),
  whichCities(
    "cities whose population nobody knows",
    { where: { country_code: "NO", population: { exists: false } } },
    (city) => city.country_code === "NO" && city.population === null,
  ),
  whichCities(
    "one country or another, and large",
    { where: { or: [{ country_code: "NO" }, { country_code: "SE" }], population: { gte: 50_000 } } },
    (city) => ["NO", "SE"].includes(city.country_code) && people(city) >= 50_000,
  ),
  whichCities(
    "not small: the unknown ones as well",
    { where: { country_code: "JP", not: { population: { lt: 100_000 } } } },
    (city) => city.country_code === "JP" && !(people(city) < 100_000),
  ),
  whichCities("changed since a time", { where: { updated_at: { gte: "2025-12-02T16:50:00Z" } } }, (city) => {
    return city.updated_at !== null && Date.parse(`${city.updated_at}Z`) >= Date.UTC(2025, 11, 2, 16, 50);
  }),
  whichCountries("a capital", { where: { capital: "Oslo" } }, (row) => row.capital === "Oslo"),
  whichCountries(
    "north of 60 degrees",
    { where: { latitude: { gt: 60 } } },
    (row) => Number(row.latitude) > 60,
  ),
  whichCountries(
    "a code with leading zeros",
    { where: { numeric_code: "008" } },
    (row) => row.numeric_code === "008",
  ),
  {
    title: "countries that pay in euros",
    ask: (reader) => names(found(reader, { entity: "Country", where: { currency: "EUR" } })),
    expected: ({ countries }) => names(countries.filter((row) => row.currency === "EUR")),
  },
  {
    title: "every thousandth city by its key, as its file has it",
    ask: (reader) => (world: World) =>
      everyThousandth(world).map(({ id }) =>
        JSON.parse(Buffer.from(lookup(reader, "City", id)!.bytes).toString()),
      ),
    expected: everyThousandth,
  },
];

/** On a sphere; no city lies so near to the rims of the circles that the ellipsoid would tell it apart. */
function metresBetween(city: City, longitude: number, latitude: number): number {
  const [north, east] = [Number(city.latitude), Number(city.longitude)].map((one) => (one * Math.PI) / 180);
  const [n, e] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
  const chord =
    Math.sin((n - north!) / 2) ** 2 + Math.cos(n) * Math.cos(north!) * Math.sin((e - east!) / 2) ** 2;
  return 2 * 6_371_009 * Math.asin(Math.sqrt(chord));
}

const near = (longitude: number, latitude: number, metres: number) =>
  whichCities(
    `within ${metres} m of ${latitude},${longitude}`,
    { where: { latitude: { near: { longitude, latitude, metres } } } },
    (city) => metresBetween(city, longitude, latitude) <= metres,
  );

const partsAndPlaces: Question[] = [
  whichCities("a part of a name", { where: { name: { contains: "ansk" } } }, ({ name }) =>
    name.includes("ansk"),
  ),
  whichCities(
    "a part in another script",
    { where: { native: { contains: "ский" } } },
    ({ native }) => native?.includes("ский") === true,
  ),
  whichCities(
    "a pattern, whatever the case",
    { where: { name: { regex: { pattern: "^san(ta)? .*[aeiou]{2}$", flags: "i" } } } },
    ({ name }) => /^san(ta)? .*[aeiou]{2}$/iu.test(name),
  ),
  near(10.75, 59.91, 20_000),
  near(179.9, -16.5, 400_000),
  near(0, 90, 2_000_000),
  whichCities(
    "in a box over the 180th degree",
    { where: { latitude: { within: [170, -50, -170, -30] } } },
    ({ latitude, longitude }) =>
      Number(latitude) >= -50 && Number(latitude) <= -30 && Math.abs(Number(longitude)) >= 170,
  ),
  whichCities(
    "in a triangle",
    {
      where: {
        latitude: {
          within: {
            type: "Polygon",
            coordinates: [
              [
                [0, 40],
                [20, 40],
                [0, 60],
                [0, 40],
              ],
            ],
          },
        },
      },
    },
    ({ latitude, longitude }) =>
      Number(longitude) >= 0 && Number(latitude) >= 40 && Number(longitude) + Number(latitude) <= 60,
  ),
];

function everyThousandth({ cities }: World): City[] {
  return cities.filter((_, at) => at % 1000 === 0);
}

export const questions: Question[] = [...ordered, ...links, ...words, ...values, ...partsAndPlaces];
