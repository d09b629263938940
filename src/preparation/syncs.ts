export { type OpenSync, type OpenSyncOptions, openSync } from "./open-sync.js";
export { requestOfArguments, requestOfFile, type SyncRequest } from "./sync-request.js";
