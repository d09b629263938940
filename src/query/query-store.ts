import {
  blockCacheBytesDefault,
  columnCacheBytesDefault,
  indexCacheBytesDefault,
  Kernel,
  queryKernelBytes,
} from "../kernel/index.js";
import { type CompiledEntity, type CompiledMapping, TermEncoder } from "../model/index.js";
import type { SealedState, StoreReader } from "../ports/index.js";
import { PostingDecoder } from "../postings/index.js";
import { ColumnChunks } from "./columns.js";
import { DeadRecords } from "./dead-records.js";
import { ExpiredRecords } from "./expired-records.js";
import { FieldReader } from "./field-values.js";
import { Links } from "./link-steps.js";
import { Lists } from "./lists.js";
import { PostingCache } from "./posting-cache.js";
import { QueryTerms } from "./query-terms.js";
import { RecordBlocks } from "./record-blocks.js";
import { RecordKeys } from "./record-keys.js";
import { SingleValues } from "./single-values.js";

/** Everything that reading one snapshot takes, put together once a reader. */
export class QueryStore {
  readonly reader: StoreReader;
  readonly mapping: CompiledMapping;
  readonly sealed: SealedState;
  readonly kernel: Kernel;
  readonly decoder: PostingDecoder;
  readonly postingCache: PostingCache;
  readonly terms: QueryTerms;
  readonly fields: FieldReader;
  readonly keys: RecordKeys;
  readonly lists: Lists;
  readonly columns: ColumnChunks;
  readonly singleValues: SingleValues;
  readonly dead: DeadRecords;
  readonly expired: ExpiredRecords;
  readonly records: RecordBlocks;
  readonly links: Links;

  constructor(reader: StoreReader) {
    this.reader = reader;
    this.mapping = reader.mapping;
    this.sealed = reader.sealed;
    this.kernel = new Kernel({ memoryBytes: queryKernelBytes });
    this.decoder = new PostingDecoder(this.kernel);
    this.terms = new QueryTerms(new TermEncoder(this.kernel));
    this.fields = new FieldReader(this.terms);
    this.keys = new RecordKeys(this.fields);
    this.postingCache = new PostingCache(this.decoder, indexCacheBytesDefault);
    this.lists = new Lists(reader, this.postingCache);
    this.columns = new ColumnChunks(reader, columnCacheBytesDefault);
    this.singleValues = new SingleValues(reader, this.lists);
    this.dead = new DeadRecords(reader, this.lists);
    this.expired = new ExpiredRecords(reader, this.lists, this.dead);
    this.records = new RecordBlocks(reader, this.kernel, this.dead, blockCacheBytesDefault);
    this.links = new Links(this);
  }

  liveRecords(entity: CompiledEntity): number {
    return this.sealed.liveRecords[entity.number] ?? 0;
  }
}

const stores = new WeakMap<StoreReader, QueryStore>();

/** The store of a reader; made on first use and dropped with the reader. */
export function openQueryStore(reader: StoreReader): QueryStore {
  let store = stores.get(reader);
  if (store === undefined) {
    store = new QueryStore(reader);
    stores.set(reader, store);
  }
  return store;
}

/** Memory for what queries over one reader decode; what is left out stays as it is. */
export interface QueryCaches {
  /** Decoded blocks of records. */
  blockBytes?: number;
  /** Decoded blocks of posting lists. */
  indexBytes?: number;
  /** Columns that queries order by. */
  columnBytes?: number;
}

/** Sets the sizes of a reader's caches; what no longer fits is given back at once. */
export function setQueryCaches(reader: StoreReader, caches: QueryCaches): void {
  const store = openQueryStore(reader);
  if (caches.blockBytes !== undefined) store.records.cache.bytesMax = caches.blockBytes;
  if (caches.columnBytes !== undefined) store.columns.bytesMax = caches.columnBytes;
  if (caches.indexBytes !== undefined) store.postingCache.bytesMax = caches.indexBytes;
}

/** Whether a record is among the dead of what a reader sees. */
export function isRecordDead(reader: StoreReader, id: number): boolean {
  return openQueryStore(reader).dead.has(id);
}
