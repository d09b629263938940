// The one module of kernels: everything the host or another kernel may call.
export { jsonIsCanonical, textIsCanonical } from "./canonical";
export {
  CSV_BLANK,
  CSV_COLUMNS,
  CSV_CONTEXT_BYTES,
  CSV_FIELD_TYPE,
  CSV_INVALID_UTF8,
  CSV_OUTPUT_FULL,
  CSV_QUOTE,
  CSV_ROW,
  csvRow,
} from "./csv";
export {
  SCAN_INVALID_UTF8,
  SCAN_NOT_OBJECT,
  SCAN_OK,
  SCAN_SYNTAX,
  SCAN_TOO_DEEP,
  SCAN_TOO_MANY_VALUES,
} from "./json-grammar";
export { minifyJson } from "./json-minify";
export { SCAN_CONTEXT_BYTES, SCAN_SLACK_BYTES, SCAN_VALUE_BYTES, checkJson, scanRecord } from "./json-scan";
export * from "./key-block";
export * from "./key-entry";
export * from "./key-group";
export * from "./key-merge";
export {
  KEY_COLLISIONS_MIN,
  KEY_MERGE_BLOCK_READY,
  KEY_MERGE_COLLISIONS,
  KEY_MERGE_DAMAGED,
  KEY_MERGE_DEAD_FULL,
  KEY_MERGE_DONE,
  KEY_MERGE_NEED_INPUT,
  keyMergeBytes,
  keyMergeCounters,
  keyMergeDead,
  keyMergeEmits,
  keyMergeInit,
  keyMergeInput,
  keyMergeOutput,
  keyMergeOutputBytes,
  keyMergeRules,
  keyMergeWanted,
} from "./key-merge-state";
export * from "./key-sort";
export * from "./load";
export * from "./load-results";
export { blockDirectoryBytes, blockOutputBytes, blockRegionBytes } from "./load-blocks";
export { rowsBytes, rowsCount, rowsForm, rowsTake, rowsTaken } from "./load-rows";
export { ROWS_LEAF, ROW_BYTES_FIXED, ROW_COLUMN_BYTES } from "./row-program";
export { LEAF_BYTES } from "./row-leaf";
export { columnChunk, columnChunkBytes, columnFirst, columnIndex, columnRowsOf } from "./load-columns";
export {
  FORMAT_CSV,
  FORMAT_DGRAPH,
  FORMAT_JSON,
  FORMAT_JSONL,
  FORMAT_QUADS,
  FORMAT_TRIPLES,
  FORMAT_XML,
  LOAD_CHECK,
  LOAD_COLUMNS_FULL,
  LOAD_DONE,
  LOAD_NEED_SPILL,
  LOAD_OUTPUT_FULL,
  LOAD_REJECT,
  LOAD_ROWS_FULL,
  REJECT_CSV_COLUMNS,
  REJECT_CSV_QUOTE,
  REJECT_NOSTR_EPHEMERAL,
  REJECT_FIELD_MISSING,
  REJECT_FIELD_TYPE,
  REJECT_NOSTR_HEX,
  REJECT_INVALID_UTF8,
  REJECT_JSON_SYNTAX,
  REJECT_KEY_MISSING,
  REJECT_KEY_TOO_LONG,
  REJECT_QUAD_DELETION,
  REJECT_QUAD_LANGUAGE,
  REJECT_QUAD_SHAPE,
  REJECT_QUAD_SYNTAX,
  REJECT_QUAD_TYPE,
  REJECT_NOT_OBJECT,
  REJECT_RECORD_TOO_LARGE,
  REJECT_ROW_MANY,
  REJECT_ROW_TYPE,
  REJECT_TOO_DEEP,
  REJECT_TOO_MANY_TERMS,
  REJECT_TOO_MANY_VALUES,
  REJECT_XML_SYNTAX,
} from "./load-state";
export * from "./lz4";
export * from "./posting-decode";
export {
  FIELD_BOOL,
  FIELD_DATE,
  FIELD_FLOAT,
  FIELD_HEX,
  FIELD_INT,
  FIELD_JSON,
  FIELD_PAIRS,
  FIELD_STRING,
  termExact,
  termLiteral,
  termNumber,
  termPair,
  termPrefix,
  termToken,
} from "./terms";
export { quadScope } from "./quad-terms";
export { blake2bOf } from "./blake2b";
export { stemEntryBytes, stemsBind } from "./stems";
export { textOpen, textPointsMapped, textTablesBytes, textTablesSet } from "./text";
export { foldNext, foldedStretch, trigramsOpen } from "./trigram";
export * from "./tuple";
export * from "./tuple-block";
export * from "./tuple-merge";
export {
  MERGE_BLOCK_READY,
  MERGE_DAMAGED,
  MERGE_DONE,
  MERGE_NEED_INPUT,
  tupleMergeBound,
  tupleMergeBytes,
  tupleMergeInit,
  tupleMergeInput,
  tupleMergeOutput,
  tupleMergeWanted,
} from "./tuple-merge-state";
export * from "./tuple-sort";
export { unescapeString, utf8InvalidAt } from "./utf8";
export * from "./verify-keys";
export * from "./verify-postings";
export * from "./verify-records";
export {
  CELL_BYTES,
  verifyBindCells,
  verifyBindDead,
  verifyBindOwned,
  verifyBindSpans,
} from "./verify-state";
export * from "./xxh64";

/** First byte behind the module's own data: where the host begins to allot memory. */
export function heapBase(): usize {
  return __heap_base;
}
