import { PlimsollError } from "../kernel/index.js";
import {
  binaryBytes,
  count,
  duration,
  flag,
  mapOf,
  number,
  object,
  oneOf,
  text,
  unused,
} from "./config-members.js";
import { type ConfigNode, readConfigTree } from "./config-tree.js";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const ownLog = "what happens is told on stderr";
const ownServer = "`plimsoll serve --sync FILE` has --host and --port";
const onDemand = "health is judged whenever it is asked for";
const ownClient = "the client keeps such times itself";

const environmentOptions = object({
  no_subdir: flag(false),
  create: unused("a database is made by its application, and must be there"),
  dir_mask: unused("folders are made with the umask of the process"),
  file_mask: unused("files are made with the umask of the process"),
  map_size: binaryBytes(0),
  max_dbs: count(0, 0),
});

const database = object({
  path: text(null),
  options: environmentOptions,
  schema_tracks_changes: flag(false),
  dupsort_hack: flag(false),
  header_extra_padding_block: flag(false),
  dbi_options: mapOf(object({ override_create_flags: text(null) })),
});

const cleanup = object({
  enabled: flag(false),
  interval: duration(5 * minuteMs, 1),
  must_keep_interval: duration(10 * minuteMs, 0),
  remove_old_instances_interval: duration(7 * dayMs, 0),
});

const storageOptions = object({
  root_path: text(null),
  access_key: text(null),
  secret_key: text(null),
  access_key_file: text(null),
  secret_key_file: text(null),
  region: text(null),
  bucket: text(null),
  create_bucket: unused("make the bucket once, with its rights and rules"),
  global_prefix: text(""),
  endpoint_url: text(null),
  secrets_refresh_interval: unused("files of secrets are read when the storage is opened"),
  storage_class: unused("objects have the class that the bucket gives them"),
  prefix_folders: unused("names are keys here"),
  hide_folders: unused("snapshots are told by their names"),
  disable_send_content_md5: unused("checksums are sent where the storage wants them"),
  num_minio_threads: unused("parts are sent one by one, within the memory line"),
  tls: unused("certificates are those of Node.js (NODE_EXTRA_CA_CERTS)"),
  init_timeout: unused(ownClient),
  idle_conn_timeout: unused(ownClient),
  max_idle_conns: unused(ownClient),
  dial_timeout: unused(ownClient),
  dial_keep_alive: unused(ownClient),
  tls_handshake_timeout: unused(ownClient),
  client_timeout: unused(ownClient),
  use_update_marker: flag(false),
  update_marker_force_list_interval: duration(5 * minuteMs, 1),
});

const storageTypes = ["s3", "fs", "memory"] as const;

const storage = object({
  type: oneOf(storageTypes, null),
  options: storageOptions,
  root_path: text(null),
  cleanup,
});

const sweeper = object({
  enabled: flag(false),
  retention_days: number(370, 0),
  interval: duration(6 * hourMs, 1),
  first_interval: duration(10 * minuteMs, 0),
  lock_duration: duration(50, 1),
  release_duration: duration(50, 0),
  retention_load_cutoff_duration: duration(0, 0),
});

const healthMembers = {
  interval: unused(onDemand),
  error_duration: duration(5 * minuteMs, 0),
  warn_duration: duration(minuteMs, 0),
};

const health = object({
  storage_list: object(healthMembers),
  storage_load: object(healthMembers),
  storage_store: object(healthMembers),
  start: object({
    ...healthMembers,
    report_healthz: flag(false),
    report_metadata: unused("/healthz says of each check whether it has begun"),
  }),
});

const root = object({
  instance: text(null),
  lmdbs: mapOf(database),
  sweeper,
  storage,
  http: unused(ownServer),
  log: unused(ownLog),
  health,
  lmdb_poll_interval: duration(1000, 100),
  lmdb_log_stats_interval: unused(ownLog),
  lmdb_scrape_smaps: unused("the report has the memory as the kernel counts it"),
  storage_poll_interval: duration(1000, 100),
  storage_retry_interval: duration(5000, 100),
  storage_retry_count: count(100, 1),
  storage_retry_forever: flag(false),
  storage_force_snapshot_interval: duration(4 * hourMs, minuteMs, true),
  memory_downloaded_snapshots: count(null, 1),
  memory_decompressed_snapshots: count(null, 1),
  only_once: flag(false),
});

/** Settings of a sync with the names and meanings of Lightning Stream. */
export type SyncConfig = ReturnType<typeof root>;
export type DatabaseConfig = ReturnType<typeof database>;
export type StorageConfig = ReturnType<typeof storage>;
export type HealthConfig = ReturnType<typeof health>;

export interface ReadSyncConfig {
  config: SyncConfig;
  /** Settings that are there and have no effect. */
  notes: string[];
}

export function readSyncConfig(
  file: string,
  environment: Record<string, string | undefined>,
  { isServed = false }: { isServed?: boolean } = {},
): ReadSyncConfig {
  const tree = readConfigTree(file, environment);
  const notes: string[] = [];
  const config = root(tree, notes);
  check(tree, config);
  if (!isServed && tree.entries?.has("health") === true)
    notes.push("health has no effect here: `plimsoll serve --sync FILE` answers for it");
  return { config, notes };
}

/** What holds when nothing is configured. */
export function defaultSyncConfig(): SyncConfig {
  return root(null, []);
}

function check(tree: ConfigNode, config: SyncConfig): void {
  if (config.lmdbs.size === 0) throw tree.fault("it names no databases: put them under lmdbs");
  for (const [name, { path, schema_tracks_changes, dupsort_hack }] of config.lmdbs) {
    const node = tree.entries!.get("lmdbs")!.entries!.get(name)!;
    if (path === null) throw node.fault("has no path");
    if (schema_tracks_changes && dupsort_hack) {
      throw node.fault("has schema_tracks_changes and dupsort_hack, which exclude each other");
    }
  }
  const node = tree.entries!.get("storage");
  const { type, options } = config.storage;
  if (node === undefined || type === null) throw tree.fault("storage.type is missing: s3 or fs");
  if (type === "s3" && options.bucket === null) throw node.fault("has no options.bucket");
  if (type === "fs" && (options.root_path ?? config.storage.root_path) === null) {
    throw node.fault("has no options.root_path");
  }
}

/** The address of a configured storage, as the command line would name it. */
export function storageUrl({ type, options, root_path }: StorageConfig): string {
  if (type === "fs") return `file:${options.root_path ?? root_path}`;
  if (type === "memory") return "memory:configured";
  if (type !== "s3") throw new PlimsollError("CONFIG_INVALID", { file: "storage", what: "type is missing" });
  const prefix = options.global_prefix.replace(/^\/+|\/+$/g, "");
  return `s3://${options.bucket}${prefix === "" ? "" : `/${prefix}`}`;
}
