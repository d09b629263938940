export { healthOf } from "./health.js";
export type { ReplicaSettings } from "./replica-service.js";
export { snapshotMetrics } from "./snapshot-metrics.js";
export { snapshotView } from "./snapshot-view.js";
export { type SnapshotSettings, SnapshotWork } from "./snapshot-work.js";
export type { SyncSettings } from "./sync-service.js";
