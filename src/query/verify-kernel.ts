import {
  assert,
  columnRegionBytes,
  entityProgramBytes,
  Kernel,
  kernelMemoryBytesMax,
  recordBlockBytes,
  verifyRecordKeyBytes,
  verifyRecordKeysMax,
  verifyRecordTuplesMax,
} from "../kernel/index.js";
import { installUnicodeTables, installValueRules, unicodeTablesBytes } from "../model/index.js";
import { KeyBuffer, TupleBuffer } from "../postings/index.js";
import type { CellLayout } from "./verify-cells.js";

/** How much a kernel can take at once. */
export interface VerifySizes {
  /** Bytes of the largest block of records, unpacked. */
  rawBytes: number;
  valuesMax: number;
  tuplesMax: number;
  keysMax: number;
  keyBytes: number;
  referencesMax: number;
  /** Bytes of the bitmap of dead records. */
  deadBytes: number;
}

export const usualSizes = {
  rawBytes: recordBlockBytes,
  valuesMax: recordBlockBytes / 2,
  tuplesMax: verifyRecordTuplesMax,
  keysMax: verifyRecordKeysMax,
  keyBytes: verifyRecordKeyBytes,
};

/** Room in which blocks are moved about, their ends rounded up. */
const slackBytes = 64;
/** A number that no key space has. */
const noKeyspace = 0xffff_ffff;
const directoryBytes = 8;

/** Bytes of kernel memory for these sizes, all but what the buffers and cells take. */
function regionsOf(kernel: Kernel, sizes: VerifySizes) {
  const { exports } = kernel;
  return {
    source: sizes.rawBytes + slackBytes,
    raw: sizes.rawBytes + directoryBytes + slackBytes,
    program: entityProgramBytes,
    scan: exports.SCAN_CONTEXT_BYTES.value,
    values: sizes.valuesMax * exports.SCAN_VALUE_BYTES.value,
    stack: Math.ceil(sizes.rawBytes / 8) + 8,
    columns: columnRegionBytes,
    block: exports.BLOCK_BUFFER_BYTES.value,
    dead: sizes.deadBytes,
  };
}

/** A kernel that works out what records call for, with all the regions that this takes. */
export class VerifyKernel {
  readonly kernel: Kernel;
  readonly sizes: VerifySizes;
  readonly layout: CellLayout;
  readonly regions: Record<keyof ReturnType<typeof regionsOf>, number>;
  readonly references: TupleBuffer;
  readonly cells: number;

  /** `any` kernel tells sizes; `spareBytes` stay free for other uses. */
  constructor(any: Kernel, layout: CellLayout, sizes: VerifySizes, spareBytes = 0) {
    const bytes = VerifyKernel.bytesFor(any, layout, sizes) + spareBytes;
    assert(bytes <= kernelMemoryBytesMax, "a kernel of so many bytes can be made");
    this.kernel = new Kernel({ memoryBytes: bytes });
    this.sizes = sizes;
    this.layout = layout;
    const { kernel } = this;
    const { exports } = kernel;
    installUnicodeTables(kernel);
    installValueRules(kernel);
    const entries = Object.entries(regionsOf(kernel, sizes)).map(([name, size]) => [
      name,
      kernel.alloc(size),
    ]);
    this.regions = Object.fromEntries(entries) as typeof this.regions;
    this.cells = kernel.alloc(layout.bytes);
    const tuples = new TupleBuffer(kernel, sizes.tuplesMax);
    const keys = new KeyBuffer(kernel, sizes.keysMax, sizes.keyBytes);
    this.references = new TupleBuffer(kernel, sizes.referencesMax);
    this.#bindScan();
    const { rows, bucketsLog, bucketShift, nextId } = layout;
    exports.verifyBindCells(this.cells, rows, bucketsLog, bucketShift, BigInt(nextId));
    exports.verifyBindDead(this.regions.dead, 0n, 0n);
    exports.verifyBindOwned(noKeyspace);
    const { scan, columns } = this.regions;
    exports.verifyBindRecords(tuples.ptr, keys.ptr, this.references.ptr, scan, columns, columnRegionBytes);
  }

  static bytesFor(any: Kernel, layout: CellLayout, sizes: VerifySizes): number {
    const regions = Object.values(regionsOf(any, sizes)).reduce((sum, bytes) => sum + bytes + 16, 0);
    const tuples = TupleBuffer.bytesFor(any, sizes.tuplesMax);
    const references = TupleBuffer.bytesFor(any, sizes.referencesMax);
    const keys = KeyBuffer.bytesFor(any, sizes.keysMax, sizes.keyBytes);
    const fixed = any.exports.heapBase() + unicodeTablesBytes(any) + 2 * slackBytes;
    return fixed + regions + layout.bytes + tuples + references + keys;
  }

  /** Whether a block of records of so many bytes can be unpacked here. */
  holds(rawBytes: number): boolean {
    return rawBytes <= this.sizes.rawBytes;
  }

  setProgram(program: Uint8Array): void {
    this.kernel.u8.set(program, this.regions.program);
    this.kernel.exports.verifyProgram(this.regions.program);
  }

  /** Whether the bitmap names this record as dead. */
  isDead(id: number): boolean {
    const at = Math.floor(id / 8);
    if (at >= this.sizes.deadBytes) return false;
    return ((this.kernel.u8[this.regions.dead + at]! >> (id % 8)) & 1) === 1;
  }

  /** The count and the sum of every cell. */
  get words(): BigUint64Array {
    return new BigUint64Array(this.kernel.u8.buffer, this.cells, this.layout.bytes / 8);
  }

  #bindScan(): void {
    const { scan, values, stack } = this.regions;
    const words = [0, values, this.sizes.valuesMax, stack, Math.ceil(this.sizes.rawBytes / 8) + 8];
    for (const [i, word] of words.entries()) this.kernel.view.setUint32(scan + i * 4, word, true);
  }
}
