/**
 * Every bound of the program stands in this folder, on a page for each part, with its reason: a number that
 * limits memory, a queue, a name or a wait stands nowhere else.
 */
export * from "./batches.js";
export * from "./comics.js";
export * from "./database.js";
export * from "./feeds.js";
export * from "./governor.js";
export * from "./import.js";
export * from "./live.js";
export * from "./lmdb-databases.js";
export * from "./plan.js";
export * from "./query.js";
export * from "./relay.js";
export * from "./replica.js";
export * from "./server.js";
export * from "./sizes.js";
export * from "./snapshots.js";
export * from "./storages.js";
export * from "./sync.js";
export * from "./tables.js";
export * from "./verify.js";
