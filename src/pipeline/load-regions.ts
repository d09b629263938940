import {
  columnRegionBytes,
  entityProgramBytes,
  jsonDepthMax,
  type Kernel,
  recordValuesMin,
} from "../kernel/index.js";
import { installUnicodeTables, installValueRules, unicodeTablesBytes } from "../model/index.js";

export interface LoadSizes {
  /** Bytes of the largest frame. */
  inputBytes: number;
  /** Bytes of record blocks that wait to be handed over; raised to what the largest block takes. */
  outputBytes: number;
  /** Bytes of the largest record, as JSON. */
  recordBytesMax: number;
  /** Bytes of the largest program; the default serves entities of some 700 fields. */
  programBytes?: number;
  /** Words whose stems are kept, a power of two; by default the few that every kernel has room for. */
  stemWords?: number;
  /** What a row of a table takes at most beside the bytes of its record; 0 where records become none. */
  rowBytesFixed?: number;
}

/** Where the regions of a loader lie in its kernel's memory. */
export interface LoadRegions {
  frame: number;
  program: number;
  programBytes: number;
  scan: number;
  csv: number;
  values: number;
  valuesMax: number;
  stack: number;
  stackBytes: number;
  csvText: number;
  csvTextBytes: number;
  columns: number;
  directory: number;
  block: number;
  lz4Table: number;
  output: number;
  outputBytes: number;
}

/** The regions in the order in which they are allotted: `size` of each, all of them at multiples of 16. */
function sizesOf(kernel: Kernel, sizes: LoadSizes) {
  const { exports } = kernel;
  const around = exports.LOAD_HEAD_BYTES.value + exports.LOAD_SLACK_BYTES.value;
  const valuesMax = Math.max(recordValuesMin, Math.floor(sizes.recordBytesMax / 16));
  return {
    frame: sizes.inputBytes + around,
    program: sizes.programBytes ?? entityProgramBytes,
    scan: exports.SCAN_CONTEXT_BYTES.value,
    csv: exports.CSV_CONTEXT_BYTES.value,
    values: valuesMax * exports.SCAN_VALUE_BYTES.value,
    // A level takes two bytes of a record.
    stack: Math.min(jsonDepthMax, sizes.recordBytesMax / 2) / 8 + 8,
    csvText: sizes.recordBytesMax + around,
    columns: columnRegionBytes,
    directory: exports.blockDirectoryBytes(),
    block: exports.blockRegionBytes(),
    lz4Table: exports.LZ4_TABLE_BYTES.value,
    output: outputBytesOf(kernel, sizes),
    stems: (sizes.stemWords ?? 0) * exports.stemEntryBytes(),
  };
}

/** Room for any record's block, or for a page and any record's row. */
function outputBytesOf({ exports }: Kernel, sizes: LoadSizes): number {
  const { outputBytes, recordBytesMax, rowBytesFixed = 0 } = sizes;
  const blockBytes = exports.blockOutputBytes(recordBytesMax);
  if (rowBytesFixed === 0) return Math.max(outputBytes, blockBytes);
  const pageBytes = exports.LEAF_BYTES.value + exports.blockDirectoryBytes();
  return Math.max(outputBytes, blockBytes, pageBytes + recordBytesMax + rowBytesFixed);
}

export function loadRegionBytes(kernel: Kernel, sizes: LoadSizes): number {
  const regions = Object.values(sizesOf(kernel, sizes));
  return regions.reduce((sum, bytes) => sum + Math.ceil(bytes / 16) * 16, 16 + unicodeTablesBytes(kernel));
}

export function takeLoadRegions(kernel: Kernel, sizes: LoadSizes): LoadRegions {
  installUnicodeTables(kernel);
  installValueRules(kernel);
  const bytes = sizesOf(kernel, sizes);
  const headBytes = kernel.exports.LOAD_HEAD_BYTES.value;
  const stackBytes = Math.floor(bytes.stack);
  if (sizes.stemWords !== undefined) bindStems(kernel, kernel.alloc(bytes.stems), sizes.stemWords);
  return {
    frame: kernel.alloc(bytes.frame) + headBytes,
    program: kernel.alloc(bytes.program),
    programBytes: bytes.program,
    scan: kernel.alloc(bytes.scan),
    csv: kernel.alloc(bytes.csv),
    values: kernel.alloc(bytes.values),
    valuesMax: bytes.values / kernel.exports.SCAN_VALUE_BYTES.value,
    stack: kernel.alloc(bytes.stack),
    stackBytes,
    csvText: kernel.alloc(bytes.csvText) + headBytes,
    csvTextBytes: sizes.recordBytesMax + kernel.exports.LOAD_SLACK_BYTES.value,
    columns: kernel.alloc(bytes.columns),
    directory: kernel.alloc(bytes.directory),
    block: kernel.alloc(bytes.block),
    lz4Table: kernel.alloc(bytes.lz4Table),
    output: kernel.alloc(bytes.output),
    outputBytes: bytes.output,
  };
}

function bindStems(kernel: Kernel, room: number, count: number): void {
  kernel.u8.fill(0, room, room + count * kernel.exports.stemEntryBytes());
  kernel.exports.stemsBind(room, count);
}

/**
 * Fills the given parts of the scanner's and the CSV kernel's contexts, and binds the loader to everything.
 */
export function bindLoadRegions(
  kernel: Kernel,
  regions: LoadRegions,
  buffers: { tuples: number; keys: number },
  recordBytesMax: number,
): void {
  const { exports, view } = kernel;
  const writeWords = (at: number, words: number[]) => {
    for (const [i, word] of words.entries()) view.setUint32(at + i * 4, word, true);
  };
  writeWords(regions.scan, [0, regions.values, regions.valuesMax, regions.stack, regions.stackBytes]);
  writeWords(regions.csv, [0, regions.stack, regions.stackBytes]);
  exports.loadBind(
    buffers.tuples,
    buffers.keys,
    regions.scan,
    regions.csv,
    regions.csvText,
    regions.csvTextBytes,
    regions.columns,
    columnRegionBytes,
    regions.directory,
    regions.block,
    regions.lz4Table,
    regions.output,
    regions.outputBytes,
    recordBytesMax,
  );
}
