import { type Kernel, PlimsollError } from "../kernel/index.js";
import type { BlockStream } from "./block-stream.js";

/** Where a tuple stands: the first of a block, or a bound of a merge. */
export interface TuplePlace {
  index: number;
  term: bigint;
  id: number;
}

export interface MergeTuplesOptions {
  /** Lends tupleMergeBytes(inputs) of memory for the time of the merge. */
  kernel: Kernel;
  inputs: BlockStream[];
  /** The first tuple that may come out, and the first that may not, as unsigned 128-bit numbers. */
  lower?: bigint;
  upper?: bigint;
  /** The block is a view of kernel memory: valid until the call returns. */
  output(block: Uint8Array, first: TuplePlace, count: number): void;
}

/**
 * Merges sorted streams of tuple blocks; equal (index, term, id) become one. Pauses behind every block, so
 * that the caller may see to what was put out; returns the tuples put out.
 */
export function* mergeTuples(options: MergeTuplesOptions): Generator<void, number> {
  const { kernel, inputs } = options;
  const { exports, u8, view } = kernel;
  const mark = kernel.mark();
  try {
    const merge = kernel.alloc(exports.tupleMergeBytes(inputs.length));
    exports.tupleMergeInit(merge, inputs.length);
    setBounds(kernel, merge, options);
    const output = exports.tupleMergeOutput(merge);
    let tuples = 0;
    for (;;) {
      const state = exports.tupleMergeStep(merge);
      if (state === exports.MERGE_NEED_INPUT.value) {
        const wanted = exports.tupleMergeWanted(merge);
        const place = exports.tupleMergeInput(merge, wanted);
        const into = u8.subarray(place, place + exports.BLOCK_BYTES_MAX.value);
        exports.tupleMergeFeed(merge, inputs[wanted]!.next(into));
      } else if (state === exports.MERGE_BLOCK_READY.value) {
        const count = view.getUint32(output, true);
        const bytes = exports.BLOCK_HEADER_BYTES.value + view.getUint32(output + 4, true);
        tuples += count;
        options.output(u8.subarray(output, output + bytes), tuplePlaceAt(view, output + 8), count);
        yield;
      } else if (state === exports.MERGE_DONE.value) {
        return tuples;
      } else {
        throw new PlimsollError("BLOCK_DAMAGED", { what: "postings", reason: "its entries do not add up" });
      }
    }
  } finally {
    kernel.release(mark);
  }
}

/** Bytes of kernel memory that a merge of so many inputs borrows, alignment and bounds included. */
export function mergeTuplesBytes(kernel: Kernel, inputCount: number): number {
  return kernel.exports.tupleMergeBytes(inputCount) + 64;
}

/** Reads the two words of a tuple. */
export function tuplePlaceAt(view: DataView, offset: number): TuplePlace {
  const w0 = view.getBigUint64(offset, true);
  const w1 = view.getBigUint64(offset + 8, true);
  return {
    index: Number(w0 >> 48n),
    term: BigInt.asUintN(64, w0 << 16n) | (w1 >> 48n),
    id: Number((w1 >> 8n) & 0xff_ffff_ffffn),
  };
}

/** The least tuple of a place as one unsigned 128-bit number (w0 above w1): the form of bounds. */
export function tupleNumber({ index, term, id }: TuplePlace): bigint {
  return (BigInt(index) << 112n) | (term << 48n) | (BigInt(id) << 8n);
}

function setBounds(kernel: Kernel, merge: number, options: MergeTuplesOptions): void {
  if (options.lower === undefined && options.upper === undefined) return;
  const { exports, view } = kernel;
  const bounds = kernel.alloc(2 * exports.TUPLE_BYTES.value);
  const end = BigInt(exports.TUPLE_INDEX_MAX.value + 1) << 112n;
  [options.lower ?? 0n, options.upper ?? end].forEach((bound, i) => {
    view.setBigUint64(bounds + i * 16, bound >> 64n, true);
    view.setBigUint64(bounds + i * 16 + 8, bound & 0xffff_ffff_ffff_ffffn, true);
  });
  exports.tupleMergeBound(merge, bounds);
}
