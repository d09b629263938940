import { crc32 } from "node:zlib";
import { assert, type ErrorCode, type Kernel, PlimsollError } from "../kernel/index.js";
import {
  type CompiledEntity,
  compileCsvProgram,
  compileEntityProgram,
  compileXmlProgram,
  csvTypesOf,
  type RecordCheck,
  type RecordView,
  type RowProgram,
  shapeColumns,
} from "../model/index.js";
import { type CsvHeader, isQuadFormat, type SourceFormat } from "../ports/index.js";
import { type KeyBuffer, runToEnd, type TupleBuffer } from "../postings/index.js";
import { type EntityTable, manyFault, type RowPageHead, typeFault } from "../tables/index.js";
import {
  bindLoadRegions,
  type LoadRegions,
  type LoadSizes,
  loadRegionBytes,
  takeLoadRegions,
} from "./load-regions.js";
import { type LoadReject, loadRejectCodes, recordHead, rejectReason } from "./load-rejects.js";

export interface RecordLoaderOptions extends LoadSizes {
  kernel: Kernel;
  tuples: TupleBuffer;
  keys: KeyBuffer;
}

export interface LoadJob {
  entity: CompiledEntity;
  format: SourceFormat;
  /** The columns, for rows. */
  header: CsvHeader | null;
  /** What the labels of blank nodes get behind them; "" leaves them as they are. */
  blankScope?: string;
  /** Whether every record deletes the one with its key. */
  isDeleting?: boolean;
  /** Whether records that delete are put out as blocks, like others. */
  keepsDeletions?: boolean;
  /** The rows that records become, when the kernel is to write them; the rows that others are, it leaves. */
  table?: RowTable;
  /** Whether records are not put out in blocks. */
  hasNoBlocks?: boolean;
  /** A frame of whole records: lines, rows, or array elements between commas. */
  bytes: Uint8Array;
  /** Id of the first record; record number n of the frame (blank lines do not count) has firstId + n. */
  firstId: number;
}

/** A table whose rows the kernel writes by a program. */
export interface RowTable {
  table: EntityTable;
  program: RowProgram;
}

/** Takes what a frame becomes. Arrays are views of kernel memory: valid until the call returns. */
export interface LoadSink {
  block(firstId: number, count: number, block: Uint8Array): void;
  /**
   * A part of a column: a value for every id from firstId on. A batch may have several; empty ones are left
   * out.
   */
  column(index: number, firstId: number, chunk: Uint8Array): void;
  /** A page of rows. */
  rows?(page: RowPageHead, bytes: Uint8Array): void;
  reject(reject: LoadReject): void;
  /** Sorts, writes and clears both buffers. */
  spill(): void;
  /** Says whether a record is to be taken, after everything else about it was found right. */
  check?: RecordCheck;
}

export interface LoadResult {
  /** Records taken. */
  records: number;
  /** Records that delete others and were not put out: they have an id, and an entry among the keys. */
  deletions: number;
  /** Their bytes as stored, before compression. */
  recordBytes: number;
  entity: number;
}

/** In the output region, in front of every block: its bytes, the ordinal of its first record, its records. */
const blockHeadBytes = 16;
const crcAt = 8;
const payloadAt = 12;
const programsCached = 64;
const lineFeed = 10;

/**
 * Turns frames into record blocks, index tuples, key entries and columns. It owns regions of a kernel's
 * memory, taken once; a frame goes through them in one pass, and whatever fills up is handed to the sink on
 * the way.
 */
export class RecordLoader {
  readonly #kernel: Kernel;
  readonly #sizes: LoadSizes;
  readonly #regions: LoadRegions;
  readonly #tuples: TupleBuffer;
  readonly #keys: KeyBuffer;
  readonly #programs = new WeakMap<CompiledEntity, Map<string, Uint8Array>>();
  #view: RecordView | null = null;

  constructor(options: RecordLoaderOptions) {
    const { kernel, tuples, keys } = options;
    this.#kernel = kernel;
    this.#sizes = options;
    this.#tuples = tuples;
    this.#keys = keys;
    this.#regions = takeLoadRegions(kernel, options);
    bindLoadRegions(kernel, this.#regions, { tuples: tuples.ptr, keys: keys.ptr }, options.recordBytesMax);
  }

  /**
   * Bytes of kernel memory that a loader takes, the buffers of tuples and keys apart; any kernel can tell.
   */
  static bytesNeeded(kernel: Kernel, sizes: LoadSizes): number {
    return loadRegionBytes(kernel, sizes);
  }

  load(job: LoadJob, sink: LoadSink): LoadResult {
    return runToEnd(this.loading(job, sink));
  }

  /** The same with a pause whenever the sink was given something, so that it can be passed on. */
  *loading(job: LoadJob, sink: LoadSink): Generator<void, LoadResult> {
    const { exports, u8 } = this.#kernel;
    const frame = this.#regions.frame;
    assert(job.bytes.length <= this.#sizes.inputBytes, "a frame fits the input region");
    u8.set(job.bytes, frame);
    this.#begin(job, sink.check !== undefined);
    const lines = new LineCounter(job.bytes);
    const { LOAD_DONE, LOAD_REJECT, LOAD_NEED_SPILL, LOAD_OUTPUT_FULL, LOAD_COLUMNS_FULL } = exports;
    const [done, reject, needSpill] = [LOAD_DONE.value, LOAD_REJECT.value, LOAD_NEED_SPILL.value];
    const [outputFull, columnsFull] = [LOAD_OUTPUT_FULL.value, LOAD_COLUMNS_FULL.value];
    const rowsFull = exports.LOAD_ROWS_FULL.value;
    let checkFailed = 0;
    for (;;) {
      const status = exports.loadRun(checkFailed);
      checkFailed = 0;
      if (status === done) break;
      if (status === reject) this.#reject(job, sink, lines);
      else if (status === needSpill) this.#spill(sink);
      else if (status === outputFull) this.#drainBlocks(job, sink);
      else if (status === columnsFull) this.#drainColumns(job, sink);
      else if (status === rowsFull) this.#drainRows(job, sink);
      else if (this.#check(job, sink, lines)) continue;
      else checkFailed = 1;
      yield;
    }
    this.#drainBlocks(job, sink);
    this.#drainColumns(job, sink);
    this.#drainRows(job, sink);
    return {
      records: exports.loadAccepted(),
      deletions: exports.loadDeletions(),
      recordBytes: exports.loadAcceptedBytes(),
      entity: job.entity.number,
    };
  }

  #begin(job: LoadJob, hasCheck: boolean): void {
    const { exports, u8 } = this.#kernel;
    const program = this.#programOf(job, hasCheck);
    const { frame, program: at, programBytes } = this.#regions;
    const fits = program.length <= programBytes;
    if (!fits) throw programTooLarge(job.entity, program.length, programBytes);
    u8.set(program, at);
    const formats = {
      jsonl: exports.FORMAT_JSONL,
      json: exports.FORMAT_JSON,
      parquet: exports.FORMAT_JSONL,
      csv: exports.FORMAT_CSV,
      tsv: exports.FORMAT_CSV,
      ntriples: exports.FORMAT_TRIPLES,
      nquads: exports.FORMAT_QUADS,
      turtle: exports.FORMAT_QUADS,
      trig: exports.FORMAT_QUADS,
      "dgraph-rdf": exports.FORMAT_DGRAPH,
      "dgraph-json": exports.FORMAT_DGRAPH,
      stackexchange: exports.FORMAT_XML,
      comics: exports.FORMAT_JSONL,
    };
    const format = formats[job.format].value;
    assert(
      (job.header !== null) === (format === exports.FORMAT_CSV.value),
      "rows of CSV, and only those, come with a header",
    );
    const scope = Buffer.from(job.blankScope ?? "", "ascii");
    u8.set(scope, exports.quadScope(scope.length));
    const idHigh = Math.floor(job.firstId / 2 ** 32);
    const begun = exports.loadBegin(at, format, frame, frame + job.bytes.length, idHigh, job.firstId >>> 0);
    if (begun === 0) throw programTooLarge(job.entity, program.length, programBytes);
  }

  /** An entity has a program for each way of reading it; for rows of CSV one for each header. */
  #programOf(job: LoadJob, hasCheck: boolean): Uint8Array {
    const { entity, format, header, isDeleting = false, keepsDeletions = false } = job;
    const { table, hasNoBlocks = false } = job;
    const programs = this.#programs.get(entity) ?? new Map<string, Uint8Array>();
    this.#programs.set(entity, programs);
    const isOfQuads = isQuadFormat(format);
    const isXml = format === "stackexchange";
    const key = JSON.stringify([hasCheck, isOfQuads, isXml, isDeleting, keepsDeletions, hasNoBlocks, header]);
    const cached = programs.get(key);
    if (cached !== undefined) return cached;
    const rows = rowsProgram(entity, isXml, header);
    const own = table === undefined ? {} : { table: table.program };
    const flags = { hasCheck, isOfQuads, isDeleting, keepsDeletions, hasNoBlocks };
    const options = { ...flags, ...own, ...(rows === null ? {} : { rows }) };
    const program = compileEntityProgram(entity, options);
    if (programs.size >= programsCached) programs.clear();
    programs.set(key, program);
    return program;
  }

  #spill(sink: LoadSink): void {
    sink.spill();
    assert(this.#tuples.count === 0 && this.#keys.count === 0, "a spill empties both buffers");
  }

  #drainBlocks(job: LoadJob, sink: LoadSink): void {
    const { exports, u8, view } = this.#kernel;
    const end = exports.loadOutputEnd();
    for (let head = this.#regions.output; head < end; ) {
      const start = head + blockHeadBytes;
      const blockEnd = start + view.getUint32(head, true);
      view.setUint32(start + crcAt, crc32(u8.subarray(start + payloadAt, blockEnd)), true);
      const firstId = job.firstId + view.getUint32(head + 4, true);
      sink.block(firstId, view.getUint32(head + 8, true), u8.subarray(start, blockEnd));
      head = Math.ceil(blockEnd / 16) * 16;
    }
    exports.loadOutputDrained();
  }

  #drainColumns(job: LoadJob, sink: LoadSink): void {
    const { exports, u8, view } = this.#kernel;
    const count = view.getUint32(this.#regions.program + columnCountAt, true);
    const firstId = job.firstId + exports.columnFirst();
    const bytes = exports.columnChunkBytes();
    for (let column = 0; column < count; column++) {
      const start = exports.columnChunk(column);
      if (start !== 0) sink.column(exports.columnIndex(column), firstId, u8.subarray(start, start + bytes));
    }
    exports.loadColumnsDrained();
  }

  #drainRows({ table }: LoadJob, sink: LoadSink): void {
    const { exports, u8 } = this.#kernel;
    const count = table === undefined ? 0 : exports.rowsCount();
    if (table === undefined || count === 0) return;
    const rowBytes = exports.rowsBytes();
    const form = exports.rowsForm() === exports.ROWS_LEAF.value ? "leaf" : "tuples";
    const start = this.#regions.output;
    const bytes = u8.subarray(start, start + exports.rowsTake());
    sink.rows?.({ form, table: table.table.number, isTombstones: false, count, rowBytes }, bytes);
    exports.rowsTaken();
  }

  #reject(job: LoadJob, sink: LoadSink, lines: LineCounter): void {
    const { exports, u8 } = this.#kernel;
    const number = exports.loadRejectCode();
    const code = loadRejectCodes[number];
    assert(code, "the kernel names a reject that the host knows");
    const detail = exports.loadRejectDetail() >>> 0;
    const columnMark = exports.LOAD_DETAIL_COLUMN.value >>> 0;
    const isColumn = code === "FIELD_TYPE" && detail >= columnMark;
    const note = {
      code,
      detail: isColumn ? detail - columnMark : detail,
      isColumn,
      offset: exports.loadRejectOffset(),
    };
    const record = u8.subarray(exports.loadRecordStart(), exports.loadRecordEnd());
    const limits = {
      recordBytesMax: this.#sizes.recordBytesMax,
      valuesMax: this.#regions.valuesMax,
      tuplesMax: this.#tuples.capacity,
    };
    const reason =
      rowReason(job, exports, number, detail) ?? rejectReason(note, record, job.entity, job.header, limits);
    // The kernel has gone past the record by the time it reports it.
    this.#tell(sink, lines, exports.loadOrdinal() - 1, code, reason);
  }

  #check(job: LoadJob, sink: LoadSink, lines: LineCounter): boolean {
    const { exports } = this.#kernel;
    this.#view ??= this.#openView(job.entity);
    const view = this.#view;
    view.entity = job.entity;
    view.ordinal = exports.loadOrdinal();
    view.start = exports.loadJsonStart();
    view.end = exports.loadJsonEnd();
    view.valueCount = view.words[(this.#regions.scan + valueCountAt) >> 2]!;
    const fault = sink.check?.(view) ?? null;
    if (fault === null) return true;
    this.#tell(sink, lines, exports.loadOrdinal(), fault.code, fault.reason);
    return false;
  }

  #openView(entity: CompiledEntity): RecordView {
    const { exports, u8 } = this.#kernel;
    return {
      entity,
      ordinal: 0,
      bytes: Buffer.from(u8.buffer),
      words: new Uint32Array(u8.buffer),
      start: 0,
      end: 0,
      values: this.#regions.values,
      valueCount: 0,
      jsonIsCanonical: (start, end) => exports.jsonIsCanonical(start, end) !== 0,
      textIsCanonical: (start, end) => exports.textIsCanonical(start, end) !== 0,
    };
  }

  #tell(sink: LoadSink, lines: LineCounter, ordinal: number, code: ErrorCode, reason: string): void {
    const { exports, u8 } = this.#kernel;
    const { start, end } = trim(u8, exports.loadRecordStart(), exports.loadRecordEnd());
    const offset = start - this.#regions.frame;
    const head = recordHead(u8.subarray(start, end));
    sink.reject({ ordinal, code, reason, head, bytesTotal: end - start, offset, line: lines.before(offset) });
  }
}

/** Of the program's header, and of the scanner's context: see kernels/program.ts and json-scan.ts. */
const columnCountAt = 40;
const valueCountAt = 20;

/**
 * Why a record did not fit its row, in the words of whoever writes rows otherwise; null for other rejects.
 */
function rowReason(
  { entity, table }: LoadJob,
  exports: Kernel["exports"],
  number: number,
  slot: number,
): string | null {
  const field = entity.fields[slot];
  if (table === undefined || field === undefined) return null;
  if (number === exports.REJECT_ROW_MANY.value) return manyFault(field).reason;
  if (number !== exports.REJECT_ROW_TYPE.value) return null;
  const { slots, columns } = table.table;
  return typeFault(field, columns[slots.indexOf(slot)]!.type).reason;
}

/** Line breaks before rising offsets: every byte is looked at once. */
class LineCounter {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  before(offset: number): number {
    let at = this.#bytes.indexOf(lineFeed, this.#offset);
    while (at >= 0 && at < offset) {
      this.#count++;
      at = this.#bytes.indexOf(lineFeed, at + 1);
    }
    this.#offset = offset;
    return this.#count;
  }
}

function rowsProgram(entity: CompiledEntity, isXml: boolean, header: CsvHeader | null): Uint8Array | null {
  if (isXml) return compileXmlProgram(entity);
  if (header === null) return null;
  const { columns, delimiter } = header;
  return compileCsvProgram(
    columns.length,
    shapeColumns(columns, entity.columns),
    csvTypesOf(entity),
    delimiter,
  );
}

function trim(bytes: Uint8Array, from: number, to: number): { start: number; end: number } {
  let [start, end] = [from, to];
  while (start < end && isSpace(bytes[start]!)) start++;
  while (end > start && isSpace(bytes[end - 1]!)) end--;
  return { start, end };
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

function programTooLarge(entity: CompiledEntity, bytes: number, bytesMax: number): PlimsollError {
  return new PlimsollError("PROGRAM_TOO_LARGE", { entity: entity.name, bytes, bytesMax });
}
