import type { DbiHead, SnapshotEntry } from "../snapshot-entry.js";
import type { ByteBudget } from "../transfer/index.js";

/** A state of a database that stays as it is while a snapshot is written of it. */
export interface CapturedState extends Disposable {
  /** The transaction that made it: what it holds is sent when the snapshot is. */
  readonly lmdbTxnId: bigint;
  readonly databases: readonly {
    head: DbiHead;
    count: number;
    entriesBytes: number;
    entries: Iterable<SnapshotEntry>;
  }[];
}

/** A snapshot that is there to be read, from its beginning, as often as it takes. */
export interface MergeSource {
  name: string;
  read: () => AsyncIterable<Uint8Array>;
}

export interface MergeResult {
  /** Transactions that the merge itself wrote. */
  ownTransactions: number;
  /** Entries that were looked at, and those that the database has of them now. */
  entries: number;
  changed: number;
}

export interface SweepResult {
  ownTransactions: number;
  /** Tombstones that are older than the retention, and are gone. */
  removed: number;
}

export interface DatabaseCallOptions {
  signal: AbortSignal;
  onEntries?: (done: number) => void;
}

export interface MergeCallOptions extends DatabaseCallOptions {
  /** What is read at once holds leases of it; none may be held by whoever calls. */
  budget: ByteBudget;
}

/** What a sync needs of a database. */
export interface SyncedDatabase extends AsyncDisposable {
  /** For messages. */
  readonly name: string;
  /** The last transaction, whoever wrote it; 0 where there is none. */
  txnId(): number;
  /** Holds the newest state; what the schema needs is brought up to it before. */
  capture(options: DatabaseCallOptions): Promise<CapturedState>;
  /** Takes in what wins of several snapshots, in as many passes as the budget asks for. */
  merge(sources: readonly MergeSource[], options: MergeCallOptions): Promise<MergeResult>;
  sweep(options: DatabaseCallOptions): Promise<SweepResult>;
}
