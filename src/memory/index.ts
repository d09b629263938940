export { BatchGovernor, type BatchGovernorOptions } from "./batch-governor.js";
export type { BatchSource, WebStreamLike } from "./batch-source.js";
export type { CgroupLocation, SeenLimit } from "./cgroup.js";
export type { Decision } from "./decisions.js";
export * from "./gauge.js";
export * from "./governed-batches.js";
export * from "./governor.js";
export type { Lease } from "./leases.js";
export * from "./line.js";
export * from "./line-request.js";
export { type ReliefRecord, type ReliefStep, reliefWords } from "./relief.js";
export type { DivideRequest } from "./share-floors.js";
export * from "./share-table.js";
export * from "./share-table-text.js";
export {
  type DivisionSettings,
  type SettableShare,
  type Share,
  type ShareName,
  type SharePhase,
  settableShares,
  shareSettings,
} from "./shares.js";
export { peakRssBytes } from "./status-file.js";
export type { TimelinePoint } from "./timeline.js";
export { valueBytesOf } from "./value-size.js";
export * from "./writeback.js";
