import { PlimsollError } from "../kernel/index.js";
import type { IndexName, MappingPredicate, PredicateType } from "./mapping.js";
import type { Schema, SchemaPredicate } from "./schema.js";
import { schemaFault } from "./schema-tokens.js";

export interface SchemaMapping {
  predicates: Record<string, MappingPredicate>;
  /** What the schema says and nothing here goes by, for people. */
  notes: string[];
}

/** Types of a schema, and what they are here; null: anything goes. */
const types: Readonly<Record<string, PredicateType | null>> = {
  default: null,
  string: "string",
  int: "int",
  float: "float",
  bool: "bool",
  datetime: "date",
  uid: "link",
  geo: "string",
};

/** Tokenizers by type. One index of moments serves all parts of dates, and `exact` orders as well. */
const tokenizers: Readonly<Record<string, Readonly<Record<string, readonly IndexName[]>>>> = {
  string: {
    hash: ["exact"],
    exact: ["exact", "range"],
    term: ["text"],
    fulltext: ["stems"],
    trigram: ["trigram"],
  },
  int: { int: ["range"] },
  float: { float: ["range"] },
  bool: { bool: ["exact"] },
  datetime: { year: ["range"], month: ["range"], day: ["range"], hour: ["range"] },
  geo: { geo: ["place"] },
};

/** Directives that say how writers of a running database get along. */
const idle: readonly [string, string][] = [
  ["upsert", "an import has no transactions that it could set against each other"],
  ["noconflict", "an import has no transactions that it could set against each other"],
  ["unique", "quads are told apart by all of themselves, and values may be the same in several"],
];

/** Whose rules the words of a literal without a tag go by. */
const elseLanguage = "en";

const namesShown = 3;

/** What the mapping of quads has for each predicate of a schema. */
export function schemaPredicates(schema: Schema, file: string): SchemaMapping {
  const predicates: Record<string, MappingPredicate> = {};
  for (const predicate of schema.predicates) {
    const type = typeOf(predicate, file);
    checkDirectives(predicate, type, file);
    if (type === null) continue;
    const index = indexesOf(predicate, file);
    predicates[predicate.name] = {
      type,
      ...(index.length === 0 ? {} : { index }),
      ...(predicate.type === "geo" ? { tags: false } : {}),
      ...(index.includes("stems") ? { language: { field: "language", else: elseLanguage } } : {}),
    };
  }
  return { predicates, notes: notesOf(schema, file) };
}

function typeOf({ name, type, isList, line }: SchemaPredicate, file: string): PredicateType | null {
  const found = Object.hasOwn(types, type) ? types[type] : undefined;
  if (found !== undefined) return found;
  const written = isList ? `[${type}]` : type;
  throw unsupported(file, line, `the type ${written} of ${name}`, Object.keys(types));
}

function checkDirectives(predicate: SchemaPredicate, type: PredicateType | null, file: string): void {
  const { name, line, directives, isList } = predicate;
  if (directives.has("reverse") && type !== "link") {
    throw schemaFault(file, line, `@reverse is for predicates of type uid, and ${name} is ${predicate.type}`);
  }
  if (directives.has("lang") && (predicate.type !== "string" || isList)) {
    throw schemaFault(file, line, `@lang is for predicates of type string, and ${name} is another`);
  }
  if (directives.has("index") && (type === null || type === "link")) {
    throw schemaFault(file, line, `@index is not for predicates of type ${predicate.type}`);
  }
}

function indexesOf({ name, line, type, index }: SchemaPredicate, file: string): IndexName[] {
  const known = tokenizers[type] ?? {};
  const kinds = index.flatMap((tokenizer) => {
    const found = Object.hasOwn(known, tokenizer) ? known[tokenizer] : undefined;
    if (found !== undefined) return found;
    throw unsupported(file, line, `the index ${tokenizer} of ${name}, for its type,`, Object.keys(known));
  });
  return [...new Set(kinds)];
}

function unsupported(file: string, line: number, what: string, known: readonly string[]): PlimsollError {
  return new PlimsollError("SCHEMA_UNSUPPORTED", { file, line, what, known: known.join(", ") });
}

function notesOf({ predicates, types }: Schema, file: string): string[] {
  const notes = idle.flatMap(([directive, why]) => {
    const names = predicates.filter(({ directives }) => directives.has(directive)).map(({ name }) => name);
    return names.length === 0 ? [] : [`${file}: @${directive} has no effect (${shown(names)}): ${why}.`];
  });
  if (types.length > 0) {
    const names = shown(types.map(({ name }) => name));
    notes.push(`${file}: types have no effect (${names}): nodes have the predicates that they have.`);
  }
  const single = predicates.filter(({ isList, type }) => !isList && type !== "default");
  if (single.length > 0) {
    const names = shown(single.map(({ name }) => name));
    notes.push(
      `${file}: a node may have several values of what is no list (${names}): no quad takes another's place.`,
    );
  }
  return notes;
}

function shown(names: readonly string[]): string {
  const rest = names.length - namesShown;
  return `${names.slice(0, namesShown).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
