import {
  KiB,
  MiB,
  mergeInputsCountMax,
  recordAloneBytesFixed,
  recordKernelExpansion,
  runSyncBytes,
  runSyncBytesMin,
  transactionFraction,
  writebackMetadataFraction,
} from "../kernel/index.js";
import type { ShareTable } from "../memory/index.js";
import type { WorkerLayout } from "./worker-protocol.js";

/** Kernel memory of one input of a merge: a compressed block and a decoded chunk. */
const mergeInputBytes = 18 * KiB;
/** Staging, output, counters and the buffer of dead records of a merge, whatever the number of inputs. */
const mergeFixedBytes = 2 * MiB;

export function layoutOf(table: ShareTable): WorkerLayout {
  const { inputBytes, outputBytes } = table.worker;
  return { inputBytes, outputBytes, recordBytesMax: table.slabBytes };
}

/** Inputs of one merge: they share the memory that reading used. */
export function mergeInputsMaxOf(memoryBytes: number): number {
  const fitting = Math.floor((memoryBytes - mergeFixedBytes) / mergeInputBytes);
  return Math.max(4, Math.min(mergeInputsCountMax, fitting));
}

/**
 * Bytes of a run file between two syncs: the share of write-back is divided among the workers, after a
 * transaction on its way to the disk (half of the staged values, with the pages around them) has its part.
 */
export function runSyncBytesOf(table: ShareTable): number {
  const transactionBytes = table.transactionBytesMax / 2 / transactionFraction;
  const shareBytes = table.shares.writeback.bytes * (1 - writebackMetadataFraction);
  const left = (shareBytes - transactionBytes) / table.workers;
  return Math.max(runSyncBytesMin, Math.min(runSyncBytes, Math.floor(left)));
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
