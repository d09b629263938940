export { count, type QueryOptions, type QueryResult, query } from "./evaluate.js";
export { explain } from "./explain.js";
export { type ExportOptions, exportRecords } from "./export.js";
export {
  countDanglingLinks,
  type DanglingLink,
  danglingLinks,
  type FoundRecord,
  followBack,
  followLink,
  lookup,
} from "./links.js";
export { nostrCount, nostrExplain, nostrQuery } from "./nostr-filter.js";
export { type QueryCaches, setQueryCaches } from "./query-store.js";
export { type EntityStats, type IndexStats, type StoreStats, stats } from "./stats.js";
export type { VerifyFault, VerifyOptions, VerifyResult } from "./verification.js";
export { verify } from "./verify.js";
