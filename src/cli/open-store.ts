import { existsSync, readdirSync } from "node:fs";
import { collectGarbage, isPlimsollError, liveMemoryBytesMin } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { liveDir, lockLiveFolder, openLiveSession, openStoreReader } from "../targets/lmdb/index.js";

/**
 * A store as the last record that was acknowledged left it: what is sealed, and above it the live records
 * that are in a log. What reads logs is loaded only where there are any.
 */
export async function openStore(
  path: string,
  options: { isReadWhole?: boolean } = {},
): Promise<{ reader: StoreReader } & AsyncDisposable> {
  const dir = liveDir(path);
  if (!hasLogs(dir)) return closing(await openStoreReader(path, options));
  const [{ overlayLogs, readLogs }, { recordCheckOf }] = await loadLive();
  const logs = readLogs(dir);
  const sealed = await openStoreReader(path, options);
  try {
    const reader = overlayLogs(sealed, logs, (mapping) => recordCheckOf(mapping, false));
    return closing(sealed, reader);
  } catch (error) {
    await sealed[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Folds the live records that a server has left, so that an import comes after them. A server that runs folds
 * its own; an unfinished import goes first.
 */
export async function foldLiveRecords(path: string): Promise<void> {
  const dir = liveDir(path);
  if (!hasLogs(dir)) return;
  const [{ LiveLayer }, { recordCheckOf }] = await loadLive();
  try {
    using _lock = lockLiveFolder(dir);
    await using _layer = await LiveLayer.open({
      storeName: path,
      dir,
      bytesMax: liveMemoryBytesMin,
      openReader: (onWanted) => openStoreReader(path, { onWanted }),
      openSession: () => openLiveSession(path),
      exclusively: (work) => work(),
      // The import that follows takes small segments in.
      segmentsToMerge: () => null,
      checkOf: (mapping) => recordCheckOf(mapping, false),
      note: () => {},
    });
  } catch (error) {
    if (!isPlimsollError(error) || error.code !== "STORE_LOCKED") throw error;
  }
  // Its kernel is not what the import has to live with.
  collectGarbage();
}

function loadLive() {
  return Promise.all([import("../live/index.js"), import("../presets/index.js")]);
}

function hasLogs(dir: string): boolean {
  return existsSync(dir) && readdirSync(dir).some((name) => name.endsWith(".log"));
}

function closing(sealed: StoreReader & AsyncDisposable, reader: StoreReader = sealed) {
  return { reader, [Symbol.asyncDispose]: () => sealed[Symbol.asyncDispose]() };
}
