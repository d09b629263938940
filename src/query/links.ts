import type { CompiledEntity, CompiledField } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { parseText } from "./filter.js";
import { entityNamed } from "./filter-where.js";
import { type KeyEntry, keyEntries } from "./key-entries.js";
import { keyField } from "./match.js";
import { openQueryStore, type QueryStore } from "./query-store.js";
import { queryFault } from "./query-fault.js";
import type { LiveRecord } from "./record-blocks.js";

/** Steps from record to record along keys. */
export class Links {
  readonly #store: QueryStore;

  constructor(store: QueryStore) {
    this.#store = store;
  }

  /** The live record of `entity` with this key: the newest segment that defines it decides. */
  find(entity: CompiledEntity, key: Uint8Array): number | undefined {
    const hash = this.#store.terms.keyHash(entity.number, key);
    for (const segment of [...this.#store.sealed.segments].reverse()) {
      for (const entry of entriesOf(this.#store.reader, segment.number, hash)) {
        if (entry.keyspace !== entity.number || entry.isReference || entry.isDeleted) continue;
        if (sameBytes(entry.key, key) && !this.#store.dead.has(entry.id)) return entry.id;
      }
    }
    return undefined;
  }

  /** Records that the field's values point at. */
  *targets(field: CompiledField, record: LiveRecord): Generator<number> {
    const target = this.#store.mapping.entities[field.linkEntity!]!;
    for (const key of this.#store.keys.parts(field, record)) {
      const id = this.find(target, key);
      if (id !== undefined) yield id;
    }
  }

  /** Live records of `source` whose `field` holds the key of this record; each is held against the key itself. */
  *sources(
    entity: CompiledEntity,
    record: LiveRecord,
    field: CompiledField,
    source: CompiledEntity,
  ): Generator<number> {
    const key = this.#store.keys.ofRecord(entity, record);
    const index = field.indexes.find((candidate) => candidate.kind === "exact" || candidate.kind === "number");
    const ownKey = keyField(entity);
    if (key === null || index === undefined || ownKey === null) return;
    const value = this.#store.keys.asLink(field, ownKey, record);
    if (value === undefined) return;
    const { term } = this.#store.terms.equal(field, index.kind, value);
    for (const ids = this.#store.lists.open(index.number, term, 0); ids.id < this.#store.sealed.nextId; ids.next()) {
      const found = this.#store.records.live(ids.id);
      if (found === undefined || found.entity !== source.number) continue;
      if (this.#store.keys.parts(field, found).some((part) => sameBytes(part, key))) yield ids.id;
    }
  }
}

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
  if (bytes === null) throw queryFault("key", `does not fit the key of ${entityName}`, "Give a value for each part");
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
 * Links of live records whose target is not there. All key segments are read side by side in order of hash, so the
 * whole store passes by once with one block a segment in memory.
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
    const isDefined = defined.some((other) => other.keyspace === entry.keyspace && sameBytes(other.key, entry.key));
    if (isDefined || entry.isDeleted || store.dead.has(entry.id)) continue;
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

/** A filter's key as it comes from a command line: JSON, or plain text when it is none. */
export function parseKey(text: string): unknown {
  return /^[[{"\d-]/.test(text) ? parseText(text) : text;
}

export function* entriesOf(reader: StoreReader, segment: number, hash: bigint): Generator<KeyEntry> {
  for (const { hash: first, block } of reader.keyBlocks(segment, hash)) {
    if (first > hash) return;
    for (const entry of keyEntries(block)) {
      if (entry.hash > hash) return;
      if (entry.hash === hash) yield entry;
    }
  }
}

/** Entries of all segments by hash, one block a segment at a time. */
export function* mergedEntries(reader: StoreReader): Generator<KeyEntry> {
  const streams = reader.sealed.segments.map((segment) => segmentEntries(reader, segment.number));
  const heads = streams.map((stream) => stream.next().value as KeyEntry | undefined);
  for (;;) {
    let least = -1;
    for (let at = 0; at < heads.length; at++) {
      const head = heads[at];
      if (head !== undefined && (least < 0 || head.hash < heads[least]!.hash)) least = at;
    }
    if (least < 0) return;
    yield heads[least]!;
    heads[least] = streams[least]!.next().value as KeyEntry | undefined;
  }
}

function* segmentEntries(reader: StoreReader, segment: number): Generator<KeyEntry> {
  for (const { block } of reader.keyBlocks(segment, 0n)) yield* keyEntries(block);
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

function found(store: QueryStore, id: number): FoundRecord {
  const record = store.records.live(id)!;
  return { id, entity: store.mapping.entities[record.entity]!.name, bytes: record.bytes.slice() };
}

function linkField(entity: CompiledEntity, name: string): CompiledField {
  const field = entity.fields.find((candidate) => candidate.name === name && candidate.linkEntity !== null);
  if (field === undefined) throw queryFault(name, `is not a link of ${entity.name}`, "Name a field with link: in the mapping");
  return field;
}
