export { commandText, quoteArgument } from "./command-text.js";
export { inferSources, presetRecords, type Sampler } from "./infer-sources.js";
export { filterCopiesBytesOf, liveBytesOf, liveOptionsOf, lockLiveStore } from "./live-store.js";
export { type LiveStore, type LiveStoreOptions, openLiveStore } from "./open-live-store.js";
export { openSources } from "./open-sources.js";
export { type CheckedAction, checkActions, type PlanSelection, selectActions } from "./plan-actions.js";
export { type PlanAction, type PlanFile, readPlanFile } from "./plan-file.js";
export { type PreparedImport, type PreparingHost, prepareImport } from "./prepare-import.js";
export { presetMapping } from "./preset-mapping.js";
export {
  openReplicaFeed,
  openSnapshotStorage,
  pullStore,
  pushStore,
  type ReplicaFeed,
  type ReplicaOrigin,
  transferLine,
} from "./replica-store.js";
export { type SyncDatabasesOptions, type SyncedDatabases, syncDatabases } from "./sync-databases.js";
export type { OpenSync, OpenSyncOptions, SyncRequest, SyncRoom } from "./syncs.js";
export {
  isRelationalTarget,
  makeTarget,
  relationalChoice,
  relationalStats,
  storePath,
  type TargetChoice,
} from "./target.js";
export { unfinishedReport } from "./unfinished-report.js";

/** Loaded by those who sync: an import has no room for it. */
export function loadSyncs(): Promise<typeof import("./syncs.js")> {
  return import("./syncs.js");
}
