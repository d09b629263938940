export * from "./snapshot-storage.js";
export * from "./source.js";
export * from "./store-parts.js";
export * from "./store-reader.js";
export * from "./table-target.js";
export * from "./target.js";
