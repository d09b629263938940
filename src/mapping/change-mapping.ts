import { conflictRuleText, parseConflictRule } from "./compile-mapping.js";
import { type Mapping, type MappingEntity, mappingFault } from "./mapping.js";

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
    const fields = Object.entries(entity.fields).map(([name, field]): [string, typeof field] => {
      if (typeof field === "string" || field.index === undefined) return [name, field];
      const { index, language: _language, markup: _markup, ...rest } = field;
      const kept = [index].flat().filter((one) => one !== "text" && one !== "stems");
      return [name, kept.length === 0 ? rest : { ...rest, index: kept }];
    });
    return { ...entity, fields: Object.fromEntries(fields) };
  });
}

function mapEntities(mapping: Mapping, change: (entity: MappingEntity) => MappingEntity): Mapping {
  const entities = Object.entries(mapping.entities).map(([name, entity]) => [name, change(entity)] as const);
  return { ...mapping, entities: Object.fromEntries(entities) };
}
