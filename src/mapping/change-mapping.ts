import { conflictRuleText, parseConflictRule } from "./compile-mapping.js";
import { type IndexName, type Mapping, type MappingEntity, mappingFault } from "./mapping.js";

/** The mapping with another conflict rule for the entities that have a key; at least one must have one. */
export function withConflictRule(mapping: Mapping, text: string, flag: string): Mapping {
  const rule = parseConflictRule(text);
  if (rule === null) throw mappingFault(flag, `"${text}"`, "must be keep, replace, reject or newest:FIELD");
  const isKeyed = (entity: MappingEntity) => entity.key !== undefined && entity.key.length > 0;
  if (!Object.values(mapping.entities).some(isKeyed) && rule.kind !== "keep") {
    throw mappingFault(
      flag,
      `"${text}"`,
      "needs an entity with a key: records without one are never in conflict",
    );
  }
  const has = (entity: MappingEntity) => rule.kind !== "newest" || Object.hasOwn(entity.fields, rule.field);
  return mapEntities(mapping, (entity) =>
    isKeyed(entity) && (has(entity) || Object.keys(mapping.entities).length === 1)
      ? { ...entity, conflict: conflictRuleText(rule) }
      : entity,
  );
}

/** The mapping without its full-text indexes. */
export function withoutText(mapping: Mapping): Mapping {
  return mapEntities(mapping, (entity) => {
    const fields = mapValues(entity.fields, withoutTextIndex);
    const { predicates } = entity;
    if (predicates === undefined) return { ...entity, fields };
    return { ...entity, fields, predicates: mapValues(predicates, withoutTextIndex) };
  });
}

/** A field with what is said of its words. */
interface WordField {
  index: IndexName | IndexName[];
  language?: unknown;
  markup?: unknown;
}

function withoutTextIndex<Field extends string | { index?: IndexName | IndexName[] }>(field: Field): Field {
  if (typeof field === "string" || field.index === undefined) return field;
  const { index, language: _language, markup: _markup, ...rest } = field as WordField;
  const kept = [index].flat().filter((one) => one !== "text" && one !== "stems");
  return (kept.length === 0 ? rest : { ...rest, index: kept }) as Field;
}

function mapValues<Value>(
  record: Record<string, Value>,
  change: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function mapEntities(mapping: Mapping, change: (entity: MappingEntity) => MappingEntity): Mapping {
  const entities = Object.entries(mapping.entities).map(([name, entity]) => [name, change(entity)] as const);
  return { ...mapping, entities: Object.fromEntries(entities) };
}
