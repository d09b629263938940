import type { SnapshotStorage } from "../ports/index.js";
import type { PullOptions, PullReport, PushOptions, PushReport } from "../snapshots/index.js";
import { lmdbStoreParts, openLmdbReplica } from "../targets/lmdb/index.js";

/** Has the storage hold what is sealed in a store, while others write on; it takes what is new. */
export async function pushStore(
  path: string,
  storage: SnapshotStorage,
  options: PushOptions,
): Promise<PushReport> {
  const { pushParts } = await loadSnapshots();
  await using source = lmdbStoreParts(path);
  return await pushParts(source, storage, options);
}

/** Makes a folder a copy of the store that was pushed last; readers see it before or after, never by half. */
export async function pullStore(
  storage: SnapshotStorage,
  path: string,
  options: PullOptions,
): Promise<PullReport> {
  const { pullParts } = await loadSnapshots();
  return await pullParts(storage, () => openLmdbReplica(path), options);
}

/** An import does without them. */
function loadSnapshots() {
  return import("../snapshots/index.js");
}
