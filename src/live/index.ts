export { LiveLayer, type LiveOptions } from "./live-layer.js";
export type { LoggedRecord } from "./live-log.js";
export type { WriteOutcome } from "./live-state.js";
export type { OverlayReader } from "./overlay-reader.js";
