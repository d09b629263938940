export type { DbiHead, SnapshotEntry, SnapshotMeta } from "./snapshot-entry.js";
