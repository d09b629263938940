import type { FieldType } from "../model/index.js";
import { suggestionText } from "../model/index.js";
import { type InferenceSample, inferMapping, shapedSample } from "./infer-mapping.js";
import { type IndexName, type Mapping, type MappingField, mappingFault } from "./mapping.js";

/** The mapping of one entity as the command line gives it. Lists are split at commas already. */
export interface MappingFlags {
  entity: string | null;
  key: readonly string[];
  index: readonly string[];
  range: readonly string[];
  text: readonly string[];
  /** `FIELD:LANGUAGE` each. */
  stems: readonly string[];
  trigram: readonly string[];
  /** Fields of places, or `LATITUDE:LONGITUDE` each. */
  place: readonly string[];
  /** `FIELD:ENTITY` each. */
  link: readonly string[];
}

export function hasMappingFlags(flags: MappingFlags): boolean {
  const lists = [
    flags.key,
    flags.index,
    flags.range,
    flags.text,
    flags.stems,
    flags.trigram,
    flags.place,
    flags.link,
  ];
  return flags.entity !== null || lists.some((list) => list.length > 0);
}

/**
 * A mapping from flags. Types come from the sample; with an index flag, indexes come from the flags alone and
 * only the named fields are mapped (everything else stays in the stored record); without one, they are
 * inferred.
 */
export function flagsMapping(flags: MappingFlags, table: InferenceSample): Mapping {
  const entityName = flags.entity ?? table.entityName;
  const entity = inferMapping({ ...table, entityName }).mapping.entities[entityName]!;
  const { fields: inferred, columns } = entity;
  const sample = { ...table, records: shapedSample(table).records };
  const hasIndexFlags = hasMappingFlags({ ...flags, entity: null, key: [] });
  const fields = hasIndexFlags ? unindexed(sample.isRelational ? inferred : {}) : inferred;
  const fieldOf = (flag: string, name: string): MappingField => {
    const isPlain = !Object.hasOwn(fields, name) || typeof fields[name] === "string";
    if (!hasIndexFlags || isPlain) fields[name] = sampledField(flag, name, inferred, sample);
    return fields[name] as MappingField;
  };
  for (const name of flags.key) fieldOf("key", name);
  const indexFlags: [string, IndexName, readonly string[]][] = [
    ["index", "exact", flags.index],
    ["range", "range", flags.range],
    ["text", "text", flags.text],
    ["trigram", "trigram", flags.trigram],
  ];
  for (const [flag, index, names] of indexFlags) {
    for (const name of names) addIndex(fieldOf(flag, name), index, sample.isText);
  }
  for (const stems of flags.stems) {
    const [, name, language] = /^(.+):([^:]+)$/.exec(stems) ?? [];
    if (name === undefined || language === undefined) {
      throw mappingFault("--stems", `"${stems}"`, "must be FIELD:LANGUAGE, such as title:en");
    }
    const field = fieldOf("stems", name);
    addIndex(field, "stems", sample.isText);
    field.language = language;
  }
  for (const place of flags.place) {
    const [name, longitude] = place.split(":") as [string, string?];
    const field = fieldOf("place", name);
    addIndex(field, "place", sample.isText);
    if (longitude === undefined) {
      if (field.type !== "string" || sample.records.some((record) => isNested(record[name])))
        field.type = "json";
    } else {
      const other = fieldOf("place", longitude);
      field.longitude = longitude;
      const isNumber = [field, other].every(({ type }) => type === "int" || type === "float");
      field.type = other.type = isNumber ? "float" : "string";
    }
  }
  for (const link of flags.link) {
    const [, name, entity] = /^(.+):([^:]+)$/.exec(link) ?? [];
    if (name === undefined || entity === undefined) {
      throw mappingFault("--link", `"${link}"`, "must be FIELD:ENTITY, such as country_id:Country");
    }
    fieldOf("link", name).link = entity;
  }
  const key = flags.key.length === 0 ? {} : { key: flags.key.length === 1 ? flags.key[0]! : [...flags.key] };
  const rules = columns === undefined ? {} : { columns };
  return { version: 1, entities: { [entityName]: { ...key, ...rules, fields } } };
}

/** Indexes that are asked for are all there are to be. */
function unindexed(
  fields: Record<string, FieldType | MappingField>,
): Record<string, FieldType | MappingField> {
  const plain = Object.entries(fields).map(([name, field]) => {
    if (typeof field === "string") return [name, field];
    const { index: _index, ...rest } = field;
    return [name, Object.keys(rest).length === 1 ? rest.type : rest];
  });
  return Object.fromEntries(plain);
}

function sampledField(
  flag: string,
  name: string,
  inferred: Record<string, FieldType | MappingField>,
  sample: InferenceSample,
): MappingField {
  const known = Object.hasOwn(inferred, name) ? inferred[name]! : null;
  if (known === null && sample.records.some((record) => Object.hasOwn(record, name))) {
    // Present but empty all through the sample: text is the only guess that a later value cannot break in a
    // CSV file.
    return name.includes(".") ? { type: "string", path: [name] } : { type: "string" };
  }
  if (known === null) {
    const names = suggestionText(name, Object.keys(inferred));
    throw mappingFault(`--${flag}`, `"${name}"`, `must be a field of the source${names}`);
  }
  if (typeof known === "string") return { type: known };
  const { type, path, list } = known;
  return { type, ...(path === undefined ? {} : { path }), ...(list ? { list } : {}) };
}

function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** What only looks like a number, date or hex may still be asked for as text: it is then read as text. */
function addIndex(field: MappingField, index: IndexName, isText: boolean): void {
  const wasText = isText || field.type === "date" || field.type === "hex";
  const isOfText = index === "text" || index === "stems" || index === "trigram";
  if (wasText && (isOfText || (index === "range" && field.type === "hex"))) field.type = "string";
  const list = field.index === undefined ? [] : [field.index].flat();
  field.index = list.includes(index) ? list : [...list, index];
}
