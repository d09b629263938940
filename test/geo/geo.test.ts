import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StoreReader } from "../../src/ports/index.js";
import { countDanglingLinks, stats, verify } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { questions } from "./questions.js";
import { geoFolder, isGeoThere, readWorld, type World } from "./raw-data.js";

const bin = fileURLToPath(new URL("../../bin/plimsoll.js", import.meta.url));
const example = fileURLToPath(new URL("../../examples/geo/mapping.yaml", import.meta.url));
const run = promisify(execFile);

const countries = "countries.csv";
const states = "states.csv";
const cities = "cities/*.json.gz";

/** Sources of one import after another. */
const orders: [string, string[][]][] = [
  ["parents first, in one import", [[countries, states, cities]]],
  ["children first, in three imports", [[cities], [countries], [states]]],
];

interface Report {
  state: string;
  records: { read: number; stored: number; rejected: number };
}

const loadMsMax = 240_000;
const askMsMax = 60_000;
const verifyMsMax = 240_000;
let folder: string;
let mapping: string;
let world: World;

beforeAll(() => {
  if (!isGeoThere) return;
  folder = mkdtempSync(join(tmpdir(), "plimsoll-geo-"));
  // The example's mapping, and names in order and by their parts as well, and where the cities are.
  mapping = join(folder, "mapping.yaml");
  const text = readFileSync(example, "utf8")
    .replaceAll(
      "name: { type: string, index: [ exact, text ]",
      "name: { type: string, index: [ exact, text, range ]",
    )
    .replace(/(City:.*?index: \[ exact, text, range)/s, "$1, trigram")
    .replace(
      /(City:.*?\n)( +)(native: [^\n]*index: )text/s,
      "$1$2latitude: { type: string, index: place, longitude: longitude }\n$2longitude: string\n$2$3[ text, trigram ]",
    );
  writeFileSync(mapping, text);
  world = readWorld();
});

afterAll(() => {
  if (isGeoThere) rmSync(folder, { recursive: true });
});

async function load(store: string, sources: string[]): Promise<Report> {
  const report = `${store}-report.json`;
  const options = ["--into", store, "--mapping", mapping, "--memory", "256MiB", "--report", report];
  await run(process.execPath, [bin, "import", ...sources, ...options, "--progress", "none"], {
    cwd: geoFolder,
  });
  return JSON.parse(readFileSync(report, "utf8")) as Report;
}

const title = isGeoThere ? "" : " (no test data; set PLIMSOLL_TEST_DATA)";

describe.skipIf(!isGeoThere).each(orders)(`the world, loaded with %s${title}`, (name, imports) => {
  let store: string;
  let reader: StoreReader & AsyncDisposable;
  const reports: Report[] = [];

  beforeAll(async () => {
    store = join(folder, name.replaceAll(/[ ,]+/g, "-"));
    for (const sources of imports) reports.push(await load(store, sources));
    reader = await openStoreReader(store);
  }, loadMsMax);

  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
  });

  test(
    "each record is stored or rejected",
    () => {
      const sum = (pick: (report: Report) => number) =>
        reports.reduce((total, report) => total + pick(report), 0);
      const stored = world.countries.length + world.states.length + world.cities.length;
      expect(sum(({ records }) => records.stored)).toBe(stored);
      expect(sum(({ records }) => records.rejected)).toBe(world.citiesWithoutKey);
      expect(sum(({ records }) => records.read)).toBe(stored + world.citiesWithoutKey);
      expect(world.cities.length + world.citiesWithoutKey).toBe(58_227);
      const counts = stats(reader).entities.map((entity) => [entity.name, entity.records]);
      expect(counts).toEqual([
        ["Country", world.countries.length],
        ["State", world.states.length],
        ["City", world.cities.length],
      ]);
    },
    askMsMax,
  );

  test.each(questions)(
    "$title",
    ({ ask, expected }) => {
      const answer = ask(reader);
      const right = expected(world);
      // An empty answer to a question about records would prove nothing.
      if (Array.isArray(right)) expect(right.length).toBeGreaterThan(0);
      expect(typeof answer === "function" ? answer(world) : answer).toEqual(right);
    },
    askMsMax,
  );

  test(
    "all of it is sound",
    async () => {
      const { faults, firstFaults, records } = await verify(reader);
      expect({ faults, firstFaults }).toEqual({ faults: 0, firstFaults: [] });
      expect(records).toBe(world.countries.length + world.states.length + world.cities.length);
    },
    verifyMsMax,
  );
});

test.skipIf(!isGeoThere)(
  `cities without their states and countries have links that lead nowhere${title}`,
  async () => {
    const store = join(folder, "norway");
    await load(store, ["cities/NO.json.gz"]);
    const norwegian = world.cities.filter((city) => city.country_code === "NO");
    await using reader = await openStoreReader(store);
    expect(countDanglingLinks(reader)).toBe(norwegian.length * 2);
    expect((await verify(reader)).firstFaults).toEqual([]);
  },
  loadMsMax,
);
