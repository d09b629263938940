export { healthOf } from "./health.js";
export type { ReplicaSettings } from "./replica-service.js";
export { snapshotMetrics } from "./snapshot-metrics.js";
export { getHealth, getSnapshots } from "./snapshot-routes.js";
export { type SnapshotSettings, SnapshotWork } from "./snapshot-work.js";
export type { SyncSettings } from "./sync-service.js";
