import type { SnapshotStorage } from "../ports/index.js";
import type {
  PullOptions,
  PullReport,
  PushOptions,
  PushReport,
  StorageSettings,
} from "../snapshots/index.js";
import { lmdbStoreParts, openLmdbReplica } from "../targets/lmdb/index.js";

/** A program that stops for nothing needs no signal. */
type Stoppable<Options extends { signal: AbortSignal }> = Omit<Options, "signal"> & {
  signal?: AbortSignal | undefined;
};

/** Where snapshots are kept: `s3://BUCKET/FOLDER` or `file:FOLDER`. Close it when it is done with. */
export async function openSnapshotStorage(
  url: string,
  settings: StorageSettings = {},
): Promise<SnapshotStorage> {
  const { openStorage } = await loadSnapshots();
  return await openStorage(url, settings);
}

/** Has the storage hold what is sealed in a store, while others write on; it takes what is new. */
export async function pushStore(
  path: string,
  storage: SnapshotStorage,
  options: Stoppable<PushOptions>,
): Promise<PushReport> {
  const { pushParts } = await loadSnapshots();
  await using source = lmdbStoreParts(path);
  return await pushParts(source, storage, stoppable(options));
}

/** Makes a folder a copy of the store that was pushed last; readers see it before or after, never by half. */
export async function pullStore(
  storage: SnapshotStorage,
  path: string,
  options: Stoppable<PullOptions>,
): Promise<PullReport> {
  const { pullParts } = await loadSnapshots();
  return await pullParts(storage, () => openLmdbReplica(path), stoppable(options));
}

export interface ReplicaOrigin {
  /** Folder of the replica. */
  path: string;
  url: string;
  storage: StorageSettings;
  /** Whose store it is: as for a pull. */
  sought: Required<Pick<PullOptions, "name" | "folderName" | "from">>;
}

/** What is pushed for a replica that is kept up with it. */
export interface ReplicaFeed extends AsyncDisposable {
  /** For messages. */
  readonly storageName: string;
  /** Whether there is another state than at the last pull: nobody who reads the replica notices the look. */
  hasNews(signal: AbortSignal): Promise<boolean>;
  pull(signal: AbortSignal, onProgress: PullOptions["onProgress"]): Promise<PullReport>;
}

export async function openReplicaFeed({ path, url, storage, sought }: ReplicaOrigin): Promise<ReplicaFeed> {
  const { findReplica } = await loadSnapshots();
  const opened = await openSnapshotStorage(url, storage);
  const { name, folderName = "", from = null } = sought;
  /** What the last look found, and what was found before the last pull that went well. */
  let found: string | null = null;
  let pulled: string | null = null;
  return {
    storageName: opened.name,
    async hasNews(signal) {
      found = (await findReplica(opened, { name, folderName, from }, signal)).object;
      return found !== pulled;
    },
    async pull(signal, onProgress) {
      const before = found;
      const report = await pullStore(opened, path, { ...sought, signal, onProgress });
      pulled = before;
      return report;
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

function stoppable<Options extends { signal?: AbortSignal | undefined }>(
  options: Options,
): Options & { signal: AbortSignal } {
  return { ...options, signal: options.signal ?? new AbortController().signal };
}

/** An import does without them. */
function loadSnapshots() {
  return import("../snapshots/index.js");
}
