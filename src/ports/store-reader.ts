import type { CompiledMapping } from "../model/index.js";

/** What an import left behind when it was sealed; the state that readers see. */
export interface SealedState {
  /** Posting and key segments, oldest first; ids of a later segment are above those of an earlier one. */
  segments: SegmentState[];
  /** Records with this id and above are not visible. */
  nextId: number;
  /** Live records by entity number (dead ones taken off). */
  liveRecords: number[];
  deadRecords: number;
  lastImport: LastImport | null;
  /**
   * The last log of live records that is sealed: what is left of it, or of one before, is to be passed over.
   */
  liveFolded?: number;
  /** How far the last import was that came as live records, as far as these are sealed. */
  liveImport?: LiveImport;
}

export interface LiveImport {
  /** Tells it from others. */
  token: string;
  /** First record of it, by its number, that is not there. */
  nextId: number;
  /** What became of its records when they were written; those that replaced others are among the stored. */
  counts: Record<"stored" | "replaced" | "duplicate" | "superseded" | "deleted" | "rejected", number>;
}

export interface SegmentState {
  number: number;
  firstId: number;
  /** One above the last id. */
  endId: number;
  tuples: number;
  postingBytes: number;
  keys: number;
  keyBytes: number;
  /** Form of the filters beside its key blocks; none counts where it is not said. */
  keyFilters?: number;
}

export interface LastImport {
  id: string;
  sealedAt: string;
  sources: string[];
  records: Record<string, number>;
}

/** A stored block of records as it lies in the store: see `decodeRecordBlock` in the postings door. */
export interface RecordBlockEntry {
  firstId: number;
  block: Uint8Array;
}

export interface TupleBlockEntry {
  index: number;
  term: bigint;
  /** First record id of the block. */
  id: number;
  block: Uint8Array;
}

export interface ColumnEntry {
  firstId: number;
  /** u32 count, count x u64 LE terms, then a presence bitmap. */
  chunk: Uint8Array;
}

export interface KeyBlockEntry {
  hash: bigint;
  ordinal: number;
  block: Uint8Array;
}

/** The filter of a key block, by the hash that the block begins with. */
export interface KeyFilterEntry {
  hash: bigint;
  ordinal: number;
  filter: Uint8Array;
}

export interface PlaceEntry {
  firstId: number;
  source: string;
  /** Byte, line (from 1) and record (from 1) of the batch's first record in its source. */
  offset: number;
  line: number;
  record: number;
}

export interface StoreBytes {
  records: number;
  columns: number;
  postings: number;
  keys: number;
  places: number;
  file: number;
}

/**
 * A snapshot of a sealed store. Returned arrays are views of memory that is used again: those of iterators
 * live until the next call on the same one or until `close`, all others until the next call of any kind, so
 * keep nothing without copying. All reads are synchronous and touch only the blocks they return.
 */
export interface StoreReader extends Disposable {
  readonly mapping: CompiledMapping;
  readonly sealed: SealedState;
  /** The block that holds `id` (the last block whose first id is at or below it), if any. */
  recordBlock(id: number): RecordBlockEntry | undefined;
  /** Blocks in id order from the one that holds `fromId`; those at or above `sealed.nextId` are left out. */
  recordBlocks(fromId: number): Iterable<RecordBlockEntry>;
  /**
   * Tuple blocks of one segment in order, from the block that may hold (index, term, id): the last one whose
   * first tuple is at or before it. Ends where the segment ends: the caller stops at the index or term it
   * wants.
   */
  tupleBlocks(segment: number, index: number, term: bigint, id: number): Iterable<TupleBlockEntry>;
  /**
   * The same backwards: from the last block whose first tuple is at or before (index, term, id), descending.
   */
  tupleBlocksReverse(segment: number, index: number, term: bigint, id: number): Iterable<TupleBlockEntry>;
  /** The chunk that holds `id` in the column of an index, if any. */
  columnChunk(index: number, id: number): ColumnEntry | undefined;
  /** Chunks of a column in id order, from the one that may hold `fromId`. */
  columnChunks(index: number, fromId: number): Iterable<ColumnEntry>;
  /**
   * Key blocks of one segment that may hold `hash`, and all that follow. With the ordinal of a block that
   * begins with `hash`, those from that block on: one hash may fill many.
   */
  keyBlocks(segment: number, hash: bigint, ordinal?: number): Iterable<KeyBlockEntry>;
  /**
   * The filter that was given with the last key block of a segment whose first hash is at or before `hash`,
   * its role aside; those of blocks that came without one are passed over.
   */
  keyFilter(segment: number, hash: bigint): KeyFilterEntry | undefined;
  /** All of them in order, those from a key block on. */
  keyFilters(segment: number, hash?: bigint, ordinal?: number): Iterable<KeyFilterEntry>;
  /** The one of just this key block. */
  keyFilterAt(segment: number, hash: bigint, ordinal: number): KeyFilterEntry | undefined;
  /** The place where the batch that holds `id` was read. */
  place(id: number): PlaceEntry | undefined;
  bytes(): StoreBytes;
  /**
   * Gives mapped pages back to the kernel; iterators opened before it must be finished. The snapshot stays
   * the same, or this fails: what was sealed meanwhile cannot be read by half.
   */
  releaseMapped(): Promise<void>;
  close(): void;
}
