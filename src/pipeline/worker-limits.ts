import type { ResourceLimits } from "node:worker_threads";
import {
  MiB,
  workerOldHeapBytesMax,
  workerOldHeapBytesMin,
  workerStackBytes,
  workerYoungHeapBytes,
} from "../kernel/index.js";
import type { ShareTable } from "../memory/index.js";
import type { ImportPlan } from "./import-plan.js";

/**
 * Bounds of a worker's JavaScript heap, from the line: its part of the share of threads, and of the reserve,
 * which the main thread and the allocator have a part in as well. Buffers and kernel memory are outside of
 * the heap and have their own shares.
 */
export function workerLimitsOf(table: ShareTable, plan: Pick<ImportPlan, "workerHeapBytes">): ResourceLimits {
  const { threads, shares } = table;
  const threadPart = shares.threads.bytes / threads;
  const reservePart = shares.reserve.bytes / (threads + 2);
  const derived = Math.min(workerOldHeapBytesMax, Math.max(workerOldHeapBytesMin, threadPart + reservePart));
  return {
    maxOldGenerationSizeMb: megabytes(plan.workerHeapBytes ?? derived),
    maxYoungGenerationSizeMb: megabytes(workerYoungHeapBytes),
    stackSizeMb: megabytes(workerStackBytes),
  };
}

function megabytes(bytes: number): number {
  return Math.max(1, Math.floor(bytes / MiB));
}
