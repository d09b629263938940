import { hostname } from "node:os";
import { type ResolvedLine, resolveLine } from "../memory/index.js";
import { OptionValues } from "../settings/index.js";
import type { DatabaseSchema, StorageSettings, SyncEvent } from "../snapshots/index.js";
import type { SyncRequest } from "./sync-request.js";

/** Databases of applications, and the storage that they share with other instances. */
export interface SyncedDatabases {
  /** Another one on each machine. */
  instance: string;
  url: string;
  storage?: StorageSettings;
  /** `name` is the same on all instances; `schema` is `shadow` where it is left out. */
  databases: readonly { name: string; path: string; schema?: DatabaseSchema }[];
}

export interface SyncDatabasesOptions {
  /** Ends when all that was there at the start is merged and what is local is sent. */
  isOnce?: boolean;
  /** `push` merges its own former snapshot alone, `pull` sends nothing. */
  direction?: "push" | "pull" | "both";
  signal?: AbortSignal;
  /** The memory line of the process; the container's where it is not given. */
  line?: ResolvedLine;
  onEvent?: (database: string, event: SyncEvent) => void;
}

/**
 * Keeps databases and a storage at one state: those that are named, or those of a file with the settings of
 * Lightning Stream. It takes an address or a file, and goes on until it is done, fails, or is stopped.
 */
export async function syncDatabases(
  what: SyncedDatabases | { config: string },
  options: SyncDatabasesOptions = {},
): Promise<void> {
  const { openSync, requestOfDatabases, requestOfFile, syncRoom } = await import("./syncs.js");
  const host = { values: noOptions, environment: process.env, hostname: hostname() };
  const isOnce = options.isOnce ?? false;
  const request: SyncRequest =
    "config" in what
      ? requestOfFile(what.config, host, { isOnce })
      : requestOfDatabases({ ...what, isOnce, storage: what.storage ?? {} });
  const line = options.line ?? resolveLine("auto");
  await using sync = await openSync(request, {
    room: syncRoom(line.bytes, request),
    direction: options.direction ?? "both",
    signal: options.signal ?? new AbortController().signal,
    onEvent: options.onEvent ?? (() => {}),
    onProgress: () => {},
  });
  await sync.run();
}

const noOptions = new OptionValues(new Map(), new Map());
