import { rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import {
  asDiskCondition,
  assert,
  diskFull,
  diskUnwritable,
  filterStagingBytes,
  isDiskFull,
  isPlimsollError,
  removedKeysPerRelease,
  rollbackKeysPerTransaction,
  unmapResident,
  WriterLock,
} from "../../kernel/index.js";
import type { TargetOpenOptions } from "../../ports/index.js";
import { segmentKey, segmentOfKey } from "./binary-keys.js";
import { Environment, type TableName } from "./environment.js";
import { MappedPages } from "./mapped-pages.js";
import { Staging } from "./staging.js";
import { inspectStore, makeStoreDir, storeFiles, writeMarker } from "./store-files.js";

export type StoreWriterOptions = Pick<
  TargetOpenOptions,
  "transactionBytes" | "mappedBytes" | "residentFileBytes"
>;

/** What a session tells of its writes. */
export interface WriteMeter {
  bytesWritten: number;
  unsyncedBytes: number;
  waitedSeconds: number;
}

/**
 * The one writer of a store: its lock, its environment, and transactions of bounded size that are made of
 * what is staged.
 */
export class StoreWriter {
  readonly environment: Environment;
  readonly #dir: string;
  readonly #dataFile: string;
  readonly #meter: WriteMeter;
  readonly #lock: WriterLock;
  readonly #mapped: MappedPages;
  /** One fills up while the other is being written. */
  #staging: Staging;
  #spare: Staging;
  /**
   * Filters of key blocks wait for one another, so that their pages lie together in the file: they are read
   * without the blocks, and what lies around a page is mapped with it.
   */
  readonly #filters: Staging;
  #flushing: Promise<void> = Promise.resolve();
  #isHalfMade = false;
  /** Readers of the session: mapped pages are given back when there are none. */
  readers = 0;

  constructor(dir: string, options: StoreWriterOptions, meter: WriteMeter) {
    this.#dir = dir;
    this.#dataFile = join(dir, storeFiles.data);
    this.#meter = meter;
    this.#mapped = new MappedPages(options);
    inspectStore(dir);
    try {
      makeStoreDir(dir);
      this.#lock = WriterLock.acquire(join(dir, storeFiles.writerLock), dir);
    } catch (error) {
      throw asStoreError(error, dir);
    }
    try {
      // Looked at again under the lock: another process may have made the store meanwhile.
      this.#isHalfMade = inspectStore(dir) !== "store";
      if (this.#isHalfMade) this.#removeHalfMade();
      this.environment = new Environment(dir, { isReadOnly: false });
    } catch (error) {
      this.#giveUp();
      throw asStoreError(error, dir);
    }
    const filterBytes = Math.min(filterStagingBytes, Math.floor(options.transactionBytes / 8));
    const stagingBytes = Math.floor((options.transactionBytes - filterBytes) / 2);
    this.#filters = new Staging(filterBytes);
    this.#staging = new Staging(stagingBytes);
    this.#spare = new Staging(stagingBytes);
  }

  /** The first look at the store, and what has to be in a new one; everything is closed when that fails. */
  begin<T>(work: () => T): T {
    try {
      const result = work();
      if (this.#isHalfMade) writeMarker(this.#dir);
      this.#isHalfMade = false;
      this.environment.root.readerCheck();
      return result;
    } catch (error) {
      // Nothing was written in the background yet, so the environment is closed when the call returns.
      this.environment.close().catch(() => {});
      this.#giveUp();
      throw asStoreError(error, this.#dir);
    }
  }

  /** Waits for a transaction in memory; one value larger than the whole staging buffer goes alone. */
  async stage(table: TableName, key: Buffer, value: Uint8Array): Promise<void> {
    if (table === "filters") {
      if (this.#filters.add(table, key, value)) return;
      await this.write(() => {});
      assert(this.#filters.add(table, key, value), "a filter fits the staging buffer");
      return;
    }
    if (this.#staging.add(table, key, value)) return;
    await this.#flushInBackground();
    if (this.#staging.add(table, key, value)) return;
    await this.write(() => this.put(table, key, Buffer.from(value.buffer, value.byteOffset, value.length)));
  }

  /** One transaction with everything staged and `extra`, on the disk when it returns. */
  async write(extra: () => void): Promise<void> {
    await this.#waitForDisk(this.#flushing);
    const extras = () => {
      for (const { table, key, value } of this.#filters.puts()) this.put(table, key, value);
      extra();
    };
    await this.#waitForDisk(this.#transact(this.#staging, extras));
    this.#filters.clear();
    await this.#keepMappedBounded();
  }

  /** Within a transaction. */
  put(table: TableName, key: Buffer, value: Buffer): void {
    this.environment.tables[table].putSync(key, value);
    this.#meter.bytesWritten += value.length;
    this.#mapped.noteWritten(value.length);
  }

  /** Writes what is staged; false when nothing waited in memory. */
  async flush(): Promise<boolean> {
    if (!this.#isStaged && this.#meter.unsyncedBytes === 0) return false;
    await this.write(() => {});
    return true;
  }

  /** Forgets what is staged. */
  async discard(): Promise<void> {
    await this.#flushing;
    this.#staging.clear();
    this.#filters.clear();
  }

  async releaseMapped(): Promise<void> {
    await this.#flushing;
    await this.environment.reopen();
    this.#mapped.restart();
  }

  /**
   * Deletes posting and key segments but for these, and filters of others than those that have some: a number
   * that is dealt again must find none.
   */
  async keepSegments(kept: ReadonlySet<number>, filtered = kept): Promise<void> {
    // What is staged is not in the tables yet, and would come after they were looked at.
    if (this.#isStaged) await this.write(() => {});
    await this.#flushing;
    for (const table of ["postings", "keys", "filters"] as const) {
      const staying = table === "filters" ? filtered : kept;
      for (const segment of this.#segmentsIn(table)) {
        if (!staying.has(segment))
          await this.removeRange(table, segmentKey(segment), segmentKey(segment + 1));
      }
    }
  }

  /**
   * Deletes keys in [start, end) by bounded transactions; a crash leaves a rest that the next start deletes.
   * What it maps is given back as it goes, under readers too where the system can do that.
   */
  async removeRange(table: TableName, start: Buffer, end: Buffer | null): Promise<void> {
    for (;;) {
      const range = { start, ...(end === null ? {} : { end }), limit: rollbackKeysPerTransaction };
      const keys = [...this.environment.tables[table].getKeys(range)];
      if (keys.length === 0) return;
      let isReleased = false;
      await this.write(() => {
        for (const [at, key] of keys.entries()) {
          this.environment.tables[table].removeSync(key);
          if (at % removedKeysPerRelease === 0) isReleased = unmapResident(this.#dataFile);
        }
      });
      if (!isReleased && this.readers === 0) await this.releaseMapped();
    }
  }

  async close(): Promise<void> {
    try {
      await this.#flushing.catch(() => {});
      await this.environment.close();
    } finally {
      this.#lock[Symbol.dispose]();
    }
  }

  get #isStaged(): boolean {
    return !this.#staging.isEmpty || !this.#filters.isEmpty;
  }

  /** Data without a marker and a lock would be taken for somebody else's the next time. */
  #giveUp(): void {
    if (this.#isHalfMade) this.#removeHalfMade();
    this.#lock[Symbol.dispose]();
  }

  #removeHalfMade(): void {
    for (const name of [storeFiles.data, storeFiles.lock]) rmSync(join(this.#dir, name), { force: true });
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

  async #waitForDisk(writing: Promise<void>): Promise<void> {
    const startMs = performance.now();
    try {
      await writing;
    } finally {
      this.#meter.waitedSeconds += (performance.now() - startMs) / 1000;
    }
  }

  async #transact(staging: Staging, extra: () => void): Promise<void> {
    const { bytes } = staging;
    this.#meter.unsyncedBytes += bytes;
    try {
      await this.environment.root.transaction(() => {
        for (const { table, key, value } of staging.puts()) this.put(table, key, value);
        extra();
      });
    } catch (error) {
      // The promise of a transaction rejects with a note that there is an error; the error comes in a promise
      // of its own.
      const { commitError } = error as { commitError?: Promise<never> };
      const cause = await (commitError ?? Promise.resolve(error)).catch((reason: unknown) => reason);
      throw asStoreError(cause, this.#dir);
    } finally {
      this.#meter.unsyncedBytes -= bytes;
    }
    staging.clear();
  }

  async #keepMappedBounded(): Promise<void> {
    if (this.readers === 0 && this.#mapped.isFull()) await this.releaseMapped();
  }

  #segmentsIn(table: "postings" | "keys" | "filters"): number[] {
    const segments: number[] = [];
    let next = 0;
    for (;;) {
      const range = { start: segmentKey(next), limit: 1 };
      const [key] = [...this.environment.tables[table].getKeys(range)];
      if (key === undefined) return segments;
      segments.push(segmentOfKey(key));
      next = segmentOfKey(key) + 1;
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
