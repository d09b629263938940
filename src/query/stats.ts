import { statsStepBytes, statsStepPostings } from "../kernel/index.js";
import type { CompiledEntity, CompiledIndex, CompiledMapping, IndexKind } from "../model/index.js";
import type { LastImport, SegmentState, StoreBytes, StoreReader, TupleBlockEntry } from "../ports/index.js";
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
  const steps = statsSteps(reader, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same in steps, for those who have other things to do: between two of them nothing of the store is in
 * use, so that its mapped pages can be given back.
 */
export function* statsSteps(
  reader: StoreReader,
  options: { signal?: AbortSignal } = {},
): Generator<void, StoreStats> {
  const store = openQueryStore(reader);
  const { signal } = options;
  const dead = yield* deadByEntity(store);
  const dangling = danglingByEntity(store, signal);
  const entities: EntityStats[] = [];
  for (const entity of store.mapping.entities) {
    const indexes: IndexStats[] = [];
    for (const index of entity.fields.flatMap((field) => field.indexes)) {
      indexes.push(yield* indexStats(store, index, signal));
    }
    entities.push({
      name: entity.name,
      records: store.liveRecords(entity),
      dead: dead.get(entity.number) ?? 0,
      indexes,
      dangling: dangling.get(entity.number) ?? 0,
    });
  }
  return {
    entities,
    records: store.sealed.liveRecords.reduce((sum, records) => sum + records, 0),
    dead: store.sealed.deadRecords,
    postings: yield* countPostings(store, signal),
    bytes: reader.bytes(),
    segments: store.sealed.segments,
    sealed: store.sealed.segments.length > 0,
    lastImport: store.sealed.lastImport,
    mapping: store.mapping,
  };
}

function* indexStats(
  store: QueryStore,
  index: CompiledIndex,
  signal: AbortSignal | undefined,
): Generator<void, IndexStats> {
  const { number, field, kind } = index;
  const found: IndexStats = { number, field, kind, postings: 0, terms: 0 };
  let low: bigint | null = 0n;
  while (low !== null) {
    signal?.throwIfAborted();
    low = countTerms(store, found, low);
    yield;
  }
  return found;
}

/** Counts from a term on; the answer is the term to go on with, or null at the end. */
function countTerms(store: QueryStore, found: IndexStats, low: bigint): bigint | null {
  let last: bigint | null = null;
  let postings = 0;
  for (const piece of walkUp(store.reader, { index: found.number, low, high: 2n ** 64n - 1n })) {
    if (piece.term !== last) {
      if (postings >= statsStepPostings) return piece.term;
      found.terms++;
      last = piece.term;
    }
    found.postings += piece.ids.length;
    postings += piece.ids.length;
  }
  return null;
}

function* countPostings(store: QueryStore, signal: AbortSignal | undefined): Generator<void, number> {
  let postings = 0;
  for (const segment of store.sealed.segments) {
    let last: Omit<TupleBlockEntry, "block"> | null = null;
    for (let isWhole = false; !isWhole; ) {
      signal?.throwIfAborted();
      isWhole = true;
      let bytes = 0;
      const { index, term, id }: Omit<TupleBlockEntry, "block"> = last ?? { index: 0, term: 0n, id: 0 };
      for (const entry of store.reader.tupleBlocks(segment.number, index, term, id)) {
        // A walk begins at the block that holds its start, which was counted in the step before.
        if (last !== null && entry.index === index && entry.term === term && entry.id === id) continue;
        postings += blockTuples(entry.block);
        bytes += entry.block.length;
        if (bytes < statsStepBytes) continue;
        last = { index: entry.index, term: entry.term, id: entry.id };
        isWhole = false;
        break;
      }
      yield;
    }
  }
  return postings;
}

/** Whose the dead records are, by the entity byte of the blocks they lie in. */
function* deadByEntity(store: QueryStore): Generator<void, Map<number, number>> {
  const counts = new Map<number, number>();
  if (store.sealed.deadRecords === 0) return counts;
  let fromId = 0;
  while (fromId < store.sealed.nextId) {
    fromId = countDead(store, counts, fromId);
    yield;
  }
  return counts;
}

/** Counts from an id on; the answer is the id to go on with. */
function countDead(store: QueryStore, counts: Map<number, number>, fromId: number): number {
  let entity: number | null = null;
  let bytes = 0;
  const blocks = store.reader.recordBlocks(fromId)[Symbol.iterator]();
  try {
    let next = blocks.next();
    for (const ids = store.dead.open(fromId); ids.id < store.sealed.nextId; ids.next()) {
      while (next.done !== true && next.value.firstId <= ids.id) {
        entity = next.value.block[1]!;
        bytes += next.value.block.length;
        next = blocks.next();
      }
      if (entity !== null) counts.set(entity, (counts.get(entity) ?? 0) + 1);
      if (bytes >= statsStepBytes) return ids.id + 1;
    }
    return store.sealed.nextId;
  } finally {
    blocks.return?.();
  }
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
