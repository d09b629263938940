import { isPlimsollError, verifyFaultsMax } from "../kernel/index.js";
import type { CompiledEntity, CompiledIndex } from "../model/index.js";
import type { LiveRecord } from "./live-record.js";
import type { QueryStore } from "./query-store.js";

export interface VerifyFault {
  kind: "block" | "record" | "posting" | "column" | "key" | "count";
  /** What is wrong, and where, in plain words. */
  text: string;
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
  /** Ids whose records cannot be read: what else is known of them is held against nothing. */
  unreadable: UnreadableIds;
  fault: (kind: VerifyFault["kind"], text: string) => void;
}

export function allIndexes(store: QueryStore): CompiledIndex[] {
  return store.mapping.entities.flatMap((entity) => entity.fields.flatMap((field) => field.indexes));
}

/** Live records in order; a block that cannot be read is a fault, and the next one is tried. */
export function* readableRecords(run: Verification, isReported: boolean, from = 0): Generator<LiveRecord> {
  const { store } = run;
  let lastId = -1;
  let unreadableFrom: number | null = null;
  for (const entry of store.reader.recordBlocks(from)) {
    run.signal?.throwIfAborted();
    let block: ReturnType<typeof store.records.decode>;
    try {
      block = store.records.decode(entry.firstId, entry.block);
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      if (isReported) {
        run.fault("block", `The block of records from id ${entry.firstId} is unreadable: ${error.message}`);
        unreadableFrom ??= entry.firstId;
      }
      continue;
    }
    if (unreadableFrom !== null) run.unreadable.add(unreadableFrom, entry.firstId);
    unreadableFrom = null;
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
  if (unreadableFrom !== null) run.unreadable.add(unreadableFrom, store.sealed.nextId);
}

/** Spans of ids in order; when there are too many the last one grows, and less is compared. */
export class UnreadableIds {
  readonly #spans: { start: number; end: number }[] = [];

  get isEmpty(): boolean {
    return this.#spans.length === 0;
  }

  add(start: number, end: number): void {
    if (this.#spans.length < verifyFaultsMax) this.#spans.push({ start, end });
    else this.#spans.at(-1)!.end = end;
  }

  has(id: number): boolean {
    return this.#spans.some((span) => id >= span.start && id < span.end);
  }
}

/** The record's own entity and value; undefined, with a fault, when it has none. */
export function readableEntity(
  run: Verification,
  record: LiveRecord,
  isReported: boolean,
): CompiledEntity | undefined {
  const entity = run.store.mapping.entities[record.entity];
  try {
    if (entity !== undefined && record.value !== null) return entity;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (isReported) run.unreadable.add(record.id, record.id + 1);
  const what = entity === undefined ? `is of an unknown entity (${record.entity})` : "is not JSON";
  if (isReported) run.fault("record", `Record ${record.id} ${what}.`);
  return undefined;
}
