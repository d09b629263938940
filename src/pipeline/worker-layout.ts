import {
  KiB,
  MiB,
  mergeInputsCountMax,
  mergeReaderBytes,
  recordAloneBytesFixed,
  recordKernelExpansion,
} from "../kernel/index.js";
import type { ShareTable } from "../memory/index.js";
import type { WorkerLayout } from "./worker-protocol.js";

/**
 * Kernel memory of one input of a merge: a compressed block, a decoded chunk, and the file's buffer outside.
 */
const mergeInputBytes = 18 * KiB + mergeReaderBytes;
/** Staging, output and counters of a merge, whatever the number of inputs. */
const mergeFixedBytes = 1 * MiB;

export function layoutOf(table: ShareTable): WorkerLayout {
  const { inputBytes, outputBytes } = table.worker;
  return { inputBytes, outputBytes, recordBytesMax: table.slabBytes };
}

/** Inputs of one merge: they share the memory that reading used. */
export function mergeInputsMaxOf(memoryBytes: number): number {
  const fitting = Math.floor((memoryBytes - mergeFixedBytes) / mergeInputBytes);
  return Math.max(4, Math.min(mergeInputsCountMax, fitting));
}

/** Everything for a record that goes alone, by its bytes. */
export function largeLayoutOf(recordBytes: number): {
  layout: WorkerLayout;
  memoryBytes: number;
  outputBytes: number;
} {
  const outputBytes = recordBytes + Math.ceil(recordBytes / 128) + 64 * KiB;
  const layout = { inputBytes: recordBytes, outputBytes, recordBytesMax: recordBytes };
  return {
    layout,
    memoryBytes: Math.ceil(recordBytes * recordKernelExpansion) + recordAloneBytesFixed,
    outputBytes,
  };
}
