import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  assert,
  liveMappedBytes,
  liveTransactionBytes,
  PlimsollError,
  unmapResident,
  WriterLock,
} from "../../kernel/index.js";
import type { StoreReader, Target, TargetOpenOptions, TargetSession } from "../../ports/index.js";
import { Environment } from "./environment.js";
import { EnvironmentGate } from "./environment-gate.js";
import { type MappedBound, MappedReads } from "./mapped-reads.js";
import { inspectStore, storeFiles } from "./store-files.js";
import { LmdbStoreReader } from "./store-reader.js";
import { LmdbStoreSession, lmdbCapabilities } from "./store-session.js";

export { openLmdbReplica } from "./replica-session.js";
export { isStoreFolder } from "./store-files.js";
export { lmdbStoreParts } from "./store-parts.js";
export { storeFiles };

/** The embedded store: one folder, one LMDB environment, one writer, any number of readers. */
export function lmdbTarget(dir: string): Target {
  return {
    name: dir,
    capabilities: lmdbCapabilities,
    async open(options: TargetOpenOptions): Promise<TargetSession> {
      return EnvironmentGate.of(dir).alone(async () => new LmdbStoreSession(dir, options));
    },
  };
}

/** Where live records are logged. */
export function liveDir(dir: string): string {
  return join(dir, storeFiles.live);
}

/** One process a time may have live records beside a store. */
export function lockLiveFolder(dir: string): Disposable {
  mkdirSync(dir, { recursive: true });
  return WriterLock.acquire(join(dir, storeFiles.writerLock), dir);
}

/** For live records: the mapping stays as it is, and a transaction and its pages have fixed sizes. */
export async function openLiveSession(dir: string): Promise<TargetSession> {
  return lmdbTarget(dir).open({
    mergeMapping: (stored) => {
      assert(stored !== null, "a store with live records has a mapping");
      return stored;
    },
    tempDir: null,
    transactionBytes: liveTransactionBytes,
    mappedBytes: liveMappedBytes,
    signal: new AbortController().signal,
  });
}

/** Where a server keeps the history of its imports. STORE_FOREIGN where the folder is somebody else's. */
export function importHistoryDir(dir: string): string {
  inspectStore(dir);
  return join(dir, storeFiles.imports);
}

/** Readers of this process that can be asked leave for a moment, so that mapped pages are given back. */
export async function releaseStoreMap(dir: string): Promise<void> {
  await EnvironmentGate.of(dir).alone(async () => {});
}

export type { MappedBound };

/** Takes the store's pages out of resident memory, where the system can do that under its readers. */
export function releaseResident(dir: string): boolean {
  return unmapResident(join(dir, storeFiles.data));
}

export interface OpenReaderOptions {
  /** All of the store will be read: the disk is then read ahead. */
  isReadWhole?: boolean;
  /**
   * For a reader in the process of a writer: the writer is about to begin, or to give mapped pages back, and
   * waits until the reader is closed. A reader that is opened meanwhile waits for the writer.
   */
  onWanted?: () => void;
  /** Keeps mapped pages below a bound, where the system can be told to; without it they stay. */
  mapped?: MappedBound;
}

/** Opens what was sealed last for reading; a writer in another process may go on meanwhile. */
export async function openStoreReader(
  dir: string,
  options: OpenReaderOptions = {},
): Promise<StoreReader & AsyncDisposable> {
  const { onWanted } = options;
  const leave = onWanted === undefined ? () => {} : await EnvironmentGate.of(dir).enter(onWanted);
  try {
    return openReaderNow(dir, options, leave);
  } catch (error) {
    leave();
    throw error;
  }
}

function openReaderNow(
  dir: string,
  options: OpenReaderOptions,
  leave: () => void,
): StoreReader & AsyncDisposable {
  if (!existsSync(dir) || inspectStore(dir) !== "store")
    throw new PlimsollError("STORE_ABSENT", { store: dir });
  const environment = new Environment(dir, { isReadOnly: true, ...options }, leave);
  let closed: Promise<void> | null = null;
  const reader = new LmdbStoreReader(environment, dir, {
    ownsEnvironment: true,
    ...(options.mapped === undefined ? {} : { mappedReads: new MappedReads(dir, options.mapped) }),
    onClose: () => {
      closed = environment.close();
    },
  });
  return Object.assign(reader, {
    async [Symbol.asyncDispose](): Promise<void> {
      reader.close();
      await closed;
    },
  });
}
