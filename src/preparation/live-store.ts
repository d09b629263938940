import { resolve } from "node:path";
import {
  filterCopiesBytesMax,
  filterCopiesBytesMin,
  filterCopiesFraction,
  filterCopiesLineBytes,
  isPlimsollError,
  liveFixedBytes,
  liveMemoryBytesMax,
  liveMemoryBytesMin,
  liveMemoryFraction,
  PlimsollError,
} from "../kernel/index.js";
import type { LiveOptions } from "../live/index.js";
import type { ResolvedLine } from "../memory/index.js";
import { recordCheckOf } from "../presets/index.js";
import { liveDir, lockLiveFolder, openLiveSession, openStoreReader } from "../targets/lmdb/index.js";

export interface LiveStoreHost {
  /** Folder of the store. */
  path: string;
  line: ResolvedLine;
  signal: AbortSignal;
  note: (text: string) => void;
}

/** What a live layer of this process takes of the line: for its records, and in all. */
export function liveBytesOf({ bytes }: ResolvedLine): { layer: number; all: number } {
  const share = Math.round(bytes * liveMemoryFraction);
  const layer = Math.min(liveMemoryBytesMax, Math.max(liveMemoryBytesMin, share));
  return { layer, all: liveFixedBytes + filterCopiesBytesMin + layer };
}

/** What copies of filters may take of the line, where nothing but the layer needs it. */
export function filterCopiesBytesOf({ bytes }: ResolvedLine): number {
  if (bytes < filterCopiesLineBytes) return filterCopiesBytesMin;
  return Math.min(filterCopiesBytesMax, Math.floor(bytes * filterCopiesFraction));
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
    filterCopiesBytes: () => filterCopiesBytesMin,
    openReader: (onWanted) => openStoreReader(path, { onWanted }),
    openSession: () => openLiveSession(path),
    exclusively,
    checkOf: (mapping) => recordCheckOf(mapping, false),
    note,
  };
}
