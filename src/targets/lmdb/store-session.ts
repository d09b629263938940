import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import {
  asDiskCondition,
  diskFull,
  diskUnwritable,
  isDiskFull,
  isPlimsollError,
  rollbackKeysPerTransaction,
  WriterLock,
} from "../../kernel/index.js";
import type { CompiledMapping } from "../../model/index.js";
import {
  type BatchParts,
  type CheckpointJson,
  type SealedState,
  type SegmentKeyBlock,
  type SegmentTupleBlock,
  type StoreReader,
  type TargetCapabilities,
  type TargetOpenOptions,
  TargetSession,
} from "../../ports/index.js";
import { columnKey, keyBlockKey, postingKey, recordKey, segmentKey, segmentOfKey } from "./binary-keys.js";
import { Environment, type TableName } from "./environment.js";
import { MappedPages } from "./mapped-pages.js";
import { metaKeys, readMapping, readMeta, readSealed } from "./meta.js";
import { Staging } from "./staging.js";
import { inspectStore, makeStoreDir, storeFiles, writeMarker } from "./store-files.js";
import { LmdbStoreReader } from "./store-reader.js";

export const lmdbCapabilities: TargetCapabilities = { sortedAppend: true, durable: true };

/** The one writer of a store. */
export class LmdbStoreSession extends TargetSession {
  protected override readonly capabilities = lmdbCapabilities;
  override readonly mapping: CompiledMapping;
  override readonly runsDir: string;
  readonly #dir: string;
  readonly #lock: WriterLock;
  readonly #environment: Environment;
  /** One fills up while the other is being written. */
  #staging: Staging;
  #spare: Staging;
  #flushing: Promise<void> = Promise.resolve();
  #sealed: SealedState;
  readonly #mapped: MappedPages;
  #readers = 0;

  constructor(dir: string, options: TargetOpenOptions) {
    super();
    this.#dir = dir;
    this.#mapped = new MappedPages(options);
    inspectStore(dir);
    try {
      makeStoreDir(dir);
      this.#lock = WriterLock.acquire(join(dir, storeFiles.writerLock), dir);
    } catch (error) {
      throw asStoreError(error, dir);
    }
    let environment: Environment | null = null;
    let isHalfMade = false;
    try {
      // Looked at again under the lock: another process may have made the store meanwhile.
      isHalfMade = inspectStore(dir) !== "store";
      if (isHalfMade) this.#removeHalfMade();
      environment = new Environment(dir, { isReadOnly: false });
      this.#environment = environment;
      this.mapping = this.#keepMapping(options);
      if (isHalfMade) writeMarker(dir);
      isHalfMade = false;
      environment.root.readerCheck();
      this.#sealed = readSealed(environment);
    } catch (error) {
      // Nothing was written in the background yet, so the environment is closed when the call returns.
      environment?.close().catch(() => {});
      // Data without a marker and a lock would be taken for somebody else's the next time.
      if (isHalfMade) this.#removeHalfMade();
      this.#lock[Symbol.dispose]();
      throw asStoreError(error, dir);
    }
    this.runsDir = options.tempDir === null ? join(dir, storeFiles.runs) : ownFolder(options.tempDir, dir);
    const stagingBytes = Math.floor(options.transactionBytes / 2);
    this.#staging = new Staging(stagingBytes);
    this.#spare = new Staging(stagingBytes);
  }

  override get sealed(): SealedState | null {
    return this.#sealed.lastImport === null ? null : this.#sealed;
  }

  protected override async _checkpoint(): Promise<CheckpointJson | null> {
    return readMeta(this.#environment, metaKeys.checkpoint);
  }

  protected override async _finished(importId: string): Promise<CheckpointJson | null> {
    return readMeta(this.#environment, metaKeys.finished(importId));
  }

  protected override async _append(parts: BatchParts): Promise<void> {
    for (const { firstId, block } of parts.blocks) await this.#stage("records", recordKey(firstId), block);
    for (const { index, firstId, chunk } of parts.columns) {
      await this.#stage("columns", columnKey(index, firstId), chunk);
    }
    const { firstId, ...place } = parts.place;
    await this.#stage("places", recordKey(firstId), Buffer.from(JSON.stringify(place)));
  }

  protected override async _commit(checkpoint: CheckpointJson): Promise<void> {
    await this.#write(() => this.#put("meta", metaKeys.checkpoint, Buffer.from(checkpoint)));
  }

  protected override async _flush(): Promise<boolean> {
    if (this.#staging.isEmpty && this.unsyncedBytes === 0) return false;
    await this.#write(() => {});
    return true;
  }

  protected override async _rollback(fromId: number): Promise<void> {
    await this.#flushing;
    this.#staging.clear();
    await this.#removeRange("records", recordKey(fromId), null);
    await this.#removeRange("places", recordKey(fromId), null);
    const indexes = this.mapping.entities.flatMap((entity) =>
      entity.fields.flatMap((field) => field.indexes),
    );
    for (const { number, hasColumn } of indexes) {
      if (hasColumn) await this.#removeRange("columns", columnKey(number, fromId), columnKey(number + 1, 0));
    }
  }

  protected override async _forget(): Promise<void> {
    // The checkpoint goes last: a crash before that finds it again, and forgets again.
    await this._rollback(this.#sealed.nextId);
    await this._dropSegments(null);
    await this.#write(() => this.#environment.tables.meta.removeSync(metaKeys.checkpoint));
  }

  protected override async _appendTupleBlock(segment: number, entry: SegmentTupleBlock): Promise<void> {
    await this.#stage("postings", postingKey(segment, entry.index, entry.term, entry.id), entry.block);
  }

  protected override async _appendKeyBlock(segment: number, entry: SegmentKeyBlock): Promise<void> {
    await this.#stage("keys", keyBlockKey(segment, entry.hash, entry.ordinal), entry.block);
  }

  protected override async _publish(
    sealed: SealedState,
    importId: string,
    note: CheckpointJson | null,
  ): Promise<void> {
    await this.#write(() => {
      this.#put("meta", metaKeys.sealed, Buffer.from(JSON.stringify(sealed)));
      if (note !== null) this.#put("meta", metaKeys.finished(importId), Buffer.from(note));
      this.#environment.tables.meta.removeSync(metaKeys.checkpoint);
    });
    this.#sealed = sealed;
  }

  protected override async _dropSegments(keep: number | null): Promise<void> {
    const kept = new Set(this.#sealed.segments.map((segment) => segment.number));
    if (keep !== null) kept.add(keep);
    // What is staged is not in the tables yet, and would come after they were looked at.
    if (!this.#staging.isEmpty) await this.#write(() => {});
    await this.#flushing;
    for (const table of ["postings", "keys"] as const) {
      for (const segment of this.#segmentsIn(table)) {
        if (!kept.has(segment)) await this.#removeRange(table, segmentKey(segment), segmentKey(segment + 1));
      }
    }
  }

  protected override _reader(isUnsealedVisible: boolean): StoreReader {
    this.#readers += 1;
    return new LmdbStoreReader(this.#environment, this.#dir, {
      isUnsealedVisible,
      onClose: () => {
        this.#readers -= 1;
      },
    });
  }

  protected override async _releaseMapped(): Promise<void> {
    await this.#flushing;
    await this.#environment.reopen();
    this.#mapped.restart();
  }

  protected override async _close(): Promise<void> {
    try {
      await this.#flushing.catch(() => {});
      await this.#environment.close();
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  #removeHalfMade(): void {
    for (const name of [storeFiles.data, storeFiles.lock]) rmSync(join(this.#dir, name), { force: true });
  }

  #keepMapping(options: TargetOpenOptions): CompiledMapping {
    const stored = readMapping(this.#environment);
    const mapping = options.mergeMapping(stored);
    const text = JSON.stringify(mapping);
    if (stored === null || text !== JSON.stringify(stored)) {
      this.#environment.root.transactionSync(() => this.#put("meta", metaKeys.mapping, Buffer.from(text)));
    }
    return mapping;
  }

  async #stage(table: TableName, key: Buffer, value: Uint8Array): Promise<void> {
    if (this.#staging.add(table, key, value)) return;
    await this.#flushInBackground();
    if (this.#staging.add(table, key, value)) return;
    // One value larger than the whole staging buffer goes alone.
    await this.#write(() => this.#put(table, key, Buffer.from(value.buffer, value.byteOffset, value.length)));
  }

  /** Writes what is staged while the other buffer fills up: a sync to the disk must not stop the import. */
  async #flushInBackground(): Promise<void> {
    await this.#waitForDisk(this.#flushing);
    await this.#keepMappedBounded();
    const full = this.#staging;
    this.#staging = this.#spare;
    this.#spare = full;
    this.#flushing = this.#transact(full, () => {});
    // Marked as handled: whoever waits for the flush next is told.
    this.#flushing.catch(() => {});
  }

  /** One transaction with everything staged and `extra`, on the disk when it returns. */
  async #write(extra: () => void): Promise<void> {
    await this.#waitForDisk(this.#flushing);
    await this.#waitForDisk(this.#transact(this.#staging, extra));
    await this.#keepMappedBounded();
  }

  async #waitForDisk(writing: Promise<void>): Promise<void> {
    const startMs = performance.now();
    try {
      await writing;
    } finally {
      this.waitedSeconds += (performance.now() - startMs) / 1000;
    }
  }

  async #transact(staging: Staging, extra: () => void): Promise<void> {
    const { bytes } = staging;
    this.unsyncedBytes += bytes;
    try {
      await this.#environment.root.transaction(() => {
        for (const { table, key, value } of staging.puts()) this.#put(table, key, value);
        extra();
      });
    } catch (error) {
      // The promise of a transaction rejects with a note that there is an error; the error comes in a promise
      // of its own.
      const { commitError } = error as { commitError?: Promise<never> };
      const cause = await (commitError ?? Promise.resolve(error)).catch((reason: unknown) => reason);
      throw asStoreError(cause, this.#dir);
    } finally {
      this.unsyncedBytes -= bytes;
    }
    staging.clear();
  }

  #put(table: TableName, key: Buffer, value: Buffer): void {
    this.#environment.tables[table].putSync(key, value);
    this.bytesWritten += value.length;
    this.#mapped.noteWritten(value.length);
  }

  async #keepMappedBounded(): Promise<void> {
    if (this.#readers === 0 && this.#mapped.isFull()) await this._releaseMapped();
  }

  #segmentsIn(table: "postings" | "keys"): number[] {
    const segments: number[] = [];
    let next = 0;
    for (;;) {
      const range = { start: segmentKey(next), limit: 1 };
      const [key] = [...this.#environment.tables[table].getKeys(range)];
      if (key === undefined) return segments;
      segments.push(segmentOfKey(key));
      next = segmentOfKey(key) + 1;
    }
  }

  /**
   * Deletes keys in [start, end) by bounded transactions; a crash leaves a rest that the next start deletes.
   */
  async #removeRange(table: TableName, start: Buffer, end: Buffer | null): Promise<void> {
    for (;;) {
      const range = { start, ...(end === null ? {} : { end }), limit: rollbackKeysPerTransaction };
      const keys = [...this.#environment.tables[table].getKeys(range)];
      if (keys.length === 0) return;
      await this.#write(() => {
        for (const key of keys) this.#environment.tables[table].removeSync(key);
      });
    }
  }
}

/** LMDB tells of a write that came out short as an input/output error, whatever the reason. */
function asStoreError(error: unknown, store: string): unknown {
  if (!(error instanceof Error) || isPlimsollError(error)) return error;
  const { code } = error as { code?: unknown };
  if (typeof code !== "number") return asDiskCondition(error, store);
  const isFull = code === constants.errno.ENOSPC || code === constants.errno.EDQUOT || isDiskFull(store);
  return isFull ? diskFull(store, error) : diskUnwritable(store, error);
}

/** Several stores may share one folder for temporary files: each has its own in there. */
function ownFolder(tempDir: string, dir: string): string {
  const name = createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 16);
  return join(tempDir, `plimsoll-${name}`);
}
