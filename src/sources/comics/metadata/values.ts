import { toUSVString } from "node:util";
import { comicListMax, comicTextCharsMax } from "../../../kernel/index.js";
import type { IssueNumber, ReadingDirection } from "./comic-metadata.js";

/**
 * Values as people's programs wrote them: numbers as text, texts as numbers, null for nothing, lists for one.
 * Each function hands out what can be made of a value, or undefined: a bad value costs its field and no more.
 */
export function text(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return undefined;
  // Lone halves of a pair are no text that UTF-8 could hold.
  const cut = value.length > comicTextCharsMax ? value.slice(0, comicTextCharsMax) : value;
  const clean = toUSVString(cut).replace(controls, "").trim();
  return clean === "" ? undefined : clean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** A name is a text on one line: its white space is a space. */
export function name(value: unknown): string | undefined {
  const found = text(isObject(value) ? (value.name ?? value.Name) : value);
  return found?.replace(/\s+/g, " ").slice(0, nameCharsMax).trim() || undefined;
}

const nameCharsMax = 512;

export function integer(value: unknown): number | undefined {
  const found = decimal(value);
  if (found === undefined) return undefined;
  const whole = Math.trunc(found);
  return Number.isSafeInteger(whole) ? whole : undefined;
}

/** A count: less than one says nothing (`-1` is how many programs write that they do not know). */
export function count(value: unknown): number | undefined {
  const found = integer(value);
  return found !== undefined && found > 0 && found <= countMax ? found : undefined;
}

const countMax = 1_000_000;

export function decimal(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "boolean") return undefined;
  const written = text(value)?.replace(",", ".");
  if (written === undefined || !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(written)) return undefined;
  const found = Number(written);
  return Number.isFinite(found) ? found : undefined;
}

export function flag(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  const written = text(value)?.toLowerCase();
  if (written === undefined) return undefined;
  if (written === "yes" || written === "true" || written === "1") return true;
  return written === "no" || written === "false" || written === "0" ? false : undefined;
}

/** Ratings are 0 to 5 with one decimal. */
export function rating(value: unknown): number | undefined {
  const found = decimal(value);
  return found !== undefined && found >= 0 && found <= 5 ? Math.round(found * 10) / 10 : undefined;
}

/** A rating of a form that names no scale: what is more than five is out of ten, or out of a hundred. */
export function unscaledRating(value: unknown): number | undefined {
  const found = decimal(value);
  return found === undefined ? undefined : rating(found <= 5 ? found : found <= 10 ? found / 2 : found / 20);
}

export function year(value: unknown): number | undefined {
  const found = integer(value);
  return found !== undefined && found >= 1000 && found <= 9999 ? found : undefined;
}

export function month(value: unknown): number | undefined {
  const found = integer(value) ?? monthOfName(text(value));
  return found !== undefined && found >= 1 && found <= 12 ? found : undefined;
}

export function day(value: unknown): number | undefined {
  const found = integer(value);
  return found !== undefined && found >= 1 && found <= 31 ? found : undefined;
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

function monthOfName(written: string | undefined): number | undefined {
  const at = written === undefined ? -1 : months.indexOf(written.slice(0, 3).toLowerCase());
  return at === -1 ? undefined : at + 1;
}

/** The parts of `2014-03-01`, `2014-03` or `2014`; a program's date is read as far as it goes. */
export function dateParts(value: unknown): { year?: number; month?: number; day?: number } {
  const written = value instanceof Date ? value.toISOString() : text(value);
  const found = /^(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?/.exec(written ?? "");
  if (found === null) return {};
  return compact({ year: year(found[1]), month: month(found[2]), day: day(found[3]) });
}

/** An instant as ISO 8601 in UTC. */
export function instant(value: unknown): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  const written = text(value)?.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d)/, "$1T$2");
  if (written === undefined || !/^\d{4}-\d\d-\d\d/.test(written)) return undefined;
  const zoned = /[zZ]$|[+-]\d\d:?\d\d$/.test(written) || !/T/.test(written) ? written : `${written}Z`;
  const at = new Date(zoned.replace(/ (\+0000|UTC)$/, "Z"));
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

const halves: Readonly<Record<string, number>> = { "½": 0.5, "¼": 0.25, "¾": 0.75 };

/** `012.5`, `½`, `1.MU`, `12AU`, `-1`, `Annual`. */
export function issue(value: unknown): IssueNumber | undefined {
  const written = name(value)?.replace(/^#\s*/, "");
  if (written === undefined) return undefined;
  const found = /^(-?)(\d*)(?:\.(\d+)|([½¼¾]))?\.?\s*(.*)$/u.exec(written);
  if (found === null) return undefined;
  const [, sign = "", whole = "", fraction = "", half = "", suffix = ""] = found;
  if (whole === "" && fraction === "" && half === "") return { number: null, suffix: written };
  const size = Number(`${whole || "0"}.${fraction || "0"}`) + (halves[half] ?? 0);
  if (size > countMax) return undefined;
  // Issue numbers have two decimals in the databases that hold them.
  const number = Math.round(size * 100) / 100;
  return { number: sign === "-" && number !== 0 ? -number : number, suffix: suffix.trim() };
}

/** Names out of a list, an object whose members are called by them, or one text with commas or semicolons. */
export function names(value: unknown, separator: string | RegExp = /[,;]/): string[] | undefined {
  const parts =
    typeof value === "string"
      ? value.split(separator, comicListMax)
      : Array.isArray(value)
        ? value.slice(0, comicListMax)
        : isObject(value)
          ? Object.keys(value).slice(0, comicListMax)
          : [value];
  return unique(parts.map(name));
}

/** What is left of a list without what is absent or there already. */
export function unique(values: readonly (string | undefined)[]): string[] | undefined {
  const found = [...new Set(values.filter((value) => value !== undefined))];
  return found.length === 0 ? undefined : found;
}

export function filled<Value>(values: readonly (Value | undefined)[]): Value[] | undefined {
  const found = values.filter((value) => value !== undefined);
  return found.length === 0 ? undefined : found;
}

/** `ja-JP` or `en`; names of languages stay as they are. */
export function language(value: unknown): string | undefined {
  const written = name(value);
  return written !== undefined && /^[A-Za-z]{2,3}([-_]\w+)?$/.test(written)
    ? written.replace("_", "-").replace(/^[A-Za-z]+/, (code) => code.toLowerCase())
    : written;
}

export function readingDirection(value: unknown): ReadingDirection | undefined {
  const written =
    text(value)
      ?.toLowerCase()
      .replace(/[^a-z]/g, "") ?? "";
  if (written === "ltr" || written === "lefttoright") return "ltr";
  if (written === "rtl" || written === "righttoleft") return "rtl";
  if (written === "ttb" || written === "toptobottom") return "ttb";
  return written === "btt" || written === "bottomtotop" ? "btt" : undefined;
}

/** A manga says in one word that it is one and how it is read. */
export function mangaDirection(value: unknown): ReadingDirection | undefined {
  return text(value)?.toLowerCase() === "yesandrighttoleft" ? "rtl" : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

type Defined<Shape> = { [Member in keyof Shape]?: Exclude<Shape[Member], undefined> };

/** An object without the members that say nothing. */
export function compact<Shape extends object>(shape: Shape): Defined<Shape> {
  const kept: Record<string, unknown> = {};
  for (const member in shape) if (shape[member] !== undefined) kept[member] = shape[member];
  return kept as Defined<Shape>;
}
