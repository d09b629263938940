export { count, query, type QueryOptions, type QueryResult } from "./evaluate.js";
export { explain } from "./explain.js";
export { type ExportOptions, exportRecords } from "./export.js";
export {
  countDanglingLinks,
  type DanglingLink,
  danglingLinks,
  followBack,
  followLink,
  type FoundRecord,
  lookup,
} from "./links.js";
export { nostrCount, nostrExplain, nostrQuery } from "./nostr-filter.js";
export { type EntityStats, type IndexStats, stats, type StoreStats } from "./stats.js";
export { verify, type VerifyFault, type VerifyOptions, type VerifyResult } from "./verify.js";
