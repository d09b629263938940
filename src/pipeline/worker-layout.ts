import { KiB, MiB, mergeReaderBytes } from "../kernel/index.js";
import type { ShareTable } from "../memory/index.js";
import type { WorkerLayout } from "./worker-protocol.js";

/** Kernel memory of one input of a merge: a compressed block, a decoded chunk, and the file's buffer outside. */
const mergeInputBytes = 18 * KiB + mergeReaderBytes;
/** Staging, output and counters of a merge, whatever the number of inputs. */
const mergeFixedBytes = 1 * MiB;

export function layoutOf(table: ShareTable): WorkerLayout {
  const { inputBytes, outputBytes } = table.worker;
  return { inputBytes, outputBytes, recordBytesMax: table.slabBytes };
}

/** Inputs of one merge: they share the memory that reading used. */
export function mergeInputsMaxOf(memoryBytes: number): number {
  return Math.max(4, Math.floor((memoryBytes - mergeFixedBytes) / mergeInputBytes));
}

/**
 * What a record that goes alone takes, by its own bytes: frame, value list, text made from a row, bit stack, block and
 * tuples in the kernel; its input, its output and the pages of its transaction outside.
 */
const largeKernelExpansion = 5.3;
const largeExpansion = largeKernelExpansion + 4;
const largeFixedBytes = 8 * MiB;

/** The largest record that can go alone: everything but the baseline, one thread and the reserve is lent to it. */
export function largeRecordBytesMax(table: ShareTable): number {
  const { lineBytes, baselineBytes, shares, threads } = table;
  const room = lineBytes - baselineBytes - shares.threads.bytes / threads - shares.reserve.bytes - largeFixedBytes;
  return Math.max(table.slabBytes, Math.floor(room / largeExpansion));
}

export function largeLayoutOf(recordBytes: number): {
  layout: WorkerLayout;
  memoryBytes: number;
  outputBytes: number;
} {
  const outputBytes = recordBytes + Math.ceil(recordBytes / 128) + 64 * KiB;
  const layout = { inputBytes: recordBytes, outputBytes, recordBytesMax: recordBytes };
  return { layout, memoryBytes: Math.ceil(recordBytes * largeKernelExpansion) + largeFixedBytes, outputBytes };
}
