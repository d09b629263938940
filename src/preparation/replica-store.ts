import {
  formatBytes,
  MiB,
  PlimsollError,
  replicaPartHeldBytes,
  replicaPartsLeast,
  storePullBytes,
  storePushBytes,
} from "../kernel/index.js";
import type { SnapshotStorage } from "../ports/index.js";
import type {
  PullOptions,
  PullReport,
  PushOptions,
  PushReport,
  StorageSettings,
  TransferLine,
} from "../snapshots/index.js";
import { lmdbStoreParts, openLmdbReplica } from "../targets/lmdb/index.js";

/**
 * What of the line a push or a pull has for lists and large values, as the process stands; LINE_TOO_SMALL
 * where even a small store has no room.
 */
export function transferLine(lineBytes: number, direction: "push" | "pull"): TransferLine {
  const transferBytes = direction === "push" ? storePushBytes : storePullBytes;
  const usedBytes = process.memoryUsage.rss() + transferBytes;
  const leastBytes = usedBytes + replicaPartsLeast * replicaPartHeldBytes;
  if (lineBytes >= leastBytes) return { lineBytes, usedBytes };
  throw new PlimsollError("LINE_TOO_SMALL", {
    line: formatBytes(lineBytes),
    why: `the process takes ${formatBytes(usedBytes - transferBytes)} of it, and a ${direction} ${formatBytes(leastBytes - usedBytes + transferBytes)}`,
    // The process is not as large at each start.
    minimum: `${Math.ceil(leastBytes / MiB) + 4}MiB`,
  });
}

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
  line: TransferLine;
}

/** What is pushed for a replica that is kept up with it. */
export interface ReplicaFeed extends AsyncDisposable {
  /** For messages. */
  readonly storageName: string;
  /** Whether there is another state than at the last pull: nobody who reads the replica notices the look. */
  hasNews(signal: AbortSignal): Promise<boolean>;
  pull(signal: AbortSignal, onProgress: PullOptions["onProgress"]): Promise<PullReport>;
}

export async function openReplicaFeed({
  path,
  url,
  storage,
  sought,
  line,
}: ReplicaOrigin): Promise<ReplicaFeed> {
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
      const report = await pullStore(opened, path, { ...sought, line, signal, onProgress });
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
