import { resolve } from "node:path";
import {
  collectGarbage,
  delayMsMaxDefault,
  gradualityDefault,
  isPlimsollError,
  liveFixedBytes,
  liveMemoryBytesMax,
  liveMemoryBytesMin,
  liveMemoryFraction,
  liveMergeBytesMax,
  liveMergeBytesMin,
  PlimsollError,
  syncBytesDefault,
} from "../kernel/index.js";
import type { LiveOptions } from "../live/index.js";
import type { ResolvedLine } from "../memory/index.js";
import { runImport } from "../pipeline/index.js";
import { recordCheckOf } from "../presets/index.js";
import {
  liveDir,
  lmdbTarget,
  lockLiveFolder,
  openLiveSession,
  openStoreReader,
} from "../targets/lmdb/index.js";

export interface LiveStoreHost {
  /** Folder of the store. */
  path: string;
  line: ResolvedLine;
  signal: AbortSignal;
  note: (text: string) => void;
}

/** What a live layer of this process takes of the line: its own part, and what merges have beside it. */
export function liveBytesOf({ bytes }: ResolvedLine): { layer: number; merge: number; all: number } {
  const share = Math.round(bytes * liveMemoryFraction);
  const layer = Math.min(liveMemoryBytesMax, Math.max(liveMemoryBytesMin, share));
  const merge = share < liveMergeBytesMin ? 0 : Math.min(liveMergeBytesMax, share);
  return { layer, merge, all: liveFixedBytes + layer + merge };
}

/**
 * Nobody else writes live into the store until the lock is let go: a server that does takes records itself.
 */
export function lockLiveStore(path: string): Disposable {
  try {
    return lockLiveFolder(resolve(liveDir(path)));
  } catch (error) {
    if (!isPlimsollError(error) || error.code !== "STORE_LOCKED") throw error;
    throw new PlimsollError("STORE_SERVED", { store: path, pid: error.details.pid ?? "another" });
  }
}

/** A live layer over a store that no server has open: one that folds and merges in this process. */
export function liveOptionsOf(host: LiveStoreHost): LiveOptions {
  const { path, note } = host;
  let turn: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  return {
    storeName: path,
    dir: resolve(liveDir(path)),
    bytesMax: liveBytesOf(host.line).layer,
    openReader: (onWanted) => openStoreReader(path, { onWanted }),
    openSession: () => openLiveSession(path),
    exclusively,
    mergeSegments: (numbers) => exclusively(() => mergeSegments(host, numbers)),
    checkOf: (mapping) => recordCheckOf(mapping, false),
    note,
  };
}

/** The last segments become one, within the part of the line that was set aside for it. */
async function mergeSegments(
  { path, line, signal }: LiveStoreHost,
  mergedSegments: readonly number[],
): Promise<void> {
  const { merge } = liveBytesOf(line);
  if (merge === 0) return;
  collectGarbage();
  const bytes = Math.min(line.bytes, process.memoryUsage.rss() + merge);
  const plan = {
    sources: [],
    target: lmdbTarget(path),
    mergeMapping: (stored) => stored!,
    entityOf: () => "",
    memory: { line: { ...line, bytes }, graduality: gradualityDefault },
    threads: 1,
    tempDir: null,
    isRecordChecked: false,
    rejects: { path: null, isAbort: false, rejectsMax: null, rerun: () => null },
    offset: 0,
    limit: null,
    isFresh: false,
    syncBytes: syncBytesDefault,
    delayMsMax: delayMsMaxDefault,
    mergedSegments,
  } satisfies Parameters<typeof runImport>[0];
  await runImport(plan, { signal, onProgress: () => {}, onNotice: () => {} });
}
