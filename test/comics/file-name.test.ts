import fc from "fast-check";
import { expect, test } from "vitest";
import { readFileName } from "../../src/sources/comics/metadata/index.js";

/** Names as people and scanners give them, and what is to be read out of each. */
const golden: Record<string, object> = {
  "Series Name v2 #012.5 (of 6) (2014) (Marvel).cbz": {
    series: "Series Name",
    volume: 2,
    issue: { number: 12.5, suffix: "" },
    issueCount: 6,
    year: 2014,
    publisher: "Marvel",
  },
  "Amazing Spider-Man #078.BEY (2022) (Digital) (Zone-Empire).cbr": {
    series: "Amazing Spider-Man",
    issue: { number: 78, suffix: "BEY" },
    year: 2022,
    scanInfo: "Zone-Empire",
  },
  "Batman 012 (2012) (digital) (Minutemen-Thoth).cbz": {
    series: "Batman",
    issue: { number: 12, suffix: "" },
    year: 2012,
    scanInfo: "Minutemen-Thoth",
  },
  "Saga v01 (2012) (digital) (Empire).cbz": { series: "Saga", volume: 1, year: 2012, scanInfo: "Empire" },
  "X-Men - The Animated Series 002 (of 05) (1993).cbz": {
    series: "X-Men - The Animated Series",
    issue: { number: 2, suffix: "" },
    issueCount: 5,
    year: 1993,
  },
  "Blacksad t01 - Quelque part entre les ombres.cbz": {
    series: "Blacksad",
    volume: 1,
    title: "Quelque part entre les ombres",
    stories: ["Quelque part entre les ombres"],
  },
  "Naruto Chapter 012.cbz": { series: "Naruto", issue: { number: 12, suffix: "" } },
  "Fables 001 1001 Nights.cbz": {
    series: "Fables",
    issue: { number: 1, suffix: "" },
    title: "1001 Nights",
    stories: ["1001 Nights"],
  },
  "2000 AD 1836 (2013) (Digital).cbz": {
    series: "2000 AD",
    issue: { number: 1836, suffix: "" },
    year: 2013,
  },
  "Action_Comics_0999_(2018).cbz": {
    series: "Action Comics",
    issue: { number: 999, suffix: "" },
    year: 2018,
  },
  "Detective.Comics.027.1939.cbz": {
    series: "Detective Comics",
    issue: { number: 27, suffix: "" },
    year: 1939,
  },
  "Futuristic Tales #01 - Anda's Game (2007).cbz": {
    series: "Futuristic Tales",
    issue: { number: 1, suffix: "" },
    title: "Anda's Game",
    stories: ["Anda's Game"],
    year: 2007,
  },
  "Hellboy #½ (1999).cbz": { series: "Hellboy", issue: { number: 0.5, suffix: "" }, year: 1999 },
  "Superman -1 (1998).cbz": { series: "Superman", issue: { number: -1, suffix: "" }, year: 1998 },
  "Previews #002 (January 2022) (Digital-Empire).cbr": {
    series: "Previews",
    issue: { number: 2, suffix: "" },
    year: 2022,
    month: 1,
    scanInfo: "Digital-Empire",
  },
  "Spawn 300AU (2019) (Image).cbz": {
    series: "Spawn",
    issue: { number: 300, suffix: "AU" },
    year: 2019,
    publisher: "Image",
  },
  "Planetary (TPB) (2000).cbz": { series: "Planetary", year: 2000, originalFormat: "Trade Paperback" },
  "52 Week 01 (2006).cbz": { series: "52 Week", issue: { number: 1, suffix: "" }, year: 2006 },
  "300.cbz": { series: "300" },
  "Tales of 1000 Nights 001 (2013).cbz": {
    series: "Tales of 1000 Nights",
    issue: { number: 1, suffix: "" },
    year: 2013,
  },
  "Harbour 003 of 12 (2013).cbz": {
    series: "Harbour",
    issue: { number: 3, suffix: "" },
    issueCount: 12,
    year: 2013,
  },
  "Harbour Day 2021 (2021).cbr": { series: "Harbour Day 2021", year: 2021 },
  "Harbour (1957) #92 (1969) (2004).cbz": {
    series: "Harbour",
    volume: 1957,
    issue: { number: 92, suffix: "" },
    year: 1969,
  },
  "Harbour 001 (2006) (digital (Low-Tide).cbz": {
    series: "Harbour",
    issue: { number: 1, suffix: "" },
    year: 2006,
    scanInfo: "Low-Tide",
  },
  "Harbour #B01 (2006).cbz": { series: "Harbour", issue: { number: null, suffix: "B01" }, year: 2006 },
  "X-Harbour-V1-#067.cbr": { series: "X-Harbour", volume: 1, issue: { number: 67, suffix: "" } },
  "Harbour v1 #090  c2c.cbr": {
    series: "Harbour",
    volume: 1,
    issue: { number: 90, suffix: "" },
    scanInfo: "c2c",
  },
  "Harbour, 2021-08-04 (#02).cbz": {
    series: "Harbour",
    issue: { number: 2, suffix: "" },
    year: 2021,
    month: 8,
    day: 4,
  },
  "Harbour 02-24-2001.cbz": { series: "Harbour", year: 2001, month: 2, day: 24 },
  "Harbour Book 03 (2020).cbr": { series: "Harbour", volume: 3, year: 2020 },
  "Watchmen.cbt": { series: "Watchmen" },
  ".cbz": {},
};

test.each(Object.entries(golden))("%s", (fileName, expected) => {
  expect(readFileName(fileName)).toEqual(expected);
});

const part = fc.stringMatching(/^[A-Z][a-z]{1,8}$/);

test("what a name was made of is read out of it", () => {
  const name = fc.record({
    series: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(" ")),
    volume: fc.option(fc.integer({ min: 1, max: 99 }), { nil: undefined }),
    issue: fc.integer({ min: 0, max: 999 }),
    count: fc.option(fc.integer({ min: 1, max: 99 }), { nil: undefined }),
    year: fc.integer({ min: 1935, max: 2030 }),
  });
  fc.assert(
    fc.property(name, ({ series, volume, issue, count, year }) => {
      fc.pre(!/\b(?:Of|Ch|No|Vol|V|T|C|Issue|Chapter|Volume|Tome)\b/.test(series));
      const parts = [series, volume && `v${volume}`, `#${String(issue).padStart(3, "0")}`];
      const notes = [count && `(of ${count})`, `(${year})`];
      const written = [...parts, ...notes].filter((one) => one !== undefined).join(" ");
      const expected = { series, volume, issue: { number: issue, suffix: "" }, issueCount: count, year };
      const found = readFileName(`${written}.cbz`);
      expect({ ...expected, ...found }).toEqual(expected);
      expect(found).toMatchObject(JSON.parse(JSON.stringify(expected)));
    }),
  );
});

test("any name is read, in time that does not grow beyond its length", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 255 }), (name) => {
      expect(typeof readFileName(name)).toBe("object");
    }),
  );
  const start = performance.now();
  for (const piece of ["1 ", "(", "((", "a-", ".1", "# ", "v1 ", "0 0"]) readFileName(piece.repeat(1000));
  expect(performance.now() - start).toBeLessThan(2000);
});
