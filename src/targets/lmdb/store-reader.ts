import { statSync } from "node:fs";
import { join } from "node:path";
import { PlimsollError, readerRoomsMax, recordIdMax, tupleBlockBytesMax } from "../../kernel/index.js";
import type { CompiledMapping } from "../../model/index.js";
import type {
  ColumnEntry,
  KeyBlockEntry,
  KeyFilterEntry,
  PlaceEntry,
  RecordBlockEntry,
  SealedState,
  StoreBytes,
  StoreReader,
  TupleBlockEntry,
} from "../../ports/index.js";
import {
  columnKey,
  idOfRecordKey,
  keyBlockKey,
  ordinalMax,
  partsOfColumnKey,
  partsOfKeyBlockKey,
  partsOfPostingKey,
  postingKey,
  recordKey,
  segmentKey,
  segmentOfKey,
} from "./binary-keys.js";
import type { Environment, TableName } from "./environment.js";
import type { MappedReads } from "./mapped-reads.js";
import { readMapping, readSealed } from "./meta.js";
import { storeFiles } from "./store-files.js";

interface Entry {
  key: Buffer;
  value: Uint8Array;
}

type Transaction = ReturnType<Environment["root"]["useReadTransaction"]>;

/** What the package's declarations leave out: its fast read takes a transaction too. */
interface LendingTable {
  getBinaryFast(key: Buffer, options: { transaction: Transaction }): Uint8Array | undefined;
}

export interface LmdbReaderOptions {
  isUnsealedVisible?: boolean;
  /** Whether nobody else reads or writes through the environment. */
  ownsEnvironment?: boolean;
  /** Keeps mapped pages few while this reads. */
  mappedReads?: MappedReads;
  onClose: () => void;
}

/** Reads one snapshot: what was sealed when it was opened, whatever a writer does meanwhile. */
export class LmdbStoreReader implements StoreReader {
  readonly mapping: CompiledMapping;
  readonly sealed: SealedState;
  readonly #environment: Environment;
  readonly #dir: string;
  readonly #ownsEnvironment: boolean;
  readonly #mappedReads: MappedReads | undefined;
  readonly #onClose: () => void;
  // The transaction keeps the snapshot while a writer in another process seals and drops segments.
  #transaction: Transaction;
  /** What first blocks of lists were copied into, for the next: hundreds are looked up for one query. */
  readonly #rooms: Uint8Array[] = [];
  #isClosed = false;

  constructor(environment: Environment, dir: string, options: LmdbReaderOptions) {
    this.#environment = environment;
    this.#dir = dir;
    this.#ownsEnvironment = options.ownsEnvironment ?? false;
    this.#mappedReads = options.mappedReads;
    this.#onClose = options.onClose;
    this.#transaction = environment.root.useReadTransaction();
    this.mapping = readMapping(environment, this.#transaction) ?? { version: 1, preset: null, entities: [] };
    const sealed = readSealed(environment, this.#transaction);
    this.sealed = options.isUnsealedVisible ? { ...sealed, nextId: recordIdMax } : sealed;
  }

  recordBlock(id: number): RecordBlockEntry | undefined {
    if (id >= this.sealed.nextId) return undefined;
    const entry = this.#lastAtOrBefore("records", recordKey(id), undefined);
    return entry && { firstId: idOfRecordKey(entry.key), block: entry.value };
  }

  *recordBlocks(fromId: number): Iterable<RecordBlockEntry> {
    if (fromId >= this.sealed.nextId) return;
    const first = this.recordBlock(fromId);
    const start = recordKey(first?.firstId ?? fromId);
    for (const { key, value } of this.#range("records", { start, end: recordKey(this.sealed.nextId) })) {
      yield { firstId: idOfRecordKey(key), block: value };
    }
  }

  *tupleBlocks(segment: number, index: number, term: bigint, id: number): Iterable<TupleBlockEntry> {
    const sought = postingKey(segment, index, term, id);
    for (const { key, value } of this.#inSegment("postings", segment, sought)) {
      yield tupleBlockEntry(key, value);
    }
  }

  *tupleBlocksReverse(segment: number, index: number, term: bigint, id: number): Iterable<TupleBlockEntry> {
    const range = { start: postingKey(segment, index, term, id), end: segmentKey(segment), reverse: true };
    for (const { key, value } of this.#range("postings", range)) {
      if (segmentOfKey(key) === segment) yield tupleBlockEntry(key, value);
    }
  }

  columnChunk(index: number, id: number): ColumnEntry | undefined {
    if (id >= this.sealed.nextId) return undefined;
    const entry = this.#lastAtOrBefore("columns", columnKey(index, id), columnKey(index, 0));
    return entry && { firstId: partsOfColumnKey(entry.key).id, chunk: entry.value };
  }

  *columnChunks(index: number, fromId: number): Iterable<ColumnEntry> {
    if (fromId >= this.sealed.nextId) return;
    const start = columnKey(index, this.columnChunk(index, fromId)?.firstId ?? fromId);
    for (const { key, value } of this.#range("columns", {
      start,
      end: columnKey(index, this.sealed.nextId),
    })) {
      yield { firstId: partsOfColumnKey(key).id, chunk: value };
    }
  }

  *keyBlocks(segment: number, hash: bigint, ordinal = 0): Iterable<KeyBlockEntry> {
    // A hash may begin in the block before the first one that starts with it.
    const sought = keyBlockKey(segment, hash, ordinal);
    for (const { key, value } of this.#inSegment("keys", segment, sought)) {
      const { hash: first, ordinal } = partsOfKeyBlockKey(key);
      yield { hash: first, ordinal, block: value };
    }
  }

  keyFilter(segment: number, hash: bigint): KeyFilterEntry | undefined {
    if (!this.#environment.hasFilters) return undefined;
    const sought = keyBlockKey(segment, hash | 1n, ordinalMax);
    const entry = this.#lastAtOrBefore("filters", sought, segmentKey(segment));
    return entry && { ...partsOfKeyBlockKey(entry.key), filter: entry.value };
  }

  *keyFilters(segment: number, hash = 0n, ordinal = 0): Iterable<KeyFilterEntry> {
    if (!this.#environment.hasFilters) return;
    const range = { start: keyBlockKey(segment, hash, ordinal), end: segmentKey(segment + 1) };
    for (const { key, value } of this.#range("filters", range)) {
      yield { ...partsOfKeyBlockKey(key), filter: value };
    }
  }

  keyFilterAt(segment: number, hash: bigint, ordinal: number): KeyFilterEntry | undefined {
    if (!this.#environment.hasFilters) return undefined;
    const filter = this.#lentValue("filters", keyBlockKey(segment, hash, ordinal));
    return filter && { hash, ordinal, filter };
  }

  place(id: number): PlaceEntry | undefined {
    if (id >= this.sealed.nextId) return undefined;
    const entry = this.#lastAtOrBefore("places", recordKey(id), undefined);
    if (!entry) return undefined;
    const place = JSON.parse(Buffer.from(entry.value).toString("utf8")) as Omit<PlaceEntry, "firstId">;
    return { firstId: idOfRecordKey(entry.key), ...place };
  }

  bytes(): StoreBytes {
    const bytesOf = (name: TableName) => {
      const stats = this.#environment.tables[name].getStats() as Record<string, number>;
      const pages = stats.treeBranchPageCount! + stats.treeLeafPageCount! + stats.overflowPages!;
      return pages * stats.pageSize!;
    };
    return {
      records: bytesOf("records"),
      columns: bytesOf("columns"),
      postings: bytesOf("postings"),
      keys: bytesOf("keys") + (this.#environment.hasFilters ? bytesOf("filters") : 0),
      places: bytesOf("places"),
      file: statSync(join(this.#dir, storeFiles.data)).size,
    };
  }

  async releaseMapped(): Promise<void> {
    // The environment of a writing session is the session's to reopen.
    if (!this.#ownsEnvironment) return;
    this.#transaction.done();
    await this.#environment.reopen();
    this.#transaction = this.#environment.root.useReadTransaction();
    const sealed = readSealed(this.#environment, this.#transaction);
    // A segment keeps its number and its blocks for as long as the sealed state names it.
    if (JSON.stringify(sealed) === JSON.stringify(this.sealed)) return;
    throw new PlimsollError("STORE_CHANGED", { store: this.#dir });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#transaction.done();
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Entries of a segment from the last one at or before the key. Most readers need no more than that one, so
   * that a cursor for those behind it is opened only when they are asked for.
   */
  *#inSegment(table: TableName, segment: number, sought: Buffer): Generator<Entry> {
    const end = segmentKey(segment + 1);
    const first = this.#lastAtOrBefore(table, sought, segmentKey(segment));
    if (first === undefined) {
      yield* this.#range(table, { start: sought, end });
      return;
    }
    const start = Buffer.from(first.key);
    const room = this.#rooms.pop() ?? new Uint8Array(tupleBlockBytesMax);
    try {
      // Other readings come between this one and the next.
      yield { key: first.key, value: copied(first.value, room) };
    } finally {
      if (this.#rooms.length < readerRoomsMax) this.#rooms.push(room);
    }
    yield* this.#range(table, { start, exclusiveStart: true, end });
  }

  /** The value is lent: it lies where the next reading puts its own. */
  #lastAtOrBefore(table: TableName, sought: Buffer, floor: Buffer | undefined): Entry | undefined {
    const key = this.#lastKey(table, sought);
    if (key === undefined || (floor !== undefined && Buffer.compare(key, floor) < 0)) return undefined;
    const value = this.#lentValue(table, key);
    return value && { key, value };
  }

  #lentValue(table: TableName, key: Buffer): Uint8Array | undefined {
    this.#mappedReads?.note();
    const lending = this.#environment.tables[table] as unknown as LendingTable;
    const value = lending.getBinaryFast(key, { transaction: this.#transaction });
    return value && new Uint8Array(value.buffer, value.byteOffset, value.length);
  }

  /** A range that brings values would copy them into memory of their own, at three times the cost. */
  #lastKey(table: TableName, sought: Buffer): Buffer | undefined {
    const transaction = this.#transaction;
    const keys = this.#environment.tables[table].getKeys({ start: sought, reverse: true, transaction });
    for (const key of keys) return key;
    return undefined;
  }

  #range(
    table: TableName,
    options: { start?: Buffer; exclusiveStart?: boolean; end?: Buffer; reverse?: boolean; limit?: number },
  ): Iterable<Entry> {
    const entries = this.#environment.tables[table].getRange({ ...options, transaction: this.#transaction });
    return this.#mappedReads === undefined ? entries : noting(entries, this.#mappedReads);
  }
}

function* noting(entries: Iterable<Entry>, reads: MappedReads): Iterable<Entry> {
  for (const entry of entries) {
    reads.note();
    yield entry;
  }
}

/** In the room, where there is room enough. */
function copied(bytes: Uint8Array, room: Uint8Array): Uint8Array {
  if (bytes.length > room.length) return new Uint8Array(bytes);
  room.set(bytes);
  return room.subarray(0, bytes.length);
}

function tupleBlockEntry(key: Buffer, block: Uint8Array): TupleBlockEntry {
  const { index, term, id } = partsOfPostingKey(key);
  return { index, term, id, block };
}
