import { queryBytesMax } from "../kernel/index.js";
import {
  type CompiledEntity,
  type CompiledIndex,
  type CompiledMapping,
  suggestionText,
} from "../model/index.js";
import { parseExactJson } from "./exact-json.js";
import type { FieldReader } from "./field-values.js";
import { conjunction, everything, type Order, type Query, type Where } from "./filter-ast.js";
import { entityNamed, type FilterContext, parseWhere } from "./filter-where.js";
import { fixedRule, searchIndexes } from "./index-words.js";
import { isObject, listText, queryFault } from "./query-fault.js";

const memberNames = ["entity", "where", "search", "order", "limit", "offset"];

/**
 * Reads a filter, given as JSON text or as a value, and holds it to the mapping. Text is the better form for
 * integers above 2^53, which a value has already lost; a string of digits serves in both.
 */
export function parseFilter(mapping: CompiledMapping, reader: FieldReader, filter: unknown): Query {
  const value = typeof filter === "string" ? parseText(filter) : filter;
  if (!isObject(value)) {
    throw queryFault("", "must be a JSON object", 'Write for instance {"where":{"id":1}}');
  }
  for (const name of Object.keys(value)) {
    if (memberNames.includes(name)) continue;
    const hint = suggestionText(name, memberNames);
    throw queryFault(name, `is not a member of a filter${hint}`, "Conditions on fields belong under where");
  }
  const entity = chooseEntity(mapping, value.entity);
  const context: FilterContext = { mapping, reader, patterns: 0 };
  const parts: Where[] = [];
  if (value.where !== undefined) parts.push(parseWhere(context, entity, value.where, "where", 0));
  if (value.search !== undefined) parts.push(...parseSearch(context, entity, value.search));
  const order = value.order === undefined ? null : parseOrder(entity, value.order);
  return {
    entity,
    where: parts.length === 0 ? everything : conjunction(parts),
    order,
    isRanked: order === null && value.search !== undefined,
    limit: value.limit === undefined ? null : parseCount(value.limit, "limit"),
    offset: value.offset === undefined ? 0 : parseCount(value.offset, "offset"),
  };
}

/** Filter text as a value; big integers keep their digits. */
export function parseText(text: string): unknown {
  if (text.length > queryBytesMax) {
    throw queryFault("", `is longer than ${queryBytesMax} characters`, "Ask in several smaller filters");
  }
  try {
    return parseExactJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw queryFault("", `is not JSON (${reason})`, "Quote it for the shell with single quotes");
  }
}

function chooseEntity(mapping: CompiledMapping, name: unknown): CompiledEntity {
  const [only] = mapping.entities;
  if (name !== undefined) return entityNamed(mapping, name, "entity");
  if (mapping.entities.length === 1 && only !== undefined) return only;
  const names = mapping.entities.map((entity) => entity.name);
  throw queryFault("entity", "is missing", `Name one of the store's entities: ${listText(names)}`);
}

function parseSearch(context: FilterContext, entity: CompiledEntity, search: unknown): Where[] {
  const textIndexes = searchIndexes(entity);
  const mend = "Give a field index: text or stems in the mapping and import again";
  if (textIndexes.length === 0)
    throw queryFault("search", `needs a text index; ${entity.name} has none`, mend);
  if (typeof search === "string") return [wordsOf(context, textIndexes, search, "search")];
  if (!isObject(search) || Object.keys(search).length === 0) {
    throw queryFault(
      "search",
      "must be words, or an object of field and words",
      'Write "search":"red bicycle"',
    );
  }
  return Object.entries(search).map(([name, words]) => {
    const indexes = textIndexes.filter((index) => index.field === name);
    const hint = suggestionText(
      name,
      textIndexes.map((index) => index.field),
    );
    if (indexes.length === 0)
      throw queryFault(`search.${name}`, `is not a field with a text index${hint}`, mend);
    if (typeof words !== "string") {
      throw queryFault(`search.${name}`, "must be a string of words", `Write {"${name}":"words"}`);
    }
    return wordsOf(context, indexes, words, `search.${name}`);
  });
}

export function wordsOf(context: FilterContext, indexes: CompiledIndex[], text: string, path: string): Where {
  const tokens = [...new Set(context.reader.tokens(text))];
  if (tokens.length === 0) throw queryFault(path, "has no word in it", "Give at least one letter or digit");
  const isLeftOut = (token: string) => indexes.some((index) => fixedRule(index)?.(token) === null);
  const asked = tokens.filter((token) => !isLeftOut(token));
  if (asked.length === 0)
    throw queryFault(path, "has none but words that are left out", "Give a word that tells texts apart");
  return { kind: "words", indexes, tokens: asked };
}

function parseOrder(entity: CompiledEntity, order: unknown): Order {
  if (typeof order !== "string" || order === "") {
    throw queryFault(
      "order",
      "must be the name of a field",
      'Write "order":"score", or "-score" for largest first',
    );
  }
  const isDescending = order.startsWith("-");
  const name = isDescending ? order.slice(1) : order;
  const field = entity.fields.find((candidate) => candidate.name === name);
  const names = entity.fields.filter((candidate) => candidate.indexes.some((index) => index.hasColumn));
  const hint = suggestionText(
    name,
    names.map((candidate) => candidate.name),
  );
  if (field === undefined)
    throw queryFault("order", `names no field of ${entity.name}${hint}`, "Name one that is there");
  const index = field.indexes.find((candidate) => candidate.hasColumn);
  if (index === undefined) {
    throw queryFault(
      "order",
      `needs an index to order by, which ${name} lacks${hint}`,
      "Give it index: range",
    );
  }
  return { field, index, isDescending, tieField: index.kind === "prefix" ? field : null };
}

export function parseCount(value: unknown, path: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw queryFault(path, "must be a whole number from 0", `Write for instance "${path}":20`);
}
