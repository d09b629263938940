/**
 * The library: the same parts that the command line is put together from. An import is a plan made of
 * sources, a target and a mapping; `governedBatches` brings the memory line to importers of one's own.
 */
export { isPlimsollError, type Place, PlimsollError } from "./kernel/index.js";
export {
  checkMapping,
  compileMapping,
  entityOfSource,
  inferMapping,
  type Mapping,
  mappingToYaml,
  mergeMappings,
  parseMapping,
} from "./mapping/index.js";
export {
  BatchGovernor,
  type BatchGovernorOptions,
  type BatchSource,
  type DivisionSettings,
  type GovernedBatch,
  type GovernedBatchesOptions,
  governedBatches,
  type ResolvedLine,
  resolveLine,
  valueBytesOf,
} from "./memory/index.js";
export type { CompiledMapping } from "./model/index.js";
export {
  defaultThreads,
  type ImportHost,
  type ImportPlan,
  type ImportProgress,
  type ImportReport,
  runImport,
} from "./pipeline/index.js";
export type { SnapshotStorage, Source, StoreReader, Target } from "./ports/index.js";
export {
  type LiveStore,
  type LiveStoreOptions,
  openLiveStore,
  openSnapshotStorage,
  pullStore,
  pushStore,
  type SyncDatabasesOptions,
  type SyncedDatabases,
  syncDatabases,
} from "./preparation/index.js";
export { findPreset, presetNames } from "./presets/index.js";
export {
  count,
  explain,
  exportRecords,
  nostrCount,
  nostrQuery,
  type QueryCaches,
  query,
  setQueryCaches,
  stats,
  verify,
} from "./query/index.js";
export { type ResolveOptions, resolveSources } from "./sources/index.js";
export { lmdbTarget, openStoreReader } from "./targets/lmdb/index.js";
export { nullTarget } from "./targets/null/index.js";
export { postgresTarget } from "./targets/postgres/index.js";
export {
  type SqliteDatabase,
  type SqliteDriver,
  type SqliteStatement,
  type SqliteTargetOptions,
  sqliteTarget,
} from "./targets/sqlite/index.js";
