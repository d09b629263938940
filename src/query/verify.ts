import { verifyFaultsMax } from "../kernel/index.js";
import type { CompiledEntity } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { Column } from "./columns.js";
import type { LiveRecord } from "./live-record.js";
import { openQueryStore } from "./query-store.js";
import { recordTuples, termsOf } from "./record-tuples.js";
import { SetDigest } from "./set-digest.js";
import {
  allIndexes,
  readableEntity,
  readableRecords,
  UnreadableIds,
  type Verification,
  type VerifyFault,
  type VerifyResult,
} from "./verification.js";
import { verifyKeys } from "./verify-keys.js";
import { findPostingFaults, readPostings } from "./verify-postings.js";

export interface VerifyOptions {
  onFault?: (fault: VerifyFault) => void;
  signal?: AbortSignal;
}

/**
 * Holds every block, record, posting, column value and key of a sealed store against the others. Memory is
 * bounded: what the records call for and what the postings hold are compared as digests, and only where these
 * differ a second reading looks for the places.
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
    unreadable: new UnreadableIds(),
    fault: (kind, text) => {
      result.faults++;
      if (result.firstFaults.length < verifyFaultsMax) result.firstFaults.push({ kind, text });
      options.onFault?.({ kind, text });
    },
  };
  const called = readRecords(run);
  const found = readPostings(run);
  for (const index of allIndexes(run.store)) {
    const [left, right] = [called.get(index.number), found.get(index.number)];
    if (!(left ?? new SetDigest()).equals(right ?? new SetDigest())) findPostingFaults(run, index);
  }
  verifyKeys(run);
  return result;
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
    if (counted === stated || !run.unreadable.isEmpty) continue;
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
      run.fault(
        "column",
        `The column of ${place} holds ${held ?? "nothing"}, the record calls for ${called ?? "nothing"}.`,
      );
    }
  }
}
