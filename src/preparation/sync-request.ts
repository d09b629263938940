import { readFileSync } from "node:fs";
import { PlimsollError } from "../kernel/index.js";
import type { OptionValues } from "../settings/index.js";
import { type DatabaseSchema, instanceNameOf, type StorageSettings } from "../snapshots/index.js";
import {
  type DatabaseConfig,
  defaultSyncConfig,
  readSyncConfig,
  type StorageConfig,
  type SyncConfig,
  storageUrl,
} from "./sync-config.js";

/** An application's database that is to be synced. */
export interface SyncDatabase {
  /** As it stands in names of snapshots. */
  name: string;
  path: string;
  config: DatabaseConfig;
}

/** What is to be synced, with what, and how: from a command line or from a file. */
export interface SyncRequest {
  instance: string;
  url: string;
  storage: StorageSettings;
  databases: SyncDatabase[];
  config: SyncConfig;
  isOnce: boolean;
  /** So many failures in a row end it; null for a loop that goes on. */
  failuresMax: number | null;
  /** Settings of a file that are without effect. */
  notes: string[];
}

/** A sync that is run by hand is not worth minutes of trying. */
const failuresOnce = 3;

export interface SyncHost {
  values: OptionValues;
  environment: Record<string, string | undefined>;
  /** The name of this machine. */
  hostname: string;
}

/**
 * Everything as the file says; the command line may name another instance and end it sooner. Beside a server
 * it goes on as long as that does.
 */
export function requestOfFile(
  file: string,
  { values, environment, hostname }: SyncHost,
  { isServed = false, isOnce: isAskedOnce = false }: { isServed?: boolean; isOnce?: boolean } = {},
): SyncRequest {
  const { config, notes } = readSyncConfig(file, environment, { isServed });
  const named = values.text("instance") ?? config.instance;
  const isOnce = !isServed && (isAskedOnce || values.flag("once") || config.only_once);
  return {
    instance: instanceNameOf(named ?? hostname),
    url: storageUrl(config.storage),
    storage: storageSettings(config.storage, values),
    databases: [...config.lmdbs].map(([name, database]) => ({
      name,
      path: database.path!,
      config: database,
    })),
    config,
    isOnce,
    failuresMax: isServed || config.storage_retry_forever ? null : config.storage_retry_count,
    notes,
  };
}

/** One database, with the usual times. */
export function requestOfArguments(
  database: { name: string; path: string; instance: string },
  url: string,
  { values }: SyncHost,
): SyncRequest {
  const { instance, ...named } = database;
  const schema = values.text("schema") === "native" ? "native" : "shadow";
  return requestOfDatabases({
    instance,
    url,
    storage: storageSettings(defaultSyncConfig().storage, values),
    databases: [{ ...named, schema }],
    isOnce: values.flag("once"),
  });
}

export interface NamedDatabases extends Pick<SyncRequest, "instance" | "url" | "storage" | "isOnce"> {
  databases: readonly { name: string; path: string; schema?: DatabaseSchema }[];
}

/** Databases by name, with the usual times. */
export function requestOfDatabases({ databases, instance, ...request }: NamedDatabases): SyncRequest {
  return {
    ...request,
    instance: instanceNameOf(instance),
    databases: databases.map(({ name, path, schema }) => ({ name, path, config: databaseConfig(schema) })),
    config: defaultSyncConfig(),
    failuresMax: request.isOnce ? failuresOnce : null,
    notes: [],
  };
}

function databaseConfig(schema: DatabaseSchema = "shadow"): DatabaseConfig {
  const isNative = schema === "native";
  return {
    path: null,
    options: { no_subdir: false, create: null, dir_mask: null, file_mask: null, map_size: 0, max_dbs: 0 },
    schema_tracks_changes: isNative,
    dupsort_hack: false,
    header_extra_padding_block: false,
    dbi_options: new Map(),
  };
}

/** Keys come from the file where it has them, else from where AWS has them. */
export function storageSettings({ options }: StorageConfig, values: OptionValues): StorageSettings {
  const endpoint = values.text("endpoint") ?? options.endpoint_url ?? undefined;
  const accessKeyId = options.access_key ?? secretIn(options.access_key_file);
  const secretAccessKey = options.secret_key ?? secretIn(options.secret_key_file);
  const isGiven = accessKeyId !== null && secretAccessKey !== null;
  return {
    s3: {
      endpoint,
      region: options.region ?? undefined,
      prefix: options.bucket === null ? undefined : options.global_prefix,
      markerListMs: options.use_update_marker ? options.update_marker_force_list_interval : undefined,
      credentials: isGiven ? { accessKeyId, secretAccessKey } : undefined,
    },
  };
}

function secretIn(file: string | null): string | null {
  if (file === null) return null;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new PlimsollError("CONFIG_UNREADABLE", { file, reason }, { cause });
  }
}
