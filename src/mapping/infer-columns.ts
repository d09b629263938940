import { type ColumnPairs, type ColumnRules, splitLocale, starDigits } from "../model/index.js";

/** What the header of a table says of its columns, and its cells of lists. */
export interface InferredColumns {
  rules: ColumnRules;
  /** What was recognised, for people. */
  notes: string[];
}

const separators = [";", "|"] as const;

/** Cells with a separator in this part of those that hold anything make a list of a column. */
const listShareMin = 0.5;
const listCellsMin = 2;
const partBytesMax = 64;
const shownMax = 3;

/** A word of a column's name: between what are no letters, or where a capital begins it. */
const namePattern = /^(.*?)((?<![A-Za-z])(?:key|name|KEY|NAME)|Key|Name)(?![a-z])(.*)$/;

/** Null when every column is a member of its own. */
export function inferColumns(
  columns: readonly string[],
  records: readonly Record<string, unknown>[],
): InferredColumns | null {
  const notes: string[] = [];
  const rules: ColumnRules = {};
  const isApart = (column: string) => {
    const { base, locale } = splitLocale(column, { localised: true });
    return locale !== null && !columns.includes(base);
  };
  const localised = columns.filter(isApart);
  if (localised.length > 0) {
    rules.localised = true;
    notes.push(`columns ${shown(localised)} become members by locale`);
  }
  const pairs = inferPairs(columns);
  for (const [member, { key, value }] of Object.entries(pairs)) {
    notes.push(`columns ${key} and ${value} become members of "${member}"`);
  }
  if (Object.keys(pairs).length > 0) rules.pairs = pairs;
  const isPaired = (column: string) => {
    const { base } = splitLocale(column, rules);
    return Object.values(pairs).some(({ key, value }) =>
      [key, value].some((pattern) => starDigits(base, pattern) !== null),
    );
  };
  const lists = inferLists(
    columns.filter((column) => !isPaired(column)),
    records,
  );
  for (const [column, separator] of Object.entries(lists)) {
    notes.push(`column ${column} is a list with "${separator}" between its values`);
  }
  if (Object.keys(lists).length > 0) rules.lists = lists;
  return notes.length === 0 ? null : { rules, notes };
}

/** Numbered columns of which one names what the other one holds. */
function inferPairs(columns: readonly string[]): Record<string, ColumnPairs> {
  const names = new Set(columns.map((column) => splitLocale(column, { localised: true }).base));
  const pairs: Record<string, ColumnPairs> = {};
  for (const name of names) {
    const [, head, word, tail] = namePattern.exec(name) ?? [];
    if (head === undefined || word === undefined || tail === undefined) continue;
    const digits = /\d+/.exec(head + tail)?.[0];
    if (digits === undefined || (head + tail).match(/\d+/g)!.length > 1) continue;
    const starred = (text: string) => text.replace(digits, "*");
    const value = [
      `${head}${valueWord(word)}${tail}`,
      `${head}${valueWord(word)}(s)${tail}`,
      `${valueWord(word)}${tail}`,
    ];
    const partner = value.find((candidate) => names.has(candidate) && starred(candidate).includes("*"));
    const member = `${
      head
        .replace(/\d+/g, "")
        .replace(/[^\p{L}\p{N}]+$/u, "")
        .toLowerCase() || "attribute"
    }s`;
    if (partner === undefined || names.has(member) || Object.hasOwn(pairs, member)) continue;
    pairs[member] = { key: starred(name), value: starred(partner) };
  }
  return pairs;
}

function valueWord(word: string): string {
  if (word === word.toUpperCase()) return "VALUE";
  return word[0] === word[0]!.toUpperCase() ? "Value" : "value";
}

/** Columns whose cells are short texts with a separator between them. */
function inferLists(
  columns: readonly string[],
  records: readonly Record<string, unknown>[],
): Record<string, string> {
  const lists: Record<string, string> = {};
  for (const column of columns) {
    const cells = records
      .map((record) => record[column])
      .filter((cell) => typeof cell === "string" && cell !== "");
    const separator = separators.find((candidate) => isList(cells as string[], candidate));
    if (separator !== undefined) lists[column] = separator;
  }
  return lists;
}

function isList(cells: readonly string[], separator: string): boolean {
  const several = cells.filter((cell) => cell.includes(separator)).length;
  if (several < listCellsMin || several < cells.length * listShareMin) return false;
  const isShort = (text: string) => text !== "" && text.length <= partBytesMax;
  // An entity of HTML ends with a semicolon as well, and a text may hold JSON.
  return cells.every(
    (cell) => !/[&{}[\]<>]/.test(cell) && cell.split(separator).every((part) => isShort(part.trim())),
  );
}

function shown(columns: readonly string[]): string {
  const more = columns.length - shownMax;
  return columns.slice(0, shownMax).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
