export { LiveLayer } from "./live-layer.js";
export type { LoggedRecord } from "./live-log.js";
export { logNumbers } from "./live-log.js";
export type { LiveOptions } from "./live-options.js";
export type { WriteOutcome } from "./live-state.js";
export { liveTarget } from "./live-target.js";
export { overlayLogs, readLogs } from "./log-overlay.js";
export type { OverlayReader } from "./overlay-reader.js";
