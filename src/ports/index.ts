export * from "./source.js";
export * from "./store-reader.js";
export * from "./target.js";
