import { isPlimsollError, verifyFaultsMax } from "../kernel/index.js";
import type { CompiledEntity, CompiledIndex } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { Column } from "./columns.js";
import { openQueryStore, type QueryStore } from "./query-store.js";
import type { LiveRecord } from "./record-blocks.js";
import { recordTuples, termsOf } from "./record-tuples.js";
import { SetDigest } from "./set-digest.js";
import { verifyKeys } from "./verify-keys.js";
import { findPostingFaults, readPostings } from "./verify-postings.js";

export interface VerifyFault {
  kind: "block" | "record" | "posting" | "column" | "key" | "count";
  /** What is wrong, and where, in plain words. */
  text: string;
}

export interface VerifyOptions {
  onFault?: (fault: VerifyFault) => void;
  signal?: AbortSignal;
}

export interface VerifyResult {
  blocks: number;
  records: number;
  postings: number;
  columnValues: number;
  keys: number;
  faults: number;
  /** The first of them, up to a bound. */
  firstFaults: VerifyFault[];
}

/** What the parts of a verification share. */
export interface Verification {
  store: QueryStore;
  result: VerifyResult;
  signal: AbortSignal | undefined;
  fault: (kind: VerifyFault["kind"], text: string) => void;
}

/**
 * Holds every block, record, posting, column value and key of a sealed store against the others. Memory is bounded:
 * what the records call for and what the postings hold are compared as digests, and only where these differ a second
 * reading looks for the places.
 */
export function verify(reader: StoreReader, options: VerifyOptions = {}): VerifyResult {
  const result: VerifyResult = {
    blocks: 0,
    records: 0,
    postings: 0,
    columnValues: 0,
    keys: 0,
    faults: 0,
    firstFaults: [],
  };
  const run: Verification = {
    store: openQueryStore(reader),
    result,
    signal: options.signal,
    fault: (kind, text) => {
      result.faults++;
      if (result.firstFaults.length < verifyFaultsMax) result.firstFaults.push({ kind, text });
      options.onFault?.({ kind, text });
    },
  };
  const found = readPostings(run);
  const called = readRecords(run);
  for (const index of allIndexes(run.store)) {
    const [left, right] = [called.get(index.number), found.get(index.number)];
    if (!(left ?? new SetDigest()).equals(right ?? new SetDigest())) findPostingFaults(run, index);
  }
  verifyKeys(run);
  return result;
}

export function allIndexes(store: QueryStore): CompiledIndex[] {
  return store.mapping.entities.flatMap((entity) => entity.fields.flatMap((field) => field.indexes));
}

/** Live records in order; a block that cannot be read is a fault, and the next one is tried. */
export function* readableRecords(
  run: Verification,
  isReported: boolean,
  from = 0,
): Generator<LiveRecord> {
  const { store } = run;
  let lastId = -1;
  for (const entry of store.reader.recordBlocks(from)) {
    run.signal?.throwIfAborted();
    let block: ReturnType<typeof store.records.decode>;
    try {
      block = store.records.decode(entry.firstId, entry.block);
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      if (isReported) run.fault("block", `The block of records from id ${entry.firstId} is unreadable: ${error.message}`);
      continue;
    }
    if (isReported) run.result.blocks++;
    for (let at = 0; at < block.count; at++) {
      const record = store.records.inBlock(block, at);
      if (isReported && (record.id <= lastId || record.id >= store.sealed.nextId)) {
        run.fault("block", `Record ${record.id} stands out of order in the block from id ${entry.firstId}.`);
      }
      lastId = record.id;
      if (!store.dead.has(record.id)) yield record;
    }
  }
}

/** The record's own entity and value; undefined, with a fault, when it has none. */
export function readableEntity(run: Verification, record: LiveRecord, isReported: boolean): CompiledEntity | undefined {
  const entity = run.store.mapping.entities[record.entity];
  try {
    if (entity !== undefined && record.value !== null) return entity;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const what = entity === undefined ? `is of an unknown entity (${record.entity})` : "is not JSON";
  if (isReported) run.fault("record", `Record ${record.id} ${what}.`);
  return undefined;
}

/** Reads all records once: their columns are compared at once, their index entries go into digests. */
function readRecords(run: Verification): Map<number, SetDigest> {
  const digests = new Map<number, SetDigest>();
  const columns = new Map<number, Column>();
  const live = run.store.mapping.entities.map(() => 0);
  for (const record of readableRecords(run, true)) {
    const entity = readableEntity(run, record, true);
    if (entity === undefined) continue;
    live[entity.number]!++;
    run.result.records++;
    for (const { index, term, payload } of recordTuples(run.store, entity, record)) {
      let digest = digests.get(index);
      if (digest === undefined) {
        digest = new SetDigest();
        digests.set(index, digest);
      }
      digest.add(term, record.id, payload);
    }
    checkColumns(run, entity, record, columns);
  }
  for (const entity of run.store.mapping.entities) {
    const [counted, stated] = [live[entity.number]!, run.store.liveRecords(entity)];
    if (counted === stated) continue;
    run.fault("count", `The store states ${stated} live records of ${entity.name} and holds ${counted}.`);
  }
  return digests;
}

function checkColumns(
  run: Verification,
  entity: CompiledEntity,
  record: LiveRecord,
  columns: Map<number, Column>,
): void {
  for (const field of entity.fields) {
    for (const index of field.indexes) {
      if (!index.hasColumn) continue;
      let column = columns.get(index.number);
      if (column === undefined) {
        column = new Column(run.store.reader, index.number);
        columns.set(index.number, column);
      }
      const held = column.term(record.id);
      const [called] = termsOf(run.store, field, index, record);
      run.result.columnValues++;
      if (held === called) continue;
      const place = `${entity.name}.${field.name} (index ${index.number}) of record ${record.id}`;
      run.fault("column", `The column of ${place} holds ${held ?? "nothing"}, the record calls for ${called ?? "nothing"}.`);
    }
  }
}
