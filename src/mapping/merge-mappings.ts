import { entityCountMax, indexCountMax, PlimsollError } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, CompiledIndex, CompiledMapping } from "../model/index.js";
import { awaitedEntity, conflictRuleText, isAwaited } from "./compile-mapping.js";
import { checkLinkTarget } from "./link-rules.js";
import { mappingFault } from "./mapping.js";

/**
 * The mapping that a store keeps once `wanted` is imported into it. What is stored keeps its numbers for
 * ever; new entities follow it, and an entity that was only linked to so far takes the number reserved for
 * it. `storeName` is for the message when an entity is there already and differs.
 */
export function mergeMappings(
  stored: CompiledMapping | null,
  wanted: CompiledMapping,
  storeName = "The store",
): CompiledMapping {
  if (stored === null) return wanted;
  const entities = stored.entities.map((entity) => structuredClone(entity));
  const byName = new Map(entities.map((entity) => [entity.name, entity]));
  for (const entity of wanted.entities) {
    if (byName.has(entity.name)) continue;
    const placeholder = awaitedEntity(entity.name, entities.length);
    entities.push(placeholder);
    byName.set(entity.name, placeholder);
  }
  if (entities.length > entityCountMax)
    throw mappingFault("mapping", "entities", `must be at most ${entityCountMax}`);
  let indexNumber = indexNumberMax(stored) + 1;
  for (const entity of wanted.entities) {
    if (isAwaited(entity)) continue;
    const kept = byName.get(entity.name)!;
    if (isAwaited(kept)) {
      indexNumber = fillEntity(kept, entity, wanted, byName, indexNumber);
      continue;
    }
    const difference = entityDifference(kept, stored, entity, wanted);
    if (difference !== null) {
      throw new PlimsollError("MAPPING_CONFLICT", {
        target: storeName,
        entity: entity.name,
        what: difference,
      });
    }
    kept.match = entity.match;
    kept.conflict = entity.conflict;
  }
  if (indexNumber > indexCountMax + 1)
    throw mappingFault("mapping", "entities", `must have at most ${indexCountMax} indexes`);
  checkMergedLinks(entities);
  if (entities.filter(({ events }) => events !== undefined).length > 1)
    throw mappingFault("mapping", "entities", "must have the rules of nostr in one entity at most");
  return { version: 1, preset: stored.preset ?? wanted.preset, entities };
}

/**
 * What differs between a stored entity and the wanted one, in words; null when records of both are the same.
 */
function entityDifference(
  stored: CompiledEntity,
  storedMapping: CompiledMapping,
  wanted: CompiledEntity,
  wantedMapping: CompiledMapping,
): string | null {
  if (rulesText(stored) !== rulesText(wanted)) {
    return `its rules are ${rulesText(stored)}, not ${rulesText(wanted)}`;
  }
  const storedKey = keyText(stored);
  const wantedKey = keyText(wanted);
  if (storedKey !== wantedKey) return `its key is ${storedKey}, not ${wantedKey}`;
  const [storedColumns, wantedColumns] = [columnsText(stored), columnsText(wanted)];
  if (storedColumns !== wantedColumns) return `its columns are ${storedColumns}, not ${wantedColumns}`;
  const storedFields = new Map(stored.fields.map((field) => [field.name, field]));
  for (const field of wanted.fields) {
    const other = storedFields.get(field.name);
    if (other === undefined) return `it has no field "${field.name}"`;
    const [storedText, wantedText] = [fieldText(other, storedMapping), fieldText(field, wantedMapping)];
    if (storedText !== wantedText) return `its field "${field.name}" is ${storedText}, not ${wantedText}`;
  }
  const wantedNames = new Set(wanted.fields.map((field) => field.name));
  const missing = stored.fields.find((field) => !wantedNames.has(field.name));
  if (missing !== undefined) return `it has a field "${missing.name}" that the new mapping lacks`;
  const [storedMark, wantedMark] = [deletedText(stored), deletedText(wanted)];
  if (storedMark !== wantedMark) return `its deletions are marked by ${storedMark}, not ${wantedMark}`;
  return conflictDifference(stored, wanted);
}

function deletedText({ deletedSlot, fields }: CompiledEntity): string {
  return deletedSlot === undefined ? "nothing" : `its field "${fields[deletedSlot]!.name}"`;
}

/**
 * Rules may change between imports, but versions are only kept where `newest` asked for them from the start.
 */
function conflictDifference(stored: CompiledEntity, wanted: CompiledEntity): string | null {
  const [storedRule, wantedRule] = [conflictRuleText(stored.conflict), conflictRuleText(wanted.conflict)];
  const involvesVersions = stored.conflict.kind === "newest" || wanted.conflict.kind === "newest";
  return involvesVersions && storedRule !== wantedRule
    ? `its conflict rule is ${storedRule}, not ${wantedRule}`
    : null;
}

function fillEntity(
  kept: CompiledEntity,
  wanted: CompiledEntity,
  wantedMapping: CompiledMapping,
  byName: ReadonlyMap<string, CompiledEntity>,
  indexNumber: number,
): number {
  let next = indexNumber;
  const { number } = kept;
  Object.assign(kept, structuredClone(wanted), { number });
  for (const field of kept.fields) {
    for (const index of field.indexes) {
      index.number = next++;
      index.entity = number;
    }
    const linkName = linkedName(field, wantedMapping);
    field.linkEntity = linkName === null ? null : byName.get(linkName)!.number;
  }
  return next;
}

function checkMergedLinks(entities: CompiledEntity[]): void {
  for (const entity of entities) {
    for (const field of entity.fields) {
      if (field.linkEntity === null) continue;
      const fault = checkLinkTarget(field, entities[field.linkEntity]!);
      if (fault !== null)
        throw mappingFault("mapping", `entities.${entity.name}.fields.${field.name}.link`, fault);
    }
  }
}

function indexNumberMax(mapping: CompiledMapping): number {
  const numbers = mapping.entities.flatMap((entity) =>
    entity.fields.flatMap((field) => field.indexes.map((index) => index.number)),
  );
  return numbers.reduce((highest, number) => Math.max(highest, number), 0);
}

function keyText(entity: CompiledEntity): string {
  const names = entity.keySlots.map((slot) => entity.fields[slot]!.name);
  return names.length === 0 ? "absent" : names.join(" + ");
}

/** Columns are told by all that is said of them, in whatever order. */
function columnsText({ columns }: CompiledEntity): string {
  if (columns === undefined) return "members one by one";
  return JSON.stringify(columns, (_name, value: unknown) => {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  });
}

function rulesText(entity: CompiledEntity): string {
  if (entity.quads !== undefined) return "quads";
  return entity.events === undefined ? "absent" : "nostr";
}

function fieldText(field: CompiledField, mapping: CompiledMapping): string {
  const parts = [field.type as string, `at ${JSON.stringify(field.path.join("."))}`];
  if (field.indexes.length > 0) parts.push(`indexed by ${field.indexes.map(indexText).join(" and ")}`);
  const link = linkedName(field, mapping);
  if (link !== null) parts.push(`linked to ${link}`);
  if (field.required) parts.push("required");
  if (field.list) parts.push("a list");
  if (field.column !== undefined) parts.push(`in column ${field.column}`);
  if (field.predicate !== undefined) {
    const { holds, hasLanguage } = field.predicate;
    parts.push(`of a predicate whose quads hold ${holds}s${hasLanguage ? ", with languages" : ""}`);
  }
  return parts.join(" ");
}

function indexText({ kind, language, markup, longitudeSlot }: CompiledIndex): string {
  if (longitudeSlot !== undefined) return `${kind} (longitude in field ${longitudeSlot + 1})`;
  const text = markup === undefined ? kind : `${kind} of ${markup}`;
  if (language === undefined) return text;
  const from = language.slot === null ? "" : ` as field ${language.slot + 1} says`;
  return `${text} (${language.code ?? "none"}${from})`;
}

function linkedName(field: CompiledField, mapping: CompiledMapping): string | null {
  return field.linkEntity === null ? null : mapping.entities[field.linkEntity]!.name;
}
