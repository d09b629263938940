/** Addresses and sizes are plain numbers; an exported constant is a WebAssembly.Global. */
type Constant = WebAssembly.Global;

/** What kernels/tuple*.ts and posting-decode.ts export. */
export interface TupleExports {
  readonly TUPLE_BYTES: Constant;
  readonly TUPLE_BUFFER_BYTES: Constant;
  readonly TUPLE_INDEX_MAX: Constant;
  readonly TUPLE_CURSOR_BYTES: Constant;
  readonly BLOCK_BYTES_MAX: Constant;
  readonly BLOCK_HEADER_BYTES: Constant;
  readonly BLOCK_BUFFER_BYTES: Constant;
  readonly BLOCK_TUPLES_MAX: Constant;
  readonly MERGE_DONE: Constant;
  readonly MERGE_NEED_INPUT: Constant;
  readonly MERGE_BLOCK_READY: Constant;
  readonly MERGE_DAMAGED: Constant;
  tupleBufferInit(buffer: number, tuples: number, capacity: number, canGrow: number): void;
  tupleAppend(buffer: number, index: number, term: bigint, id: bigint, payload: number): number;
  tupleSort(tuples: number, count: number): void;
  tupleUnite(tuples: number, count: number): number;
  tupleBlockEncode(tuples: number, count: number, block: number): number;
  tupleCursorOpen(cursor: number, block: number, bytes: number): void;
  tupleCursorDecode(cursor: number, out: number, max: number): number;
  tupleCursorIsDamaged(cursor: number): number;
  tupleMergeBytes(inputCount: number): number;
  tupleMergeInit(merge: number, inputCount: number): void;
  tupleMergeBound(merge: number, bounds: number): void;
  tupleMergeWanted(merge: number): number;
  tupleMergeInput(merge: number, input: number): number;
  tupleMergeOutput(merge: number): number;
  tupleMergeFeed(merge: number, bytes: number): void;
  tupleMergeStep(merge: number): number;
  postingDecode(
    block: number,
    bytes: number,
    index: number,
    termHigh: number,
    termLow: number,
    ids: number,
    payloads: number,
  ): number;
  postingListContinues(): number;
}

/** What kernels/key-*.ts export. */
export interface KeyExports {
  readonly KEY_REFERENCE: Constant;
  readonly KEY_HAS_VERSION: Constant;
  readonly KEY_DELETED: Constant;
  readonly KEY_HAS_EXTRA: Constant;
  readonly KEY_EXTRA_BYTES: Constant;
  readonly KEY_BYTES_MAX: Constant;
  readonly KEY_ENTRY_BYTES_MAX: Constant;
  readonly KEY_BUFFER_BYTES: Constant;
  readonly KEY_COUNTERS: Constant;
  readonly KEY_MERGE_DONE: Constant;
  readonly KEY_MERGE_NEED_INPUT: Constant;
  readonly KEY_MERGE_BLOCK_READY: Constant;
  readonly KEY_MERGE_DEAD_FULL: Constant;
  readonly KEY_MERGE_DAMAGED: Constant;
  readonly KEY_MERGE_COLLISIONS: Constant;
  readonly KEY_COLLISIONS_MIN: Constant;
  readonly COUNT_NEW: Constant;
  readonly COUNT_REPLACING: Constant;
  readonly COUNT_DUPLICATE: Constant;
  readonly COUNT_SUPERSEDED: Constant;
  readonly COUNT_REPLACED: Constant;
  readonly COUNT_REJECTED: Constant;
  readonly COUNT_DANGLING_NEW: Constant;
  readonly COUNT_DANGLING_EXISTING: Constant;
  readonly COUNT_RESOLVED: Constant;
  readonly COUNT_DELETED: Constant;
  readonly RULE_KEEP: Constant;
  readonly RULE_REPLACE: Constant;
  readonly RULE_NEWEST: Constant;
  readonly RULE_REJECT: Constant;
  readonly DEAD_DELETED: Constant;
  readonly DEAD_REJECTED: Constant;
  readonly DEAD_REPLACED: Constant;
  readonly DEAD_SUPERSEDED: Constant;
  readonly DEAD_DUPLICATE: Constant;
  readonly INDEX_REPLACING: Constant;
  keyBufferInit(buffer: number, tuples: number, capacity: number, arena: number, arenaCapacity: number): void;
  keyAppend(
    buffer: number,
    keyspace: number,
    role: number,
    flags: number,
    id: bigint,
    version: bigint,
    key: number,
    keyBytes: number,
    extra: number,
  ): number;
  keyHash(keyspace: number, key: number, keyBytes: number): bigint;
  keyBufferSort(buffer: number): void;
  keyBlockEncode(buffer: number, from: number, block: number): number;
  keyBlockFind(block: number, keyspace: number, key: number, keyBytes: number, hash: bigint): number;
  keyMergeBytes(inputCount: number, keyspaces: number): number;
  keyMergeInit(
    merge: number,
    inputCount: number,
    keyspaces: number,
    firstNewIdHigh: number,
    firstNewIdLow: number,
  ): void;
  keyMergeRules(merge: number): number;
  keyMergeEmits(merge: number): number;
  keyMergeCounters(merge: number): number;
  keyMergeDead(merge: number): number;
  keyMergeWanted(merge: number): number;
  keyMergeInput(merge: number, input: number): number;
  keyMergeOutput(merge: number): number;
  keyMergeOutputBytes(merge: number): number;
  keyMergeFeed(merge: number, bytes: number): void;
  keyMergeStep(merge: number): number;
}

/** What kernels/lz4.ts and xxh64.ts export. */
export interface BytesExports {
  readonly LZ4_TABLE_BYTES: Constant;
  lz4Compress(source: number, bytes: number, out: number, outBytesMax: number, table: number): number;
  lz4Decompress(source: number, bytes: number, out: number, outBytesMax: number): number;
  lz4DecompressPart(
    at: number,
    end: number,
    outStart: number,
    out: number,
    outEnd: number,
    wanted: number,
  ): number;
  lz4PausedAt(): number;
  xxh64(source: number, bytes: number, seed: bigint): bigint;
  xxh64To(source: number, bytes: number, seed: number, out: number): void;
}

/**
 * What kernels/json-*.ts, csv.ts and utf8.ts export; contexts are described at the top of json-scan.ts and
 * csv.ts.
 */
export interface ScanExports {
  readonly SCAN_OK: Constant;
  readonly SCAN_SYNTAX: Constant;
  readonly SCAN_INVALID_UTF8: Constant;
  readonly SCAN_NOT_OBJECT: Constant;
  readonly SCAN_TOO_DEEP: Constant;
  readonly SCAN_TOO_MANY_VALUES: Constant;
  readonly SCAN_CONTEXT_BYTES: Constant;
  readonly SCAN_VALUE_BYTES: Constant;
  readonly SCAN_SLACK_BYTES: Constant;
  readonly CSV_ROW: Constant;
  readonly CSV_BLANK: Constant;
  readonly CSV_COLUMNS: Constant;
  readonly CSV_QUOTE: Constant;
  readonly CSV_FIELD_TYPE: Constant;
  readonly CSV_INVALID_UTF8: Constant;
  readonly CSV_OUTPUT_FULL: Constant;
  readonly CSV_CONTEXT_BYTES: Constant;
  scanRecord(ctx: number, start: number, end: number): number;
  checkJson(ctx: number, start: number, end: number): number;
  minifyJson(start: number, end: number, dst: number): number;
  unescapeString(start: number, end: number, dst: number): number;
  utf8InvalidAt(start: number, end: number): number;
  csvRow(ctx: number, start: number, end: number, dst: number, dstBytes: number): number;
}

/** What kernels/terms.ts and text.ts export: terms are written to `out`, texts are plain UTF-8. */
export interface TermExports {
  termExact(start: number, end: number, out: number): void;
  termPrefix(start: number, end: number, out: number): void;
  termPair(name: number, start: number, end: number, out: number): void;
  termLiteral(fieldType: number, start: number, end: number, out: number): number;
  termNumber(fieldType: number, type: number, flags: number, start: number, end: number, out: number): number;
  termToken(out: number): number;
  textOpen(start: number, end: number, hasEscapes: number): void;
  textPointsMapped(): number;
  textTablesBytes(): number;
  textTablesSet(tables: number): void;
  stemsBind(room: number, count: number): void;
  stemEntryBytes(): number;
  trigramsOpen(start: number, end: number, hasEscapes: number): void;
  foldNext(): number;
  foldedStretch(): number;
  textIsCanonical(start: number, end: number): number;
  jsonIsCanonical(start: number, end: number): number;
}

/** What kernels/load*.ts export. */
export interface LoadExports {
  readonly LOAD_DONE: Constant;
  readonly LOAD_REJECT: Constant;
  readonly LOAD_NEED_SPILL: Constant;
  readonly LOAD_OUTPUT_FULL: Constant;
  readonly LOAD_ROWS_FULL: Constant;
  readonly REJECT_ROW_MANY: Constant;
  readonly REJECT_ROW_TYPE: Constant;
  readonly ROWS_LEAF: Constant;
  readonly ROW_BYTES_FIXED: Constant;
  readonly ROW_COLUMN_BYTES: Constant;
  readonly LEAF_BYTES: Constant;
  readonly LOAD_COLUMNS_FULL: Constant;
  readonly LOAD_CHECK: Constant;
  readonly LOAD_DETAIL_COLUMN: Constant;
  readonly LOAD_HEAD_BYTES: Constant;
  readonly LOAD_SLACK_BYTES: Constant;
  readonly FORMAT_JSONL: Constant;
  readonly FORMAT_JSON: Constant;
  readonly FORMAT_CSV: Constant;
  readonly FORMAT_DGRAPH: Constant;
  readonly FORMAT_TRIPLES: Constant;
  readonly FORMAT_QUADS: Constant;
  readonly FORMAT_XML: Constant;
  quadScope(bytes: number): number;
  blake2bOf(start: number, bytes: number): number;
  blockDirectoryBytes(): number;
  blockRegionBytes(): number;
  blockOutputBytes(recordBytes: number): number;
  columnRowsOf(bytes: number, columns: number): number;
  columnIndex(column: number): number;
  columnChunk(column: number): number;
  columnChunkBytes(): number;
  columnFirst(): number;
  loadBind(
    tuples: number,
    keys: number,
    scan: number,
    csv: number,
    csvText: number,
    csvTextBytes: number,
    columns: number,
    columnsBytes: number,
    directory: number,
    block: number,
    lz4Table: number,
    output: number,
    outputBytes: number,
    recordBytesMax: number,
  ): void;
  loadBegin(
    program: number,
    format: number,
    frame: number,
    frameEnd: number,
    idHigh: number,
    idLow: number,
  ): number;
  loadRun(checkFailed: number): number;
  loadColumnsDrained(): void;
  loadOutputDrained(): void;
  rowsBytes(): number;
  rowsCount(): number;
  rowsForm(): number;
  rowsTake(): number;
  rowsTaken(): void;
  loadOutputEnd(): number;
  loadOrdinal(): number;
  loadAccepted(): number;
  loadDeletions(): number;
  loadAcceptedBytes(): number;
  loadRecordStart(): number;
  loadRecordEnd(): number;
  loadJsonStart(): number;
  loadJsonEnd(): number;
  loadRejectCode(): number;
  loadRejectDetail(): number;
  loadRejectOffset(): number;
}

/** What kernels/verify-*.ts export. */
export interface VerifyExports {
  readonly CELL_BYTES: Constant;
  readonly VERIFY_DONE: Constant;
  readonly VERIFY_REJECT: Constant;
  readonly VERIFY_CALLS_FULL: Constant;
  readonly VERIFY_OVERFLOW: Constant;
  readonly VERIFY_ORDER: Constant;
  readonly VERIFY_DAMAGED: Constant;
  readonly POSTINGS_DAMAGED: Constant;
  readonly POSTINGS_MISKEYED: Constant;
  readonly POSTINGS_DISORDER: Constant;
  readonly POSTINGS_BEYOND: Constant;
  readonly POSTINGS_UNKNOWN: Constant;
  readonly KEYS_DONE: Constant;
  readonly KEYS_NEED_BLOCK: Constant;
  readonly KEYS_NEED_CALLS: Constant;
  readonly KEYS_TWICE: Constant;
  readonly KEYS_UNDELETED: Constant;
  readonly KEYS_MISHASHED: Constant;
  readonly KEYS_DAMAGED: Constant;
  readonly KEYS_DISORDER: Constant;
  readonly KEYS_MISNAMED: Constant;
  verifyBindCells(cells: number, rows: number, bucketsLog: number, bucketShift: number, nextId: bigint): void;
  verifyBindDead(bits: number, first: bigint, end: bigint): void;
  verifyBindOwned(keyspace: number): void;
  verifyBindSpans(spans: number, count: number): void;
  verifyBindRecords(
    tuples: number,
    keys: number,
    calls: number,
    scan: number,
    columns: number,
    columnsBytes: number,
  ): void;
  verifyProgram(program: number): void;
  verifyBlock(
    raw: number,
    bytes: number,
    count: number,
    first: bigint,
    from: number,
    to: number,
    before: bigint,
  ): number;
  verifyRow(): number;
  verifyRecordId(): number;
  verifyLastId(): bigint;
  verifyLive(): number;
  verifyRecords(): number;
  verifySegment(): void;
  verifyPostings(
    block: number,
    bytes: number,
    known: number,
    index: number,
    term: bigint,
    id: bigint,
  ): number;
  postingsFound(): number;
  postingsFoundDead(): number;
  postingsFaultId(): number;
  postingsFaultIndex(): number;
  verifyDeadBlock(block: number, bytes: number): number;
  verifyColumn(index: number, values: number, presence: number, count: number, first: bigint): number;
  verifyKeysBytes(count: number): number;
  verifyKeysOpen(at: number, count: number): void;
  keysBlock(number: number): number;
  keysWanted(): number;
  keysEntry(): number;
  keysFaultId(): number;
  keysTaken(): number;
  keysCollided(): number;
  keysFeed(bytes: number): number;
  keysSkip(): void;
  keysCalls(tuples: number, count: number): void;
  verifyKeys(): number;
}

/** Everything that the kernels' module exports. Each owner of kernels adds an interface. */
export interface KernelExports
  extends TupleExports,
    KeyExports,
    BytesExports,
    ScanExports,
    TermExports,
    LoadExports,
    VerifyExports {
  heapBase(): number;
}
