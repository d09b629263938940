export type { DbiHead, SnapshotEntry, SnapshotMeta } from "./snapshot-entry.js";
export * from "./storages/index.js";
export * from "./transfer/index.js";
