import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

export const geoFolder = join(process.env.PLIMSOLL_TEST_DATA ?? resolve("../shared/data"), "geo");
export const isGeoThere = existsSync(geoFolder);

/** A city as its file has it; only what the questions ask about is named. */
export interface City {
  id: number | null;
  name: string;
  state_id: number;
  country_id: number;
  country_code: string;
  type: string | null;
  native: string | null;
  latitude: string | null;
  longitude: string | null;
  population: number | null;
  translations: Record<string, string> | null;
  updated_at: string | null;
}

export type Row = Record<string, string>;

export interface World {
  countries: Row[];
  states: Row[];
  /** Those that have a key: the others are rejected. */
  cities: City[];
  citiesWithoutKey: number;
}

/** All the raw files in memory, read without any part of the project. */
export function readWorld(): World {
  const files = readdirSync(join(geoFolder, "cities"));
  const cities = files.flatMap((file) => readJson(join(geoFolder, "cities", file)));
  const keyed = cities.filter((city) => city.id !== null && city.id !== undefined);
  return {
    countries: readCsv(join(geoFolder, "countries.csv")),
    states: readCsv(join(geoFolder, "states.csv")),
    cities: keyed,
    citiesWithoutKey: cities.length - keyed.length,
  };
}

function readJson(path: string): City[] {
  return JSON.parse(gunzipSync(readFileSync(path)).toString()) as City[];
}

/** RFC 4180, and nothing beyond: quoted cells may hold commas, line breaks and doubled quotes. */
function readCsv(path: string): Row[] {
  const text = readFileSync(path, "utf8");
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  while (cell.lastIndex < text.length) {
    const [, quoted, plain, end] = cell.exec(text)!;
    rows.at(-1)!.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end !== ",") rows.push([]);
  }
  const [header, ...cells] = rows.filter((row) => row.length > 0);
  return cells.map((row) => Object.fromEntries(header!.map((name, at) => [name, row[at]!])));
}

/** Words as a text index has them: letters, digits and marks, lower case; ideographs and kana one by one. */
export function wordsOf(text: string | null | undefined): Set<string> {
  const single = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
  const spaced = (text ?? "").toLowerCase().replace(single, " $& ");
  return new Set(spaced.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []);
}
