import type {
  CompiledEntity,
  CompiledField,
  CompiledMapping,
  FieldType,
  IndexKind,
  IndexLanguage,
  PredicateRule,
} from "../model/index.js";
import { conflictRuleText, isAwaited } from "./compile-mapping.js";
import type {
  IndexName,
  Mapping,
  MappingEntity,
  MappingField,
  MappingLanguage,
  MappingPredicate,
  PredicateType,
} from "./mapping.js";
import { yamlLibrary } from "./yaml-library.js";

const indexNamesByKind: Record<IndexKind, IndexName> = {
  number: "range",
  exact: "exact",
  prefix: "range",
  text: "text",
  stems: "stems",
  trigram: "trigram",
  place: "place",
  pairs: "exact",
  expiration: "expiration",
};

/** The compiled mapping as people write it: compiling it again gives the same mapping. */
export function decompileMapping(mapping: CompiledMapping): Mapping {
  const entities: Record<string, MappingEntity> = {};
  for (const entity of mapping.entities) {
    if (!isAwaited(entity)) entities[entity.name] = decompileEntity(entity, mapping);
  }
  return { version: 1, ...(mapping.preset === null ? {} : { preset: mapping.preset }), entities };
}

export function mappingToYaml(mapping: CompiledMapping): string {
  return writtenMappingToYaml(decompileMapping(mapping));
}

/** One line a field and a list: a mapping is read by people, who compare its rows. */
export function writtenMappingToYaml(mapping: Mapping): string {
  const { Document, isCollection, isMap, visit } = yamlLibrary();
  const document = new Document(mapping, { version: "1.2" });
  visit(document, {
    Pair(_, pair, path) {
      // Document, map of the file, pair "entities", its map, pair of the entity, its map: the depth of an
      // entity's members.
      if (path.length < 6 || !isCollection(pair.value)) return undefined;
      if (path.length === 6 && isMap(pair.value)) return undefined;
      pair.value.flow = true;
      return visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 0 });
}

function decompileEntity(entity: CompiledEntity, mapping: CompiledMapping): MappingEntity {
  const fields: MappingEntity["fields"] = {};
  const predicates: MappingEntity["predicates"] = {};
  for (const field of entity.fields) {
    if (field.predicate === undefined) fields[field.name] = decompileField(field, entity, mapping);
    else predicates[field.predicate.iri] = decompilePredicate(field, field.predicate, entity);
  }
  const keys = entity.keySlots.map((slot) => entity.fields[slot]!.name);
  return {
    ...(entity.match === null ? {} : { match: entity.match }),
    ...(keys.length === 0 ? {} : { key: keys.length === 1 ? keys[0]! : keys }),
    ...(entity.conflict.kind === "keep" ? {} : { conflict: conflictRuleText(entity.conflict) }),
    ...(entity.deletedSlot === undefined ? {} : { deleted: entity.fields[entity.deletedSlot]!.name }),
    ...(entity.events === undefined ? {} : { rules: "nostr" as const }),
    ...(entity.quads === undefined ? {} : { rules: "quads" as const }),
    ...(entity.columns === undefined ? {} : { columns: entity.columns }),
    ...(entity.rest === undefined ? {} : { rest: false }),
    fields,
    ...(Object.keys(predicates).length === 0 ? {} : { predicates }),
  };
}

function decompilePredicate(
  { type, indexes }: CompiledField,
  { holds, hasLanguage }: PredicateRule,
  entity: CompiledEntity,
): PredicateType | MappingPredicate {
  const written: MappingPredicate = { type: holds === "object" ? "link" : (type as PredicateType) };
  const names = indexes.map((index) => indexNamesByKind[index.kind]);
  if (names.length > 0) written.index = names.length === 1 ? names[0]! : names;
  const { language } = indexes.find(({ kind }) => kind === "stems") ?? {};
  if (language !== undefined) written.language = writtenLanguage(language, entity);
  if (written.type === "string" && !hasLanguage) written.tags = false;
  return Object.keys(written).length === 1 ? written.type : written;
}

function decompileField(
  field: CompiledField,
  entity: CompiledEntity,
  mapping: CompiledMapping,
): FieldType | MappingField {
  const written: MappingField = { type: field.type };
  if (JSON.stringify(field.path) !== JSON.stringify(field.name.split("."))) {
    written.path = field.path.some((member) => member.includes(".")) ? field.path : field.path.join(".");
  }
  const names = field.indexes.map((index) => indexNamesByKind[index.kind]);
  if (field.linkEntity !== null) {
    written.link = mapping.entities[field.linkEntity]!.name;
    // A link brings its own exact index (number for an int), so that one is not written.
    const own = field.type === "int" ? "range" : "exact";
    names.splice(0, names.length, ...names.filter((name) => name !== own));
  }
  const { language } = field.indexes.find(({ kind }) => kind === "stems") ?? {};
  if (language !== undefined) written.language = writtenLanguage(language, entity);
  if (field.indexes.some(({ markup }) => markup !== undefined)) written.markup = "html";
  const { longitudeSlot } = field.indexes.find(({ kind }) => kind === "place") ?? {};
  if (longitudeSlot !== undefined) written.longitude = entity.fields[longitudeSlot]!.name;
  if (names.length > 0) written.index = names.length === 1 ? names[0]! : names;
  if (field.required && !entity.keySlots.includes(field.slot)) written.required = true;
  if (field.list) written.list = true;
  if (field.column !== undefined) written.column = field.column;
  return Object.keys(written).length === 1 ? field.type : written;
}

function writtenLanguage({ code, slot }: IndexLanguage, entity: CompiledEntity): string | MappingLanguage {
  if (slot === null) return code!;
  const { name } = entity.fields[slot]!;
  return code === null ? { field: name } : { field: name, else: code };
}
