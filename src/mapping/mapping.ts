import * as v from "valibot";
import type { Document } from "yaml";
import { mappingBytesMax } from "../kernel/index.js";
import type { ColumnRules, FieldType } from "../model/index.js";
import { suggestionText } from "../model/index.js";
import { checkColumns } from "./check-columns.js";
import { checkShape, mappingFault } from "./check-shape.js";
import { yamlLibrary } from "./yaml-library.js";

export { mappingFault } from "./check-shape.js";

/** The mapping as people write it: which entities there are, what identifies them, what is indexed. */
export interface Mapping {
  version: 1;
  /** Set when the mapping came from a preset, whose own rules then hold for its entities. */
  preset?: string;
  entities: Record<string, MappingEntity>;
}

export interface MappingEntity {
  /** Glob on the source's path: which sources hold this entity. */
  match?: string;
  /** Name of the key field, or names of its parts. */
  key?: string | string[];
  /** `keep`, `replace`, `reject` or `newest:FIELD`. */
  conflict?: string;
  /** The field that marks deletions: a record in which it is true takes out the one with its key. */
  deleted?: string;
  /**
   * `nostr`: the records are events, which replace and delete one another by the rules of that protocol.
   * `quads`: the records are quads of RDF, each told from the others by all of it.
   */
  rules?: "nostr" | "quads";
  /** How columns of tables become members, where they do not one by one. */
  columns?: ColumnRules;
  /**
   * In relational targets, whether members without a field are kept as JSON in a column `rest`: they are,
   * unless this is false.
   */
  rest?: boolean;
  fields: Record<string, FieldType | MappingField>;
  /** With the rules of quads: what the quads of a predicate hold, and how they are found by it. */
  predicates?: Record<string, PredicateType | MappingPredicate>;
}

/** Types that the text of a literal can be read as, and `link` for nodes. */
export type PredicateType = "string" | "int" | "float" | "bool" | "date" | "link";

export interface MappingPredicate {
  type: PredicateType;
  index?: IndexName | IndexName[];
  /** As of a field: `{ field: language, else: en }` goes by the tags of the literals. */
  language?: string | MappingLanguage;
  /** Whether literals may have language tags: strings may, unless this is false. */
  tags?: boolean;
}

export interface MappingField {
  type: FieldType;
  /**
   * Members from the root, joined by dots, or a list when a member name holds a dot; default: the field's
   * name.
   */
  path?: string | string[];
  index?: IndexName | IndexName[];
  /** Whose rules an index of stems goes by: a code such as `en`, or the field that holds it. */
  language?: string | MappingLanguage;
  /** `html`: indexes of words leave out its tags. */
  markup?: "html";
  /** For an index of places on a field of latitudes: the field of the longitudes. */
  longitude?: string;
  /** Name of the entity whose key this field holds. */
  link?: string;
  /** A record without this field is rejected. */
  required?: boolean;
  /** A record may hold many values: a table of their own in relational targets. */
  list?: boolean;
  /** What the column is called in relational targets; default: the field's name in lower case. */
  column?: string;
}

export interface MappingLanguage {
  /** A field of the same entity, which holds tags such as `en` or `de-CH`. */
  field: string;
  /** The code for records that have none. */
  else?: string;
}

export type IndexName = "exact" | "range" | "text" | "stems" | "trigram" | "place" | "expiration";

export const fieldTypes = ["string", "int", "float", "bool", "date", "hex", "json", "pairs"] as const;
const predicateTypes = ["string", "int", "float", "bool", "date", "link"] as const;
export const indexNames = ["exact", "range", "text", "stems", "trigram", "place", "expiration"] as const;

const typeSchema = v.picklist(fieldTypes, (issue) => pickMessage(issue.input, fieldTypes));
const predicateTypeSchema = v.picklist(predicateTypes, (issue) => pickMessage(issue.input, predicateTypes));
const indexSchema = v.picklist(indexNames, (issue) => pickMessage(issue.input, indexNames));
const nameSchema = v.pipe(v.string("must be a name"), v.nonEmpty("must not be empty"));

const indexesSchema = v.exactOptional(
  v.lazy((input) => (Array.isArray(input) ? v.array(indexSchema) : indexSchema)),
);

const languageSchema = v.exactOptional(
  v.union(
    [nameSchema, v.strictObject({ field: nameSchema, else: v.exactOptional(nameSchema) })],
    "must be a code such as en, or the field that holds it: { field: lang, else: en }",
  ),
);

const fieldSchema = v.strictObject({
  type: typeSchema,
  path: v.exactOptional(
    v.union(
      [nameSchema, v.array(nameSchema)],
      "must be a path such as address.city, or a list of member names",
    ),
  ),
  index: indexesSchema,
  language: languageSchema,
  markup: v.exactOptional(v.literal("html", "must be html")),
  longitude: v.exactOptional(nameSchema),
  link: v.exactOptional(nameSchema),
  required: v.exactOptional(v.boolean("must be true or false")),
  list: v.exactOptional(v.boolean("must be true or false")),
  column: v.exactOptional(nameSchema),
});

const predicateSchema = v.strictObject({
  type: predicateTypeSchema,
  index: indexesSchema,
  language: languageSchema,
  tags: v.exactOptional(v.boolean("must be true or false")),
});

const entitySchema = v.strictObject({
  match: v.exactOptional(nameSchema),
  key: v.exactOptional(
    v.union([nameSchema, v.array(nameSchema)], "must be the name of a field, or a list of names"),
  ),
  conflict: v.exactOptional(v.string("must be keep, replace, reject or newest:FIELD")),
  deleted: v.exactOptional(nameSchema),
  rules: v.exactOptional(v.picklist(["nostr", "quads"], "must be nostr or quads")),
  columns: v.exactOptional(v.unknown()),
  rest: v.exactOptional(v.boolean("must be true or false")),
  fields: v.custom<Record<string, unknown>>(isObject, "must be an object of field names and types"),
  predicates: v.exactOptional(
    v.custom<Record<string, unknown>>(isObject, "must be an object of predicates and types"),
  ),
});

const mappingSchema = v.strictObject({
  version: v.literal(1, "must be 1"),
  preset: v.exactOptional(nameSchema),
  entities: v.custom<Record<string, unknown>>(isObject, "must be an object of entity names"),
});

/** Reads a mapping from YAML 1.2, of which JSON is a part. */
export function parseMapping(text: string, fileName: string): Mapping {
  if (Buffer.byteLength(text) > mappingBytesMax) {
    throw mappingFault(fileName, "the file", `must be at most ${mappingBytesMax} bytes long`);
  }
  const document = yamlLibrary().parseDocument(text, {
    version: "1.2",
    uniqueKeys: true,
    prettyErrors: true,
  });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const line = fault.linePos === undefined ? "the file" : `line ${fault.linePos[0].line}`;
    const reason = fault.message.split("\n")[0]!.replace(/( at line \d+, column \d+)?:?$/, "");
    throw mappingFault(fileName, line, `is not YAML or JSON: ${reason}`);
  }
  return checkMapping(readDocument(document, fileName), fileName);
}

/** Holds any value to the shape of a mapping; what the names in it mean is checked when it is compiled. */
export function checkMapping(value: unknown, fileName = "mapping"): Mapping {
  if (!isObject(value))
    throw mappingFault(fileName, "the file", "must be an object with version and entities");
  const top = checkShape(mappingSchema, value, fileName, "");
  const entities: Record<string, MappingEntity> = {};
  for (const [name, entity] of Object.entries(top.entities)) {
    checkName(name, fileName, "entities");
    entities[name] = checkEntity(entity, fileName, `entities.${name}`);
  }
  return { ...top, entities };
}

function checkEntity(value: unknown, fileName: string, path: string): MappingEntity {
  if (!isObject(value)) throw mappingFault(fileName, path, "must be an object with fields");
  const shape = checkShape(entitySchema, value, fileName, path);
  const fields: Record<string, FieldType | MappingField> = {};
  for (const [name, field] of Object.entries(shape.fields)) {
    checkName(name, fileName, `${path}.fields`);
    const fieldPath = `${path}.fields.${name}`;
    fields[name] = isObject(field)
      ? checkShape(fieldSchema, field, fileName, fieldPath)
      : checkShape(typeSchema, field, fileName, fieldPath);
  }
  const { predicates, columns, ...own } = shape;
  const rules = columns === undefined ? {} : { columns: checkColumns(columns, fileName, `${path}.columns`) };
  const rest = { ...own, ...rules };
  if (predicates === undefined) return { ...rest, fields };
  return { ...rest, fields, predicates: checkPredicates(predicates, fileName, `${path}.predicates`) };
}

function checkPredicates(
  written: Record<string, unknown>,
  fileName: string,
  path: string,
): Record<string, PredicateType | MappingPredicate> {
  const predicates: Record<string, PredicateType | MappingPredicate> = {};
  for (const [name, predicate] of Object.entries(written)) {
    checkName(name, fileName, path);
    predicates[name] = isObject(predicate)
      ? checkShape(predicateSchema, predicate, fileName, `${path}.${name}`)
      : checkShape(predicateTypeSchema, predicate, fileName, `${path}.${name}`);
  }
  return predicates;
}

/**
 * The one name that a plain object cannot hold as a member. A field that is called so is reached by its path.
 */
function checkName(name: string, fileName: string, path: string): void {
  if (name === "__proto__") throw mappingFault(fileName, path, "must not be named __proto__");
}

function readDocument(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw mappingFault(fileName, "the file", `must be plain YAML: ${reason}`);
  }
}

function pickMessage(input: unknown, known: readonly string[]): string {
  const list = `${known.slice(0, -1).join(", ")} or ${known.at(-1)}`;
  if (typeof input !== "string") return `must be ${list}`;
  return `must be ${list}, not "${input}"${closeText(input, known)}`;
}

function closeText(input: string, known: readonly string[]): string {
  const text = suggestionText(input, known);
  return text.includes("did you mean") ? text : "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
