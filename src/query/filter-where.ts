import { queryDepthMax, queryPatternsMax, queryTermsMax } from "../kernel/index.js";
import {
  type CompiledEntity,
  type CompiledField,
  type CompiledMapping,
  suggestionText,
} from "../model/index.js";
import { parseNear, parseWithin } from "./area.js";
import type { FieldReader } from "./field-values.js";
import {
  anyValue,
  type Comparable,
  conjunction,
  everything,
  type ValueTest,
  type Where,
} from "./filter-ast.js";
import { type Pattern, parsePattern } from "./pattern.js";
import { isObject, listText, queryFault } from "./query-fault.js";

export interface FilterContext {
  mapping: CompiledMapping;
  reader: FieldReader;
  /** Regular expressions met so far. */
  patterns: number;
}

const operators = [
  "eq",
  "in",
  "gt",
  "gte",
  "lt",
  "lte",
  "prefix",
  "contains",
  "regex",
  "near",
  "within",
  "exists",
];

/** Conditions on one record, all of which must hold. */
export function parseWhere(
  context: FilterContext,
  entity: CompiledEntity,
  where: unknown,
  path: string,
  depth: number,
): Where {
  if (depth > queryDepthMax) {
    throw queryFault(path, `is nested deeper than ${queryDepthMax} levels`, "Flatten the conditions");
  }
  if (!isObject(where)) throw queryFault(path, "must be an object of conditions", 'Write {"field": value}');
  const parts = Object.entries(where).map(([name, condition]) => {
    const here = `${path}.${name}`;
    if (name === "or" || name === "and") {
      if (!Array.isArray(condition) || condition.length === 0) {
        throw queryFault(here, "must be a list of conditions", `Write {"${name}":[{...},{...}]}`);
      }
      const inner = condition.map((part, at) =>
        parseWhere(context, entity, part, `${here}[${at}]`, depth + 1),
      );
      return name === "or" ? ({ kind: "or", parts: inner } as const) : conjunction(inner);
    }
    if (name === "not") {
      return { kind: "not", part: parseWhere(context, entity, condition, here, depth + 1) } as const;
    }
    return parseMember(context, entity, name, condition, here, depth);
  });
  return conjunction(parts);
}

/** One `name: condition`, where the name is a field, a step along a link, or a pair's name. */
function parseMember(
  context: FilterContext,
  entity: CompiledEntity,
  name: string,
  condition: unknown,
  path: string,
  depth: number,
): Where {
  const field = entity.fields.find((candidate) => candidate.name === name);
  if (field !== undefined) return parseCondition(context, field, condition, path);
  const dot = name.indexOf(".");
  if (dot > 0) {
    const head = name.slice(0, dot);
    const rest = name.slice(dot + 1);
    const first = entity.fields.find((candidate) => candidate.name === head);
    if (first?.type === "pairs") return parsePair(context, first, rest, condition, path);
    if (first !== undefined && first.linkEntity !== null) {
      const target = context.mapping.entities[first.linkEntity]!;
      const headPath = path.slice(0, -rest.length - 1);
      const part = parseWhere(context, target, { [rest]: condition }, headPath, depth + 1);
      return { kind: "forward", field: first, target, part };
    }
    const source = context.mapping.entities.find((candidate) => candidate.name === head);
    if (source !== undefined) return parseBack(context, entity, source, rest, condition, path, depth);
  }
  const hint = suggestionText(
    name,
    entity.fields.map((candidate) => candidate.name),
  );
  throw queryFault(path, `names no field of ${entity.name}${hint}`, "Name a field of the mapping");
}

function parseBack(
  context: FilterContext,
  entity: CompiledEntity,
  source: CompiledEntity,
  linkName: string,
  condition: unknown,
  path: string,
  depth: number,
): Where {
  const links = source.fields.filter((field) => field.linkEntity === entity.number);
  const field = links.find((candidate) => candidate.name === linkName);
  if (field === undefined) {
    const names = links.map((link) => link.name);
    const mend = names.length === 0 ? "Ask along another link" : `Use ${listText(names)}`;
    throw queryFault(path, `${linkName} is not a field of ${source.name} that links to ${entity.name}`, mend);
  }
  if (isObject(condition) && Object.keys(condition).length === 1 && typeof condition.exists === "boolean") {
    const any: Where = { kind: "back", source, field, part: everything };
    return condition.exists ? any : { kind: "not", part: any };
  }
  return { kind: "back", source, field, part: parseWhere(context, source, condition, path, depth + 1) };
}

function parsePair(
  context: FilterContext,
  field: CompiledField,
  name: string,
  condition: unknown,
  path: string,
): Where {
  if (!/^[A-Za-z]$/.test(name)) {
    throw queryFault(path, "names a pair that is not one letter", `Write for instance "${field.name}.e"`);
  }
  if (isObject(condition) && condition.exists !== undefined) {
    const any: Where = { kind: "pair", field, name, test: null };
    return splitExists(condition, path, any, (rest) => ({
      kind: "pair",
      field,
      name,
      test: parseTest(context, field, rest, path),
    }));
  }
  return { kind: "pair", field, name, test: parseTest(context, field, condition, path) };
}

function parseCondition(
  context: FilterContext,
  field: CompiledField,
  condition: unknown,
  path: string,
): Where {
  if (field.type === "pairs") {
    if (isObject(condition) && typeof condition.exists === "boolean" && Object.keys(condition).length === 1) {
      return condition.exists ? { kind: "exists", field } : { kind: "not", part: { kind: "exists", field } };
    }
    if (!isObject(condition) || typeof condition.name !== "string") {
      const mend = `Write {"name":"e","value":"..."}, or "${field.name}.e": "..."`;
      throw queryFault(path, "is a field of pairs and needs a name and a value", mend);
    }
    return parsePair(context, field, condition.name, condition.value ?? { exists: true }, path);
  }
  if (isObject(condition) && (condition.near !== undefined || condition.within !== undefined)) {
    return parsePlace(context, field, condition, path);
  }
  if (isObject(condition) && condition.exists !== undefined) {
    return splitExists(condition, path, { kind: "exists", field }, (rest) => ({
      kind: "value",
      field,
      test: parseTest(context, field, rest, path),
    }));
  }
  return { kind: "value", field, test: parseTest(context, field, condition, path) };
}

/** `near` and `within`; what stands beside them must hold too. */
function parsePlace(
  context: FilterContext,
  field: CompiledField,
  { near, within, ...rest }: Record<string, unknown>,
  path: string,
): Where {
  if (!["string", "float", "json"].includes(field.type)) {
    throw queryFault(path, `asks for places; ${field.name} is ${field.type}`, "Name a field of places");
  }
  const parts: Where[] = [];
  if (near !== undefined) parts.push({ kind: "place", field, area: parseNear(near, `${path}.near`) });
  if (within !== undefined) parts.push({ kind: "place", field, area: parseWithin(within, `${path}.within`) });
  if (Object.keys(rest).length > 0) parts.push(parseCondition(context, field, rest, path));
  return conjunction(parts);
}

/** `exists` beside other operators: both must hold. */
function splitExists(
  condition: Record<string, unknown>,
  path: string,
  any: Where,
  parseRest: (rest: Record<string, unknown>) => Where,
): Where {
  const { exists, ...rest } = condition;
  if (typeof exists !== "boolean")
    throw queryFault(`${path}.exists`, "must be true or false", "Write true or false");
  const presence: Where = exists ? any : { kind: "not", part: any };
  return Object.keys(rest).length === 0 ? presence : conjunction([presence, parseRest(rest)]);
}

function parseTest(
  context: FilterContext,
  field: CompiledField,
  condition: unknown,
  path: string,
): ValueTest {
  const test: ValueTest = { ...anyValue };
  if (Array.isArray(condition)) return { ...test, anyOf: parseList(context, field, condition, path) };
  if (!isObject(condition)) return { ...test, anyOf: [parseValue(context, field, condition, path)] };
  const names = Object.keys(condition);
  if (names.length === 0) throw queryFault(path, "has no operator", `Use ${listText(operators)}`);
  for (const name of names) {
    const here = `${path}.${name}`;
    const operand = condition[name];
    if (name === "eq") test.anyOf = meet(test.anyOf, [parseValue(context, field, operand, here)]);
    else if (name === "in") test.anyOf = meet(test.anyOf, parseList(context, field, operand, here));
    else if (name === "prefix") test.prefix = parsePart(field, name, operand, here);
    else if (name === "contains") test.contains = parsePart(field, name, operand, here);
    else if (name === "regex") test.pattern = parseRegex(context, field, operand, here);
    else if (name === "gt" || name === "gte") {
      if (test.lower !== null)
        throw queryFault(here, "stands beside another lower bound", "Keep one of gt and gte");
      test.lower = { value: parseValue(context, field, operand, here), isInclusive: name === "gte" };
    } else if (name === "lt" || name === "lte") {
      if (test.upper !== null)
        throw queryFault(here, "stands beside another upper bound", "Keep one of lt and lte");
      test.upper = { value: parseValue(context, field, operand, here), isInclusive: name === "lte" };
    } else {
      throw queryFault(
        here,
        `is not an operator${suggestionText(name, operators)}`,
        `Use ${listText(operators)}`,
      );
    }
  }
  return test;
}

function meet(left: Comparable[] | null, right: Comparable[]): Comparable[] {
  return left === null ? right : left.filter((value) => right.includes(value));
}

function parseList(context: FilterContext, field: CompiledField, list: unknown, path: string): Comparable[] {
  if (!Array.isArray(list)) throw queryFault(path, "must be a list of values", "Write [a, b]");
  if (list.length > queryTermsMax) {
    throw queryFault(path, `has more than ${queryTermsMax} values`, "Ask in several smaller filters");
  }
  return [...new Set(list.map((value, at) => parseValue(context, field, value, `${path}[${at}]`)))];
}

function parseValue(context: FilterContext, field: CompiledField, value: unknown, path: string): Comparable {
  if (value === null) throw queryFault(path, "is null", 'Ask for absent values with {"exists":false}');
  const comparable = context.reader.operand(field, value);
  if (comparable !== undefined) return comparable;
  throw queryFault(
    path,
    `does not fit ${field.name}, whose type is ${field.type}`,
    context.reader.example(field),
  );
}

function parsePart(field: CompiledField, name: string, value: unknown, path: string): string {
  assertIsText(field, path);
  if (typeof value !== "string") throw queryFault(path, "must be a string", `Write {"${name}":"ab"}`);
  return field.type === "hex" ? value.toLowerCase() : value;
}

function parseRegex(context: FilterContext, field: CompiledField, value: unknown, path: string): Pattern {
  assertIsText(field, path);
  context.patterns++;
  if (context.patterns > queryPatternsMax) {
    const what = `is one of more than ${queryPatternsMax} regular expressions`;
    throw queryFault(path, what, "Join them with |, or ask in several filters");
  }
  return parsePattern(value, path);
}

function assertIsText(field: CompiledField, path: string): void {
  const isText = field.type === "string" || field.type === "hex" || field.type === "pairs";
  if (!isText) throw queryFault(path, `works on strings; ${field.name} is ${field.type}`, "Use gte and lt");
}

export function entityNamed(mapping: CompiledMapping, name: unknown, path: string): CompiledEntity {
  const names = mapping.entities.map((entity) => entity.name);
  const found = mapping.entities.find((entity) => entity.name === name);
  if (found !== undefined) return found;
  const hint = typeof name === "string" ? suggestionText(name, names) : "";
  throw queryFault(path, `names no entity of this store${hint}`, `Name one of ${listText(names)}`);
}
