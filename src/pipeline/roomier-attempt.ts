import { isPlimsollError, MiB, workerOldHeapBytesMax } from "../kernel/index.js";
import type { ImportPlan } from "./import-plan.js";

/** One go at an import, with what the line gave it. */
export interface Attempt {
  plan: ImportPlan;
  restarts: number;
  threads: number;
  reserveBytes: number;
}

/**
 * How an import whose worker ran out of memory may go on from its checkpoint by itself, once: with half the
 * threads and their heaps given to those that stay, or, where there is only one, with twice the heap if the
 * reserve has room for it. Null when that is not sound: what is read cannot be read again, nothing was kept,
 * or the line has nothing more to give; then it ends, and can be resumed.
 */
export async function roomierAttempt(
  attempt: Attempt,
  condition: unknown,
): Promise<{ attempt: Partial<Attempt>; notice: string } | null> {
  if (!isPlimsollError(condition) || condition.code !== "WORKER_OUT_OF_MEMORY") return null;
  const { plan, threads, reserveBytes } = attempt;
  if (attempt.restarts > 0 || !plan.target.capabilities.durable) return null;
  const sources = await Promise.all(plan.sources.map((source) => source.fingerprint()));
  if (sources.some((source) => source.sizeBytes === null)) return null;
  const heapBytes = Number(condition.details.heapMb) * MiB;
  const threadsNow = Math.max(1, Math.floor(threads / 2));
  const heapBytesNow = Math.min(workerOldHeapBytesMax, (heapBytes * threads) / threadsNow);
  const isRoomier = threadsNow < threads ? heapBytesNow > heapBytes : reserveBytes / 2 >= heapBytes;
  if (!isRoomier) return null;
  const workerHeapBytes = threadsNow < threads ? heapBytesNow : heapBytes * 2;
  const words = `${threadsNow} thread${threadsNow === 1 ? "" : "s"} of ${workerHeapBytes / MiB} MB`;
  return {
    // What was read is kept: beginning afresh is done.
    attempt: { plan: { ...plan, threads: threadsNow, workerHeapBytes, isFresh: false }, restarts: 1 },
    notice: `A worker thread ran out of memory: going on from the last checkpoint with ${words}.`,
  };
}
