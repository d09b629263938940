import { assert, type ErrorCode } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { PlaceEntry, SealedState, StoreReader } from "./store-reader.js";

/**
 * What a target can do; the pipeline and the conformance suite read it, and the suite tests the absence too.
 */
export interface TargetCapabilities {
  /**
   * Takes sorted index blocks, so that the import spills runs and merges them at the end. Without it nothing
   * is indexed: the pipeline skips runs and the seal.
   */
  readonly sortedAppend: boolean;
  /**
   * Keeps what was committed: a checkpoint can be read back by the next process. Without it nothing resumes.
   */
  readonly durable: boolean;
  /** Takes rows in place of blocks: its sessions are of `TableTargetSession`. */
  readonly tables?: true;
}

export interface TargetOpenOptions {
  /** Given the mapping the target keeps (null when it is new), says which one it shall keep from now on. */
  mergeMapping: (stored: CompiledMapping | null) => CompiledMapping;
  /** Where sorted runs are spilled; null for the target's own folder. */
  tempDir: string | null;
  /** Bytes that may wait in memory before they are written in one transaction. */
  transactionBytes: number;
  /** Resident bytes that the target's mapped files may take; it gives them back before there are more. */
  mappedBytes: number;
  /** File pages of this process that are resident now; left out where the system does not tell. */
  residentFileBytes?: () => number;
  signal: AbortSignal;
}

/** Anything an import must know to go on; JSON, opaque to the target. */
export type CheckpointJson = string;

/** A record that was found right and that the target does not take all the same. */
export interface LateReject {
  code: ErrorCode;
  reason: string;
  /** The record, or what is known of it. */
  bytes: Uint8Array;
  bytesTotal: number;
  place: { source: string; record: number };
}

/** Stored parts of one batch, as views that live until the call returns. */
export interface BatchParts {
  blocks: { firstId: number; block: Uint8Array }[];
  columns: { index: number; firstId: number; chunk: Uint8Array }[];
  place: PlaceEntry;
}

export interface SegmentTupleBlock {
  index: number;
  term: bigint;
  id: number;
  block: Uint8Array;
}

export interface SegmentKeyBlock {
  hash: bigint;
  ordinal: number;
  block: Uint8Array;
  /** Found by `keyFilter`, and dropped with the segment. */
  filter?: Uint8Array;
}

/** A store as the pipeline opens it for writing. */
export interface Target {
  /** As given on the command line, for messages and the report. */
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  open(options: TargetOpenOptions): Promise<TargetSession>;
}

/**
 * One writer's session. The base class keeps the state machine, so that an adapter writes only the
 * underscored verbs and receives exactly what they promise. Nothing appended counts before `commit` has
 * returned: data and checkpoint are one commit. Nothing is visible to readers before `publish`.
 */
export abstract class TargetSession implements AsyncDisposable {
  abstract readonly mapping: CompiledMapping;
  /** The state that readers see now; null when nothing was ever sealed. */
  abstract readonly sealed: SealedState | null;
  /** A durable folder for sorted runs, owned by this session. */
  abstract readonly runsDir: string;
  /** Bytes given to the store in this session: for the report. */
  bytesWritten = 0;
  /** Bytes on their way to the disk: written by a transaction that has not ended. For the governor. */
  unsyncedBytes = 0;
  /** Time that callers had to wait for the disk. */
  waitedSeconds = 0;
  #state: "open" | "closing" | "closed" = "open";
  #closing: Promise<void> | null = null;

  /** The checkpoint of the unfinished import, if there is one. */
  async checkpoint(): Promise<CheckpointJson | null> {
    this.assertOpen();
    return this._checkpoint();
  }

  /** What a finished import with this id left for its next run, if there is any. */
  async finished(importId: string): Promise<CheckpointJson | null> {
    this.assertOpen();
    return this._finished(importId);
  }

  /** Adds one batch; ids rise from call to call. It counts from the next `commit`. */
  async append(parts: BatchParts): Promise<void> {
    this.assertOpen();
    await this._append(parts);
  }

  /** Records of what was appended since the last call that the target did not take. */
  takeLateRejects(): LateReject[] {
    return [];
  }

  /** Makes everything appended so far durable together with the checkpoint. */
  async commit(checkpoint: CheckpointJson): Promise<void> {
    this.assertOpen();
    await this._commit(checkpoint);
  }

  /**
   * Writes what was appended and waits until it is on the disk, without making it count: for memory's sake.
   * False when nothing waited in memory.
   */
  async flush(): Promise<boolean> {
    this.assertOpen();
    return this._flush();
  }

  /** Deletes what was appended at `fromId` and above: the data behind the last checkpoint. */
  async rollback(fromId: number): Promise<void> {
    this.assertOpen();
    await this._rollback(fromId);
  }

  /** Drops the checkpoint of the unfinished import together with all its data. */
  async forget(): Promise<void> {
    this.assertOpen();
    await this._forget();
  }

  async appendTupleBlock(segment: number, entry: SegmentTupleBlock): Promise<void> {
    this.#assertSortedAppend();
    await this._appendTupleBlock(segment, entry);
  }

  async appendKeyBlock(segment: number, entry: SegmentKeyBlock): Promise<void> {
    this.#assertSortedAppend();
    await this._appendKeyBlock(segment, entry);
  }

  /**
   * The sealed state becomes what readers see, the note (if any) what the finished import left: one commit.
   */
  async publish(sealed: SealedState, importId: string, note: CheckpointJson | null): Promise<void> {
    this.assertOpen();
    await this._publish(sealed, importId, note);
  }

  /**
   * Deletes posting and key segments that the sealed state does not name; `keep` is one that is being
   * written.
   */
  async dropSegments(keep: number | null): Promise<void> {
    this.#assertSortedAppend();
    await this._dropSegments(keep);
  }

  /**
   * A reader within this session, to be closed before it: of the sealed state, or with the records that were
   * committed but are not sealed yet.
   */
  reader(options: { isUnsealedVisible?: boolean } = {}): StoreReader {
    this.#assertSortedAppend();
    return this._reader(options.isUnsealedVisible ?? false);
  }

  /** Gives mapped pages back to the kernel; readers of this session must be closed. */
  async releaseMapped(): Promise<void> {
    this.assertOpen();
    await this._releaseMapped();
  }

  /** Closes without committing what was only appended. Idempotent; a second caller waits for the first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = "closing";
    try {
      await this._close();
    } finally {
      this.#state = "closed";
    }
  }

  protected assertOpen(): void {
    assert(this.#state === "open", `target session is ${this.#state}`);
  }

  #assertSortedAppend(): void {
    this.assertOpen();
    assert(this.capabilities.sortedAppend, "this target takes no sorted blocks");
  }

  protected abstract readonly capabilities: TargetCapabilities;
  protected abstract _checkpoint(): Promise<CheckpointJson | null>;
  protected abstract _finished(importId: string): Promise<CheckpointJson | null>;
  protected abstract _append(parts: BatchParts): Promise<void>;
  protected abstract _commit(checkpoint: CheckpointJson): Promise<void>;
  protected abstract _flush(): Promise<boolean>;
  protected abstract _rollback(fromId: number): Promise<void>;
  protected abstract _forget(): Promise<void>;
  protected abstract _appendTupleBlock(segment: number, entry: SegmentTupleBlock): Promise<void>;
  protected abstract _appendKeyBlock(segment: number, entry: SegmentKeyBlock): Promise<void>;
  protected abstract _publish(
    sealed: SealedState,
    importId: string,
    note: CheckpointJson | null,
  ): Promise<void>;
  protected abstract _dropSegments(keep: number | null): Promise<void>;
  protected abstract _reader(isUnsealedVisible: boolean): StoreReader;
  protected abstract _releaseMapped(): Promise<void>;
  protected abstract _close(): Promise<void>;
}
