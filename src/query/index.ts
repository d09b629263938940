export { count, filterCountSteps, type QueryOptions, type QueryResult, query } from "./evaluate.js";
export { explain } from "./explain.js";
export {
  type ExportedRecord,
  type ExportFormat,
  type ExportOptions,
  exportFormats,
  exportPlace,
  exportRecords,
  openExport,
  type RecordExport,
} from "./export.js";
export {
  countDanglingLinks,
  type DanglingLink,
  danglingLinks,
  type FoundRecord,
  followBack,
  followLink,
  lookup,
} from "./links.js";
export { matchQuads } from "./match-quads.js";
export { nostrCount, nostrCountSteps, nostrExplain, nostrQuery, searchWords } from "./nostr-filter.js";
export { isRecordDead, type QueryCaches, setQueryCaches } from "./query-store.js";
export { QueryTerms } from "./query-terms.js";
export { type EntityStats, type IndexStats, type StoreStats, stats, statsSteps } from "./stats.js";
export type { VerifyFault, VerifyOptions, VerifyResult } from "./verification.js";
export { verify } from "./verify.js";
