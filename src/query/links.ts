import type { CompiledEntity, CompiledField } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { entityNamed } from "./filter-where.js";
import { mergedEntries, sameBytes } from "./key-entries.js";
import { queryFault } from "./query-fault.js";
import { openQueryStore, type QueryStore } from "./query-store.js";

export interface FoundRecord {
  id: number;
  entity: string;
  bytes: Uint8Array;
}

/** The live record with this key; a key of several fields is given as a list. */
export function lookup(reader: StoreReader, entityName: string, key: unknown): FoundRecord | undefined {
  const store = openQueryStore(reader);
  const entity = entityNamed(store.mapping, entityName, "entity");
  const bytes = store.keys.ofOperands(entity, Array.isArray(key) ? key : [key]);
  if (bytes === null)
    throw queryFault("key", `does not fit the key of ${entityName}`, "Give a value for each part");
  const id = store.links.find(entity, bytes);
  return id === undefined ? undefined : found(store, id);
}

/** Records that a record's link field points at. */
export function* followLink(reader: StoreReader, id: number, fieldName: string): Generator<FoundRecord> {
  const store = openQueryStore(reader);
  const record = store.records.live(id);
  if (record === undefined) return;
  const entity = store.mapping.entities[record.entity]!;
  const field = linkField(entity, fieldName);
  for (const target of [...store.links.targets(field, record)]) yield found(store, target);
}

/** Records of `sourceName` whose link field points at a record. */
export function* followBack(
  reader: StoreReader,
  id: number,
  sourceName: string,
  fieldName: string,
): Generator<FoundRecord> {
  const store = openQueryStore(reader);
  const record = store.records.live(id);
  const source = entityNamed(store.mapping, sourceName, "source");
  if (record === undefined) return;
  const entity = store.mapping.entities[record.entity]!;
  const field = linkField(source, fieldName);
  for (const from of store.links.sources(entity, record, field, source)) yield found(store, from);
}

export interface DanglingLink {
  /** Entity that the link points at. */
  entity: string;
  key: string;
  /** Record that holds the link. */
  recordId: number;
}

/**
 * Links of live records whose target is not there. All key segments are read side by side in order of hash,
 * so the whole store passes by once with one block a segment in memory.
 */
export function* danglingLinks(reader: StoreReader): Generator<DanglingLink> {
  const store = openQueryStore(reader);
  let base = -1n;
  let defined: { keyspace: number; key: Uint8Array }[] = [];
  for (const entry of mergedEntries(reader)) {
    if (entry.hash >> 1n !== base) {
      base = entry.hash >> 1n;
      defined = [];
    }
    const isDefined = defined.some(
      (other) => other.keyspace === entry.keyspace && sameBytes(other.key, entry.key),
    );
    if (isDefined || entry.isDeletion || store.dead.has(entry.id)) continue;
    // Definitions stand before the references to the same key: the hash ends with the role.
    if (!entry.isReference) {
      defined.push({ keyspace: entry.keyspace, key: entry.key.slice() });
      continue;
    }
    const target = store.mapping.entities[entry.keyspace]!;
    yield { entity: target.name, key: store.keys.text(target, entry.key), recordId: entry.id };
  }
}

export function countDanglingLinks(reader: StoreReader): number {
  let count = 0;
  for (const _link of danglingLinks(reader)) count++;
  return count;
}

function found(store: QueryStore, id: number): FoundRecord {
  const record = store.records.live(id)!;
  return { id, entity: store.mapping.entities[record.entity]!.name, bytes: record.bytes.slice() };
}

function linkField(entity: CompiledEntity, name: string): CompiledField {
  const field = entity.fields.find((candidate) => candidate.name === name && candidate.linkEntity !== null);
  if (field === undefined)
    throw queryFault(name, `is not a link of ${entity.name}`, "Name a field with link: in the mapping");
  return field;
}
