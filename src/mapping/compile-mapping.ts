import {
  entityCountMax,
  entityFieldCountMax,
  indexCountMax,
  keyPartCountMax,
  type PlimsollError,
  pathDepthMax,
} from "../kernel/index.js";
import type {
  CompiledEntity,
  CompiledField,
  CompiledIndex,
  CompiledMapping,
  ConflictRule,
  FieldType,
  IndexKind,
  IndexLanguage,
} from "../model/index.js";
import { suggestionText, wordLanguages } from "../model/index.js";
import { compilePredicates } from "./compile-predicates.js";
import { eventSlotsOf } from "./event-rules.js";
import { checkLinkTarget } from "./link-rules.js";
import {
  type IndexName,
  type Mapping,
  type MappingEntity,
  type MappingField,
  type MappingLanguage,
  mappingFault,
} from "./mapping.js";
import { isQuadPart, quadFaultOf } from "./quad-rules.js";

const namePattern = /^[\p{L}_][\p{L}\p{N}_.-]{0,63}$/u;
const keyTypes: readonly FieldType[] = ["string", "int", "float", "bool", "date", "hex"];
const linkTypes: readonly FieldType[] = ["string", "int", "hex"];
const versionTypes: readonly FieldType[] = ["int", "float", "date"];
const deletedTypes: readonly FieldType[] = ["bool", "string", "int"];

/**
 * What a type may be indexed by, and what that becomes; the order is the order of index numbers in a field.
 */
const indexKinds: Record<FieldType, Partial<Record<IndexName, IndexKind>>> = {
  string: {
    exact: "exact",
    range: "prefix",
    text: "text",
    stems: "stems",
    trigram: "trigram",
    place: "place",
  },
  hex: { exact: "exact" },
  int: { exact: "number", range: "number" },
  float: { exact: "number", range: "number", place: "place" },
  bool: { exact: "number", range: "number" },
  date: { exact: "number", range: "number" },
  pairs: { exact: "pairs", expiration: "expiration" },
  json: { place: "place" },
};

/** Where in the mapping the compiler stands, for messages. */
class Place {
  readonly file: string;
  readonly path: string;

  constructor(file: string, path: string) {
    this.file = file;
    this.path = path;
  }

  at(step: string): Place {
    return new Place(this.file, this.path === "" ? step : `${this.path}.${step}`);
  }

  fault(what: string): PlimsollError {
    return mappingFault(this.file, this.path, what);
  }
}

/**
 * Numbers everything in the order in which it is written: entities from 0, fields per entity, indexes from 1.
 * An entity that is only linked to gets its number at once and stands without fields until its own import
 * brings them.
 */
export function compileMapping(mapping: Mapping, fileName = "mapping"): CompiledMapping {
  const root = new Place(fileName, "entities");
  const names = Object.keys(mapping.entities);
  if (names.length === 0) throw root.fault("must name at least one entity");
  const awaited = awaitedNames(mapping);
  if (names.length + awaited.length > entityCountMax) throw root.fault(`must be at most ${entityCountMax}`);
  const numbers = new Map([...names, ...awaited].map((name, number) => [name, number]));
  let indexNumber = 1;
  const entities = names.map((name) => {
    const entity = compileEntity(name, mapping.entities[name]!, numbers, root.at(name));
    for (const field of entity.fields) {
      for (const index of field.indexes) index.number = indexNumber++;
    }
    return entity;
  });
  if (indexNumber > indexCountMax) throw root.fault(`must have at most ${indexCountMax} indexes together`);
  for (const name of awaited) entities.push(awaitedEntity(name, numbers.get(name)!));
  checkLinks(entities, names.length, root);
  const ruled = entities.filter(({ events }) => events !== undefined);
  if (ruled.length > 1) throw root.at(`${ruled[1]!.name}.rules`).fault("must be those of one entity at most");
  return { version: 1, preset: mapping.preset ?? null, entities };
}

/** An entity that others link to, whose own fields no import has brought yet. */
export function awaitedEntity(name: string, number: number): CompiledEntity {
  const conflict: ConflictRule = { kind: "keep" };
  return { number, name, match: null, keySlots: [], conflict, versionSlot: null, fields: [] };
}

export function isAwaited(entity: CompiledEntity): boolean {
  return entity.fields.length === 0;
}

/** Reads a conflict rule as the mapping and the command line write it; null when it is none. */
export function parseConflictRule(text: string): ConflictRule | null {
  if (text === "keep" || text === "replace" || text === "reject") return { kind: text };
  const field = /^newest:(.+)$/.exec(text)?.[1];
  return field === undefined ? null : { kind: "newest", field };
}

export function conflictRuleText(rule: ConflictRule): string {
  return rule.kind === "newest" ? `newest:${rule.field}` : rule.kind;
}

function awaitedNames(mapping: Mapping): string[] {
  const awaited = new Set<string>();
  for (const entity of Object.values(mapping.entities)) {
    for (const field of Object.values(entity.fields)) {
      if (typeof field !== "string" && field.link !== undefined) awaited.add(field.link);
    }
  }
  return [...awaited].filter((name) => !Object.hasOwn(mapping.entities, name));
}

function compileEntity(
  name: string,
  entity: MappingEntity,
  numbers: ReadonlyMap<string, number>,
  place: Place,
): CompiledEntity {
  if (!namePattern.test(name)) throw place.fault("must be named with letters, digits, _ . - (64 at most)");
  const own = compileFields(entity, numbers, place.at("fields"));
  compileLanguages(entity, own, place.at("fields"));
  compileLongitudes(entity, own, place.at("fields"));
  const predicates = place.at("predicates");
  const fields = own.concat(
    compilePredicates(entity, own, {
      compile: (iri, name, slot, written) => {
        const field = compileField(name, slot, written, numbers, predicates.at(iri));
        settleLanguage(field, written.language, own, predicates.at(iri));
        return field;
      },
      fault: (iri, what) => (iri === null ? predicates : predicates.at(iri)).fault(what),
    }),
  );
  const number = numbers.get(name)!;
  for (const field of fields) {
    for (const index of field.indexes) index.entity = number;
  }
  const keySlots = compileKey(entity, own, place.at("key"));
  const { conflict, versionSlot } = compileConflict(entity, own, keySlots, place.at("conflict"));
  const deleted = compileDeleted(entity, own, place.at("deleted"));
  const { match = null, columns } = entity;
  const rest = entity.rest === false ? { rest: false as const } : {};
  const rules = { ...deleted, ...rest, ...(columns === undefined ? {} : { columns }) };
  const compiled = { number, name, match, keySlots, conflict, versionSlot, ...rules, fields };
  if (entity.rules === undefined) return compiled;
  if (entity.rules === "quads") {
    const fault = quadFaultOf(compiled);
    if (fault !== null) throw place.at("rules").fault(fault);
    return { ...compiled, quads: { home: null } };
  }
  const events = eventSlotsOf(compiled);
  if (typeof events === "string") throw place.at("rules").fault(events);
  return { ...compiled, events };
}

function compileFields(
  entity: MappingEntity,
  numbers: ReadonlyMap<string, number>,
  place: Place,
): CompiledField[] {
  const names = Object.keys(entity.fields);
  if (names.length === 0) throw place.fault("must name at least one field");
  if (names.length > entityFieldCountMax) throw place.fault(`must be at most ${entityFieldCountMax}`);
  const paths = new Map<string, string>();
  return names.map((name, slot) => {
    const field = compileField(name, slot, entity.fields[name]!, numbers, place.at(name));
    const pathKey = JSON.stringify(field.path);
    const other = paths.get(pathKey);
    if (other !== undefined) {
      throw place
        .at(name)
        .fault(`must not have the path of field "${other}": give that one field all its indexes`);
    }
    paths.set(pathKey, name);
    return field;
  });
}

/** Settles whose rules the indexes of stems go by, once all fields are there. */
function compileLanguages(entity: MappingEntity, fields: CompiledField[], place: Place): void {
  for (const field of fields) {
    const written = entity.fields[field.name]!;
    const language = typeof written === "string" ? undefined : written.language;
    settleLanguage(field, language, fields, place.at(field.name));
  }
}

/** The language of one field, which another of `fields` may hold. */
function settleLanguage(
  field: CompiledField,
  language: MappingField["language"],
  fields: CompiledField[],
  place: Place,
): void {
  const here = place.at("language");
  const stems = field.indexes.find(({ kind }) => kind === "stems");
  if (stems === undefined && language !== undefined) throw here.fault("needs index: stems");
  if (stems === undefined) return;
  if (language === undefined) throw here.fault("must say whose rules the stems go by, such as en");
  stems.language = compileLanguage(language, fields, here);
}

/** Settles where the longitudes of latitudes are. */
function compileLongitudes(entity: MappingEntity, fields: CompiledField[], place: Place): void {
  for (const field of fields) {
    const written = entity.fields[field.name]!;
    const name = typeof written === "string" ? undefined : written.longitude;
    const here = place.at(field.name).at("longitude");
    const index = field.indexes.find(({ kind }) => kind === "place");
    if (index === undefined && name !== undefined) throw here.fault("needs index: place");
    if (index !== undefined && name === undefined && field.type === "float") {
      throw here.fault("must name the field of the longitudes");
    }
    if (index === undefined || name === undefined) continue;
    const longitude = findField(name, fields, here);
    if (longitude.type !== field.type || field.type === "json") {
      throw here.fault("must name a field of the same type, string or float");
    }
    index.longitudeSlot = longitude.slot;
  }
}

function compileLanguage(
  written: string | MappingLanguage,
  fields: CompiledField[],
  place: Place,
): IndexLanguage {
  const code = typeof written === "string" ? written : (written.else ?? null);
  if (code !== null && !wordLanguages.includes(code)) {
    throw place.fault(`must be one of ${wordLanguages.join(", ")}; "${code}" has no rules`);
  }
  if (typeof written === "string") return { code, slot: null };
  const field = findField(written.field, fields, place);
  if (field.type !== "string")
    throw place.fault(`must name a field of type string; "${field.name}" is ${field.type}`);
  return { code, slot: field.slot };
}

function compileField(
  name: string,
  slot: number,
  written: FieldType | MappingField,
  numbers: ReadonlyMap<string, number>,
  place: Place,
): CompiledField {
  const field: MappingField = typeof written === "string" ? { type: written } : written;
  if (name === "" || name.length > 256) throw place.fault("must have a name of 1 to 256 characters");
  const path = typeof field.path === "object" ? field.path : (field.path ?? name).split(".");
  if (path.length === 0 || path.includes("")) throw place.at("path").fault("must name a member at every dot");
  if (path.length > pathDepthMax)
    throw place.at("path").fault(`must be at most ${pathDepthMax} members deep`);
  const kinds = compileIndexKinds(field, place);
  const indexes = kinds.map((kind): CompiledIndex => {
    const hasColumn = kind === "number" || kind === "prefix";
    return { number: 0, entity: 0, slot, field: name, kind, hasColumn };
  });
  compileMarkup(field, indexes, place.at("markup"));
  const linkEntity = field.link === undefined ? null : numbers.get(field.link)!;
  if (field.list && (field.type === "json" || field.type === "pairs")) {
    throw place.at("list").fault(`must not be there: a field of type ${field.type} holds a whole list`);
  }
  return {
    slot,
    name,
    path,
    type: field.type,
    indexes,
    linkEntity,
    required: field.required ?? false,
    ...(field.list ? { list: true as const } : {}),
    ...(field.column === undefined ? {} : { column: field.column }),
  };
}

function compileMarkup({ markup }: MappingField, indexes: CompiledIndex[], place: Place): void {
  if (markup === undefined) return;
  const ofWords = indexes.filter(({ kind }) => kind === "text" || kind === "stems");
  if (ofWords.length === 0) throw place.fault("needs index: text or stems");
  for (const index of ofWords) index.markup = markup;
}

function compileIndexKinds(field: MappingField, place: Place): IndexKind[] {
  const allowed = indexKinds[field.type];
  const wanted = new Set(typeof field.index === "string" ? [field.index] : (field.index ?? []));
  for (const name of wanted) {
    if (allowed[name] !== undefined) continue;
    const names = Object.keys(allowed);
    throw place
      .at("index")
      .fault(`must be ${names.join(" or ")} for a field of type ${field.type}, not "${name}"`);
  }
  if (field.link !== undefined) {
    if (!linkTypes.includes(field.type)) {
      throw place.at("link").fault(`needs a field of type ${linkTypes.join(", ")}, not ${field.type}`);
    }
    wanted.add("exact");
  }
  const kinds = Object.entries(allowed).filter(([name]) => wanted.has(name as IndexName));
  return [...new Set(kinds.map(([, kind]) => kind))];
}

function compileKey(entity: MappingEntity, fields: CompiledField[], place: Place): number[] {
  const names = typeof entity.key === "string" ? [entity.key] : (entity.key ?? []);
  if (names.length > keyPartCountMax) throw place.fault(`must have at most ${keyPartCountMax} parts`);
  if (new Set(names).size < names.length) throw place.fault("must name every field once");
  return names.map((name) => {
    const field = findField(name, fields, place);
    if (!keyTypes.includes(field.type)) {
      throw place.fault(`must be fields of type ${keyTypes.join(", ")}; "${name}" is ${field.type}`);
    }
    if (field.list) throw place.fault(`must not name a list; "${name}" is one`);
    field.required ||= entity.rules !== "quads" || isQuadPart(name);
    return field.slot;
  });
}

function compileConflict(entity: MappingEntity, fields: CompiledField[], keySlots: number[], place: Place) {
  const conflict = parseConflictRule(entity.conflict ?? "keep");
  if (conflict === null) {
    throw place.fault(`must be keep, replace, reject or newest:FIELD, not "${entity.conflict}"`);
  }
  if (conflict.kind !== "keep" && keySlots.length === 0) {
    throw place.fault("needs a key: records without one are never in conflict");
  }
  if (conflict.kind !== "newest") return { conflict, versionSlot: null };
  const field = findField(conflict.field, fields, place);
  if (!versionTypes.includes(field.type)) {
    throw place.fault(
      `must name a field of type ${versionTypes.join(", ")}; "${field.name}" is ${field.type}`,
    );
  }
  return { conflict, versionSlot: field.slot };
}

function compileDeleted(
  { deleted, key = [], rules }: MappingEntity,
  fields: CompiledField[],
  place: Place,
): Pick<CompiledEntity, "deletedSlot"> {
  if (deleted === undefined) return {};
  if (key.length === 0) throw place.fault("needs a key: it tells which record is deleted");
  if (rules !== undefined) throw place.fault(`must not be there: the rules of ${rules} say what deletes`);
  const field = findField(deleted, fields, place);
  if (!deletedTypes.includes(field.type)) {
    throw place.fault(
      `must name a field of type ${deletedTypes.join(", ")}; "${field.name}" is ${field.type}`,
    );
  }
  return { deletedSlot: field.slot };
}

function findField(name: string, fields: CompiledField[], place: Place): CompiledField {
  const field = fields.find((candidate) => candidate.name === name);
  if (field !== undefined) return field;
  const names = fields.map((candidate) => candidate.name);
  throw place.fault(`must name a field; there is no "${name}"${suggestionText(name, names)}`);
}

function checkLinks(entities: CompiledEntity[], entityCount: number, root: Place): void {
  for (const entity of entities.slice(0, entityCount)) {
    for (const field of entity.fields) {
      if (field.linkEntity === null) continue;
      const fault = checkLinkTarget(field, entities[field.linkEntity]!);
      if (fault !== null) throw root.at(`${entity.name}.fields.${field.name}.link`).fault(fault);
    }
  }
}
