import { constants } from "node:os";
import { dirname } from "node:path";
import type { Database, RootDatabase } from "lmdb";
import {
  changeBatchBytesMax,
  changeBatchPagesMax,
  diskFull,
  isDiskFull,
  isPlimsollError,
  lmdbDatabasesMax,
  lmdbMappedBytesMax,
  lookAttemptsMax,
  PlimsollError,
  unmapResident,
} from "../../kernel/index.js";
import { Gauge } from "../../memory/index.js";
import { listDatabases } from "./database-list.js";
import { lmdbFor } from "./engine.js";
import { inspectLmdb, type LmdbFile, type MetaPage } from "./lmdb-file.js";
import { PageFile } from "./page-file.js";
import { dbiFlags } from "./page-layout.js";

export type Table = Database<Buffer, Buffer>;

export interface EnvironmentOptions {
  /** Of the application, where it is more than the file says. */
  mapBytes?: number;
}

/** A state that stays readable: what writers free meanwhile is not used again. */
export interface HeldState extends Disposable {
  readonly meta: MetaPage;
}

/**
 * An application's environment: LMDB for locks and for writing, the file's pages for reading. One writes at a
 * time in all processes, and readers keep what they began with.
 */
export class ApplicationEnvironment implements AsyncDisposable {
  readonly file: LmdbFile;
  readonly pages: PageFile;
  #root: RootDatabase<Buffer, Buffer>;
  readonly #openRoot: () => RootDatabase<Buffer, Buffer>;
  readonly #gauge = new Gauge();
  readonly #fileBytesBefore: number;
  readonly #tables = new Map<string, Table>();
  readonly #mapBytes: number;
  #isClosed = false;

  constructor(path: string, { mapBytes }: EnvironmentOptions = {}) {
    this.file = inspectLmdb(path);
    const { dataPath, isFolder, layout, meta } = this.file;
    this.pages = new PageFile(this.file);
    checkWhole(this.pages, this.file);
    const lmdb = lmdbFor(this.file);
    // The build for format 2 lets its map grow by itself; of the other one all processes must have the same
    // size.
    const mapSize = Math.max(mapBytes ?? 0, meta.mapBytes);
    this.#mapBytes = mapSize;
    const options = {
      path: isFolder ? dirname(dataPath) : dataPath,
      noSubdir: !isFolder,
      ...(layout.format === 1 || mapBytes !== undefined ? { mapSize } : {}),
      maxDbs: lmdbDatabasesMax,
      encoding: "binary" as const,
      keyEncoding: "binary" as const,
      // Read-ahead would map pages that nobody asked for.
      noReadAhead: true,
      // A commit that has returned is on the disk.
      overlappingSync: false,
      eventTurnBatching: false,
      cache: false,
    };
    this.#openRoot = () => {
      try {
        return lmdb.open<Buffer, Buffer>(options);
      } catch (error) {
        throw this.#failure(error);
      }
    };
    this.#root = this.#openRoot();
    this.#fileBytesBefore = this.#gauge.read().fileBytes;
  }

  /**
   * Gives mapped pages back when there are many: what writing touches stays mapped else, and counts as memory
   * of this process. No state may be held meanwhile.
   */
  async giveBackPages(): Promise<void> {
    if (this.giveBackWithin()) return;
    await this.#root.close();
    this.#tables.clear();
    this.#root = this.#openRoot();
  }

  /**
   * The same in the middle of a transaction, whose pages may lie all over the file: the kernel maps their
   * neighbours with them. False where there are many and this way is not to be had.
   */
  giveBackWithin(): boolean {
    const mappedBytes = this.#gauge.read().fileBytes - this.#fileBytesBefore;
    return mappedBytes < lmdbMappedBytesMax || unmapResident(this.file.dataPath);
  }

  /** Holds the newest state until it is disposed of. */
  hold(): HeldState {
    const reader = this.#beginReading();
    // What is read behind that is this state or a later one, and pages of both stay.
    const meta = this.pages.readMeta();
    return {
      meta,
      [Symbol.dispose]: () => {
        reader.done();
        this.#root.resetReadTxn();
      },
    };
  }

  /** Fails where all places for readers are taken. */
  #beginReading(): { done(): void } {
    try {
      return this.#root.useReadTransaction();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /**
   * Runs a function within a write transaction, with the state that it begins from: while it runs nobody else
   * writes, so that state's pages stay. All of what it writes is there afterwards, or nothing.
   */
  write<T>(change: (meta: MetaPage) => T): T {
    try {
      return this.#root.transactionSync(() => change(this.pages.readMeta()));
    } catch (error) {
      // A database that was opened within it is not open any more.
      this.#tables.clear();
      throw this.#failure(error);
    }
  }

  /** A database that is there, for writing. */
  table(name: string): Table {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = this.#root.openDB<Buffer, Buffer>({ ...tableOptions(name), create: false } as never);
      if (table === undefined)
        throw new PlimsollError("LMDB_FAILED", { path: this.file.path, reason: `${name} is gone` });
      this.#tables.set(name, table);
    }
    return table;
  }

  /** Makes a database with these flags of LMDB's; one that is there stays what it is. */
  create(name: string, flags: number): void {
    const has = (flag: number): boolean => (flags & flag) !== 0;
    try {
      this.#root.openDB<Buffer, Buffer>({
        ...tableOptions(name),
        // The package knows integer keys as numbers only; they are opened again for bytes.
        keyEncoding: has(dbiFlags.integerKey) ? "uint32" : "binary",
        reverseKey: has(dbiFlags.reverseKey),
        dupSort: has(dbiFlags.dupSort),
        dupFixed: has(dbiFlags.dupFixed),
        integerDup: has(dbiFlags.integerDup),
        reverseDup: has(dbiFlags.reverseDup),
      } as never);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  drop(name: string): void {
    const table = this.table(name);
    this.#tables.delete(name);
    try {
      table.dropSync();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#gauge.close();
    this.pages[Symbol.dispose]();
    await this.#root.close();
  }

  #failure(error: unknown): unknown {
    // Other classes than LMDB's own are bugs or signals.
    if (!(error instanceof Error) || isPlimsollError(error) || error.constructor !== Error) return error;
    const { path, dataPath } = this.file;
    const { code } = error as { code?: unknown };
    const folder = dirname(dataPath);
    const { ENOSPC, EDQUOT } = constants.errno;
    if (code === ENOSPC || code === EDQUOT || isDiskFull(folder)) return diskFull(path, error);
    if (
      error.message.includes("MDB_MAP_FULL") ||
      (error.message.includes("MDB_BAD_TXN") && this.#isMapFull())
    ) {
      return new PlimsollError("LMDB_MAP_FULL", { path, mapSize: this.#mapBytes }, { cause: error });
    }
    return new PlimsollError("LMDB_FAILED", { path, reason: error.message }, { cause: error });
  }

  /**
   * Whether a transaction of ours may not have found room. The build for format 1 does not say why a write
   * failed, only that the transaction cannot be committed any more.
   */
  #isMapFull(): boolean {
    const { layout } = this.file;
    const used = (this.pages.readMeta().lastPage + 1) * this.pages.pageBytes;
    const most = 2 * changeBatchBytesMax + 2 * changeBatchPagesMax * this.pages.pageBytes;
    return layout.format === 1 && this.#mapBytes - used < most;
  }
}

/**
 * A file that ends before one of its databases begins ends the process as soon as LMDB reads there. Nothing
 * is held yet, so what looks like damage is looked at again: an application may write meanwhile.
 */
function checkWhole(pages: PageFile, file: LmdbFile): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const roots = [...listDatabases(pages, pages.readMeta(), file.path).values()].map(({ root }) => root);
      const end = pages.count;
      if (roots.every((root) => root < end)) return;
      throw pages.damaged(end, "the file ends before a database");
    } catch (error) {
      if (attempt < lookAttemptsMax) continue;
      pages[Symbol.dispose]();
      throw error;
    }
  }
}

function tableOptions(name: string): {
  name: string;
  encoding: "binary";
  keyEncoding: "binary";
  cache: false;
} {
  return { name, encoding: "binary", keyEncoding: "binary", cache: false };
}
