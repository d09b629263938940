export { findReplica } from "./find-replicas.js";
export type { TransferLine } from "./part-room.js";
export { type PullOptions, type PullReport, pullParts } from "./pull-parts.js";
export { type PushOptions, type PushReport, pushParts, type ReplicaProgress } from "./push-parts.js";
export type { ListedManifest } from "./replica-objects.js";
