import type { CompiledEntity, CompiledIndex, CompiledMapping, IndexKind } from "../model/index.js";
import type { LastImport, SegmentState, StoreBytes, StoreReader } from "../ports/index.js";
import { blockTuples } from "./block-groups.js";
import { danglingLinks } from "./links.js";
import { openQueryStore, type QueryStore } from "./query-store.js";
import { walkUp } from "./term-walk.js";

export interface IndexStats {
  number: number;
  field: string;
  kind: IndexKind;
  postings: number;
  /** Distinct terms. */
  terms: number;
}

export interface EntityStats {
  name: string;
  /** Live records. */
  records: number;
  dead: number;
  indexes: IndexStats[];
  /** Links of its records whose target is not there. */
  dangling: number;
}

export interface StoreStats {
  entities: EntityStats[];
  records: number;
  dead: number;
  /** All index entries, those of dead records included. */
  postings: number;
  bytes: StoreBytes;
  segments: SegmentState[];
  sealed: boolean;
  lastImport: LastImport | null;
  mapping: CompiledMapping;
}

/** Exact numbers, counted by reading postings and keys once through, a block a segment at a time. */
export function stats(reader: StoreReader, options: { signal?: AbortSignal } = {}): StoreStats {
  const store = openQueryStore(reader);
  const dead = deadByEntity(store);
  const dangling = danglingByEntity(store, options.signal);
  const entities = store.mapping.entities.map((entity): EntityStats => {
    const indexes = entity.fields.flatMap((field) => field.indexes);
    return {
      name: entity.name,
      records: store.liveRecords(entity),
      dead: dead.get(entity.number) ?? 0,
      indexes: indexes.map((index) => indexStats(store, index, options.signal)),
      dangling: dangling.get(entity.number) ?? 0,
    };
  });
  return {
    entities,
    records: store.sealed.liveRecords.reduce((sum, records) => sum + records, 0),
    dead: store.sealed.deadRecords,
    postings: countPostings(store, options.signal),
    bytes: reader.bytes(),
    segments: store.sealed.segments,
    sealed: store.sealed.segments.length > 0,
    lastImport: store.sealed.lastImport,
    mapping: store.mapping,
  };
}

function indexStats(store: QueryStore, index: CompiledIndex, signal: AbortSignal | undefined): IndexStats {
  let postings = 0;
  let terms = 0;
  let last: bigint | null = null;
  for (const piece of walkUp(store.reader, { index: index.number, low: 0n, high: 2n ** 64n - 1n })) {
    signal?.throwIfAborted();
    postings += piece.ids.length;
    if (piece.term !== last) terms++;
    last = piece.term;
  }
  return { number: index.number, field: index.field, kind: index.kind, postings, terms };
}

function countPostings(store: QueryStore, signal: AbortSignal | undefined): number {
  let postings = 0;
  for (const segment of store.sealed.segments) {
    for (const entry of store.reader.tupleBlocks(segment.number, 0, 0n, 0)) {
      signal?.throwIfAborted();
      postings += blockTuples(entry.block);
    }
  }
  return postings;
}

/** Whose the dead records are, by the entity byte of the blocks they lie in. */
function deadByEntity(store: QueryStore): Map<number, number> {
  const counts = new Map<number, number>();
  if (store.sealed.deadRecords === 0) return counts;
  const blocks = store.reader.recordBlocks(0)[Symbol.iterator]();
  let entity: number | null = null;
  let next = blocks.next();
  for (const ids = store.dead.open(0); ids.id < store.sealed.nextId; ids.next()) {
    while (next.done !== true && next.value.firstId <= ids.id) {
      entity = next.value.block[1]!;
      next = blocks.next();
    }
    if (entity !== null) counts.set(entity, (counts.get(entity) ?? 0) + 1);
  }
  return counts;
}

function danglingByEntity(store: QueryStore, signal: AbortSignal | undefined): Map<number, number> {
  const counts = new Map<number, number>();
  const hasLinks = (entity: CompiledEntity) => entity.fields.some((field) => field.linkEntity !== null);
  if (!store.mapping.entities.some(hasLinks)) return counts;
  for (const { recordId } of danglingLinks(store.reader)) {
    signal?.throwIfAborted();
    const entity = store.records.entityOf(recordId);
    if (entity !== undefined) counts.set(entity, (counts.get(entity) ?? 0) + 1);
  }
  return counts;
}
