import {
  type Clock,
  formatBytes,
  MiB,
  mergeBytes,
  Owner,
  PlimsollError,
  snapshotStreamBytes,
  snapshotStreamsMax,
  syncHeapBytes,
  syncRetryMsMax,
  systemClock,
} from "../kernel/index.js";
import type { SnapshotStorage } from "../ports/index.js";
import {
  ApplicationDatabase,
  ByteBudget,
  type Cleaner,
  openStorage,
  SnapshotCleaner,
  type SyncEvent,
  type SyncProgress,
  SyncRun,
} from "../snapshots/index.js";
import type { DatabaseConfig } from "./sync-config.js";
import type { SyncDatabase, SyncRequest } from "./sync-request.js";

const dayMs = 24 * 60 * 60 * 1000;

/** What all merges together may hold. */
export interface SyncRoom {
  bytesMax: number;
  /** Snapshots that are read at once; infinite where the bytes alone decide. */
  countMax: number;
}

export interface OpenSyncOptions {
  /** See `syncRoom`. */
  room: SyncRoom;
  /** `push` merges its own former snapshot alone, `pull` sends nothing. */
  direction: "push" | "pull" | "both";
  signal: AbortSignal;
  onEvent: (database: string, event: SyncEvent) => void;
  onProgress: (database: string, progress: SyncProgress) => void;
  clock?: Clock;
}

/** Syncs that share a storage and what is left of the line. */
export interface OpenSync extends AsyncDisposable {
  readonly storage: SnapshotStorage;
  readonly runs: readonly SyncRun[];
  /** What snapshots that are read now hold of their share of the line. */
  readonly leases: { usedBytes: number; waiting: number };
  /** Until all are done, one fails, or the signal stops them. */
  run(): Promise<void>;
}

export async function openSync(request: SyncRequest, options: OpenSyncOptions): Promise<OpenSync> {
  const owner = new Owner();
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  try {
    const storage = owner.own(await openStorage(request.url, { ...request.storage, file: { isMade: true } }));
    const targets: ApplicationDatabase[] = [];
    for (const database of request.databases) {
      targets.push(owner.own(new ApplicationDatabase(databaseOptions(request, database))));
    }
    const budget = new ByteBudget(options.room);
    const runs = request.databases.map(
      ({ name }, index) =>
        new SyncRun({
          database: name,
          storage,
          target: targets[index]!,
          settings: planSettings(request, options),
          accepts: (instance) => options.direction !== "push" || instance === request.instance,
          cleaner: cleanerOf(request, name, storage, options.clock ?? systemClock),
          budget,
          clock: options.clock ?? systemClock,
          signal,
          onEvent: (event) => options.onEvent(name, event),
          onProgress: (progress) => options.onProgress(name, progress),
        }),
    );
    return {
      storage,
      runs,
      leases: budget,
      // One that fails stops the others, which end before it is told.
      run: async () => {
        const ends = runs.map((run) =>
          run.run().catch((error: unknown) => {
            stopping.abort(error);
            throw error;
          }),
        );
        const failed = (await Promise.allSettled(ends)).filter((end) => end.status === "rejected");
        if (failed.length > 0) throw stopping.signal.reason;
      },
      [Symbol.asyncDispose]: () => owner.close(),
    };
  } catch (error) {
    await owner.close();
    throw error;
  }
}

function planSettings({ config, instance, isOnce, failuresMax }: SyncRequest, options: OpenSyncOptions) {
  const { cleanup } = config.storage;
  const { sweeper } = config;
  return {
    instance,
    databasePollMs: config.lmdb_poll_interval,
    storagePollMs: config.storage_poll_interval,
    retryMs: config.storage_retry_interval,
    forceSnapshotMs: isOnce ? 0 : config.storage_force_snapshot_interval,
    cleanMs: cleanup.enabled && !isOnce ? cleanup.interval : 0,
    sweepMs: sweeper.enabled && !isOnce ? sweeper.interval : 0,
    firstSweepMs: sweeper.first_interval,
    isOnce,
    isReceiveOnly: options.direction === "pull",
    failuresMax,
    mergeSnapshotsMax: Math.min(options.room.countMax, snapshotStreamsMax),
    retryMsMax: syncRetryMsMax,
    random: Math.random,
  };
}

/** Its first round only looks, so one that is gone after one round has none. */
function cleanerOf(
  { config, instance, isOnce }: SyncRequest,
  database: string,
  storage: SnapshotStorage,
  clock: Clock,
): Cleaner | null {
  const { cleanup } = config.storage;
  if (!cleanup.enabled || isOnce) return null;
  const cleaner = new SnapshotCleaner({
    storage,
    database,
    ownInstance: instance,
    clock,
    mustKeepMs: cleanup.must_keep_interval,
    oldInstanceMs: cleanup.remove_old_instances_interval,
  });
  return async (committed, call) => (await cleaner.run(committed, call)).removed;
}

function databaseOptions({ config }: SyncRequest, { path, config: database }: SyncDatabase) {
  const { sweeper } = config;
  const retentionMs = sweeper.enabled ? sweeper.retention_days * dayMs : null;
  return {
    path,
    schema: database.schema_tracks_changes ? ("native" as const) : ("shadow" as const),
    mapBytes: database.options.map_size,
    createFlags: createFlagsOf(database),
    headerBlocks: database.header_extra_padding_block ? 1 : 0,
    retentionMs,
    cutoffMs: retentionMs === null ? null : loadCutoffMs(retentionMs, sweeper.retention_load_cutoff_duration),
    sweepLockMs: sweeper.lock_duration,
    sweepReleaseMs: sweeper.release_duration,
  };
}

const flagNames: Record<string, number> = {
  MDB_REVERSEKEY: 0x02,
  MDB_DUPSORT: 0x04,
  MDB_INTEGERKEY: 0x08,
  MDB_DUPFIXED: 0x10,
  MDB_INTEGERDUP: 0x20,
  MDB_REVERSEDUP: 0x40,
};

/** `MDB_DUPSORT|MDB_DUPFIXED`, or the number that they make. */
function createFlagsOf({ dbi_options }: DatabaseConfig): ReadonlyMap<string, number> {
  const given = [...dbi_options].flatMap(([name, { override_create_flags: text }]) => {
    if (text === null) return [];
    if (/^(?:\d+|0x[0-9a-f]+)$/i.test(text)) return [[name, Number(text)] as const];
    const flags = text.split(/[|,+]/).map((flag) => flagNames[flag.trim()]);
    if (flags.includes(undefined)) {
      const what = `override_create_flags of ${name} is ${text}: give ${Object.keys(flagNames).join(", ")}`;
      throw new PlimsollError("CONFIG_INVALID", { file: "dbi_options", what });
    }
    return [[name, flags.reduce((all: number, flag) => all | flag!, 0)] as const];
  });
  return new Map(given);
}

/**
 * Deletions so old that the sweeper would take them soon are not taken in: at most three quarters of them.
 */
function loadCutoffMs(retentionMs: number, configuredMs: number): number {
  const bufferMs = configuredMs > 0 ? Math.min(configuredMs, (retentionMs * 3) / 4) : retentionMs / 100;
  return retentionMs - bufferMs;
}

/**
 * What merges may take beside all that the process takes anyway, and no more than `mostBytes`; LINE_TOO_SMALL
 * where there is no room for one of one snapshot.
 */
export function syncRoom(
  lineBytes: number,
  { config }: SyncRequest,
  mostBytes = Number.POSITIVE_INFINITY,
): SyncRoom {
  const asked = config.memory_decompressed_snapshots ?? config.memory_downloaded_snapshots;
  const usedBytes = process.memoryUsage.rss() + syncHeapBytes;
  const leastBytes = mergeBytes + snapshotStreamBytes;
  const bytesMax = Math.min(mostBytes, Math.floor(lineBytes - usedBytes));
  if (bytesMax >= leastBytes) return { bytesMax, countMax: asked ?? Number.POSITIVE_INFINITY };
  throw new PlimsollError("LINE_TOO_SMALL", {
    line: formatBytes(lineBytes),
    why: `the process takes ${formatBytes(usedBytes)} of it, and a snapshot that is merged ${formatBytes(leastBytes)}`,
    minimum: `${Math.ceil((usedBytes + leastBytes) / MiB) + 8}MiB`,
  });
}
