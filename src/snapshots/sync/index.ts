export { ApplicationDatabase, type ApplicationDatabaseOptions } from "./application-database.js";
export { type Cleaner, type SyncEvent, type SyncParts, type SyncProgress, SyncRun } from "./sync-run.js";
export type { InstanceStatus, SyncStatus, WorkDone } from "./sync-status.js";
export type { MergeSource, SyncedDatabase } from "./synced-database.js";
