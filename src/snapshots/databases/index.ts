export { Capture, type CapturedDatabase, type CaptureOptions } from "./capture.js";
export { ApplicationEnvironment, type EnvironmentOptions } from "./environment.js";
export { inspectLmdb, isLmdbAbsent, type LmdbFile } from "./lmdb-file.js";
export { type LocalChangesOptions, mainToShadow } from "./main-to-shadow.js";
export { type DatabaseMergeOptions, type DatabaseMergeReport, mergeSnapshot } from "./merge-snapshot.js";
export { dropShadows, type SweepOptions, type SweepReport, sweep } from "./sweep.js";
