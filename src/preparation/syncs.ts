export { parseDuration } from "./config-members.js";
export { type OpenSync, type OpenSyncOptions, openSync, type SyncRoom, syncRoom } from "./open-sync.js";
export { requestOfArguments, requestOfDatabases, requestOfFile, type SyncRequest } from "./sync-request.js";
