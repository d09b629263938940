import { Kernel, queryKernelBytes } from "../kernel/index.js";
import { type CompiledEntity, type CompiledMapping, TermEncoder } from "../model/index.js";
import type { SealedState, StoreReader } from "../ports/index.js";
import { PostingDecoder } from "../postings/index.js";
import { DeadRecords } from "./candidates.js";
import { FieldReader } from "./field-values.js";
import { Links } from "./links.js";
import { Lists } from "./lists.js";
import { QueryTerms } from "./query-terms.js";
import { RecordBlocks } from "./record-blocks.js";
import { RecordKeys } from "./record-keys.js";

/** Everything that reading one snapshot takes, put together once a reader. */
export class QueryStore {
  readonly reader: StoreReader;
  readonly mapping: CompiledMapping;
  readonly sealed: SealedState;
  readonly kernel: Kernel;
  readonly decoder: PostingDecoder;
  readonly terms: QueryTerms;
  readonly fields: FieldReader;
  readonly keys: RecordKeys;
  readonly lists: Lists;
  readonly dead: DeadRecords;
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
    this.lists = new Lists(this);
    this.dead = new DeadRecords(this);
    this.records = new RecordBlocks(this);
    this.links = new Links(this);
  }

  liveRecords(entity: CompiledEntity): number {
    return this.sealed.liveRecords[entity.number] ?? 0;
  }

  /** A kernel with so much free memory: one of its own for the rare block that holds a huge record. */
  kernelFor(freeBytes: number): Kernel {
    if (freeBytes <= this.kernel.freeBytes) return this.kernel;
    return new Kernel({ memoryBytes: freeBytes + queryKernelBytes });
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
