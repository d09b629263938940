import { keyBytesMax } from "../kernel/index.js";
import type { CompiledEntity, CompiledField } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import type { DeadRecords } from "./dead-records.js";
import { entriesOf, sameBytes } from "./key-entries.js";
import type { Lists } from "./lists.js";
import type { LiveRecord } from "./live-record.js";
import type { QueryTerms } from "./query-terms.js";
import type { RecordBlocks } from "./record-blocks.js";
import { keyField, type RecordKeys } from "./record-keys.js";

/** What stepping along links takes. */
export interface LinkParts {
  reader: StoreReader;
  terms: QueryTerms;
  keys: RecordKeys;
  lists: Lists;
  dead: DeadRecords;
  records: RecordBlocks;
}

/** Steps from record to record along keys. */
export class Links {
  readonly #parts: LinkParts;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** The live record of `entity` with this key: the newest segment that defines it decides. */
  find(entity: CompiledEntity, key: Uint8Array): number | undefined {
    if (key.length > keyBytesMax) return undefined;
    const hash = this.#parts.terms.keyHash(entity.number, key);
    for (const segment of [...this.#parts.reader.sealed.segments].reverse()) {
      for (const entry of entriesOf(this.#parts.reader, segment.number, hash)) {
        if (entry.keyspace !== entity.number || entry.isReference || entry.isDeletion) continue;
        if (sameBytes(entry.key, key) && !this.#parts.dead.has(entry.id)) return entry.id;
      }
    }
    return undefined;
  }

  /** Records that the field's values point at. */
  *targets(field: CompiledField, record: LiveRecord): Generator<number> {
    const target = this.#parts.reader.mapping.entities[field.linkEntity!]!;
    for (const key of this.#parts.keys.parts(field, record)) {
      const id = this.find(target, key);
      if (id !== undefined) yield id;
    }
  }

  /**
   * Live records of `source` whose `field` holds the key of this record; each is held against the key itself.
   */
  *sources(
    entity: CompiledEntity,
    record: LiveRecord,
    field: CompiledField,
    source: CompiledEntity,
  ): Generator<number> {
    const key = this.#parts.keys.ofRecord(entity, record);
    const index = field.indexes.find(
      (candidate) => candidate.kind === "exact" || candidate.kind === "number",
    );
    const ownKey = keyField(entity);
    if (key === null || index === undefined || ownKey === null) return;
    const value = this.#parts.keys.asLink(field, ownKey, record);
    if (value === undefined) return;
    const { term } = this.#parts.terms.equal(field, index.kind, value);
    for (
      const ids = this.#parts.lists.open(index.number, term, 0);
      ids.id < this.#parts.reader.sealed.nextId;
      ids.next()
    ) {
      const found = this.#parts.records.live(ids.id);
      if (found === undefined || found.entity !== source.number) continue;
      if (this.#parts.keys.parts(field, found).some((part) => sameBytes(part, key))) yield ids.id;
    }
  }
}
