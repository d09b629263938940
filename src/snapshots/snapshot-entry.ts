/**
 * One entry of a database in a snapshot, or beside it. Key and value are views into somebody's buffer, and
 * one object serves for all entries: both hold until the next entry is asked for.
 */
export interface SnapshotEntry {
  key: Uint8Array;
  /** What the application stored, without the header of the native schema; empty where `isDeleted`. */
  value: Uint8Array;
  timestampNano: bigint;
  isDeleted: boolean;
}

/** A database within an LMDB environment, as a snapshot names it. */
export interface DbiHead {
  name: string;
  /** LMDB's own flags of the database: 0x04 DUPSORT, 0x08 INTEGERKEY and so on. */
  flags: bigint;
  /** How keys were changed on the way: empty, or `dupsort_hack_v1`. */
  transform: string;
}

export interface SnapshotMeta {
  generationId: string;
  instanceId: string;
  hostname: string;
  databaseName: string;
  lmdbTxnId: bigint;
  timestampNano: bigint;
  /** 0 where the snapshot holds everything. */
  fromLmdbTxnId: bigint;
}

/** Entries in the order of their keys. They are given without waiting, as many as are there. */
export interface EntryStream {
  /** Waits until there is an entry to give; false where there are no more. */
  fill(): Promise<boolean>;
  /** The next entry; null when `fill` must be asked for more. */
  next(): SnapshotEntry | null;
}

/** Databases one behind the other, and the entries of each. */
export interface DatabaseStream extends EntryStream {
  /** Goes on to the next database, past what was not read of the last one; null behind the last. */
  nextDbi(): Promise<DbiHead | null>;
}
