export * from "./assert.js";
export * from "./bytes.js";
export * from "./clock.js";
export * from "./disposal.js";
export * from "./durable-file.js";
export * from "./errors.js";
export type * from "./kernel-exports.js";
export * from "./limits.js";
export * from "./wasm.js";
