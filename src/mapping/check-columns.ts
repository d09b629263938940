import * as v from "valibot";
import type { ColumnPairs, ColumnRules } from "../model/index.js";
import { checkShape, mappingFault } from "./check-shape.js";

const localisedText = "must be true, or a list of locales such as en_US";
const listsText = 'must name columns and the character between their values, such as { tags: ";" }';

const columnsSchema = v.strictObject({
  localised: v.exactOptional(
    v.union(
      [v.literal(true), v.array(v.pipe(v.string(localisedText), v.nonEmpty(localisedText)))],
      localisedText,
    ),
  ),
  pairs: v.exactOptional(
    v.custom<Record<string, unknown>>(
      isObject,
      "must be an object of members and the columns of their pairs",
    ),
  ),
  lists: v.exactOptional(v.custom<Record<string, unknown>>(isObject, listsText)),
});

const patternText = "must be the name of columns with a star for their number, such as attribute_key_*";
const patternSchema = v.pipe(v.string(patternText), v.regex(/^[^*]*\*[^*]*$/, patternText));
const pairsSchema = v.strictObject({ key: patternSchema, value: patternSchema });
const separatorText = "must be one character other than a quote or a line break";
const separatorSchema = v.pipe(
  v.string(separatorText),
  v.regex(/^[\t\u0020-\u0021\u0023-\u007e]$/, separatorText),
);

/** Holds what a mapping says of columns to its shape. */
export function checkColumns(value: unknown, fileName: string, path: string): ColumnRules {
  if (!isObject(value)) throw mappingFault(fileName, path, "must be an object: localised, pairs, lists");
  const { pairs, lists, ...rest } = checkShape(columnsSchema, value, fileName, path);
  const rules: ColumnRules = rest;
  if (pairs !== undefined) {
    const check = (pair: unknown, at: string): ColumnPairs => {
      if (!isObject(pair)) throw mappingFault(fileName, at, "must be an object with key and value");
      return checkShape(pairsSchema, pair, fileName, at);
    };
    rules.pairs = checkMembers(pairs, fileName, `${path}.pairs`, check);
  }
  if (lists !== undefined) {
    const check = (one: unknown, at: string) => checkShape(separatorSchema, one, fileName, at);
    rules.lists = checkMembers(lists, fileName, `${path}.lists`, check);
  }
  return rules;
}

function checkMembers<Value>(
  members: Record<string, unknown>,
  fileName: string,
  path: string,
  check: (value: unknown, path: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => {
      if (name === "" || name === "__proto__") throw mappingFault(fileName, path, `must not name "${name}"`);
      return [name, check(value, `${path}.${name}`)];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
