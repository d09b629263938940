import type { ResourceLimits } from "node:worker_threads";
import { earlyThreadsLineBytesMin, isPlimsollError, waitingThreadBytes } from "../kernel/index.js";
import { divideLine } from "../memory/index.js";
import type { ImportPlan } from "./import-plan.js";
import { divisionOf } from "./signature-plan.js";
import { workerLimitsOf } from "./worker-limits.js";
import { PoolWorker } from "./worker-pool.js";

/**
 * Threads that boot while it is still being found out what they are to do: a thread takes its tenth of a
 * second before it can do anything, and the main thread has its own to do meanwhile. Whoever makes this
 * closes it, and with it the threads that nobody took. Nothing is started before `start`.
 */
export class StartedThreads implements AsyncDisposable {
  #limits: ResourceLimits = {};
  #waiting: PoolWorker[] = [];
  /** Resident memory before the first was started; 0 while none is. */
  #rssBytesBefore = 0;

  /**
   * Starts as many as the line is going to have room for, where that is beyond doubt: the exact division
   * comes with the import. Short lines wait for it, because what has been started already blurs what it
   * measures.
   */
  start(plan: Pick<ImportPlan, "memory" | "sources" | "threads" | "isSignatureChecked">): void {
    const { line } = plan.memory;
    if (this.#rssBytesBefore > 0 || line.bytes < earlyThreadsLineBytesMin) return;
    const baselineBytes = this.baselineBytes(plan);
    try {
      const table = divideLine({
        lineBytes: line.bytes,
        lineOrigin: line.origin,
        baselineBytes,
        threads: plan.threads,
        settings: divisionOf(plan),
      });
      if (table.threads < plan.threads) return;
      this.#limits = workerLimitsOf(table, {});
    } catch (error) {
      // The import itself is refused for it.
      if (isPlimsollError(error)) return;
      throw error;
    }
    this.#rssBytesBefore = process.memoryUsage.rss();
    this.#waiting = Array.from({ length: plan.threads }, () => new PoolWorker(this.#limits));
  }

  /**
   * What this process takes now, without these threads, for they have a share of their own: one that has
   * booted takes more than is taken off for it. Sources are read one after another; what the largest takes
   * (windows, a child that decompresses) is set aside.
   */
  baselineBytes({ sources, memory }: Pick<ImportPlan, "memory" | "sources">): number {
    const rssBytes = process.memoryUsage.rss() - this.#waiting.length * waitingThreadBytes;
    const sourceBytes = Math.max(0, ...sources.map((source) => source.sessionBytesMax));
    return Math.max(this.#rssBytesBefore, rssBytes) + sourceBytes + (memory.besideBytes ?? 0);
  }

  /** Ends what does not fit what the division says. */
  async keep(threads: number, limits: ResourceLimits): Promise<void> {
    const isFitting = JSON.stringify(limits) === JSON.stringify(this.#limits);
    const surplus = this.#waiting.splice(isFitting ? threads : 0);
    this.#limits = limits;
    await Promise.all(surplus.map((worker) => worker[Symbol.asyncDispose]()));
  }

  /** One that has begun to boot, where one waits. */
  take(): PoolWorker {
    return this.#waiting.shift() ?? new PoolWorker(this.#limits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#waiting.splice(0).map((worker) => worker[Symbol.asyncDispose]()));
  }
}
