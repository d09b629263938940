export { estimateImport, type ImportEstimate } from "./estimate.js";
export * from "./import-plan.js";
export { RecordLoader } from "./record-loader.js";
export type { Reject, RejectLine, RerunCommand } from "./reject-line.js";
export { idleGovernor, noRuns } from "./report.js";
export { refuseUnfinishedImport, runImport } from "./run-import.js";
export { importSample, type SampleImport, type ScratchTarget } from "./sample-import.js";
export { divisionOf } from "./signature-plan.js";
export { defaultThreads } from "./worker-pool.js";
