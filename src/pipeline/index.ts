export * from "./import-plan.js";
export type { Reject, RejectLine, RerunCommand } from "./reject-line.js";
export { runImport } from "./run-import.js";
export { defaultThreads } from "./worker-pool.js";
