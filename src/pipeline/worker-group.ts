import { compileKernels, largeWorkerHeadroom } from "../kernel/index.js";
import type { ShareTable } from "../memory/index.js";
import { InlineWorker } from "./inline-worker.js";
import type { StartedThreads } from "./started-threads.js";
import { largeLayoutOf, layoutOf } from "./worker-layout.js";
import type { WorkerHandle, WorkerLayout, WorkerSetup } from "./worker-protocol.js";

/** A worker whose memory is laid out for records larger than a slab. */
export interface LargeWorker {
  worker: WorkerHandle;
  /** The largest record that it can take. */
  bytesMax: number;
  memoryBytes: number;
  outputBytes: number;
}

export interface WorkerGroupOptions {
  table: ShareTable;
  threads: StartedThreads;
  /** What every worker is told; the prefix of its runs is this one's and a number. */
  setup: Omit<WorkerSetup, "module" | "layout" | "memoryBytes">;
}

/** The workers of one import: as many as the line holds, or one for large records in the place of all. */
export class WorkerGroup implements AsyncDisposable {
  readonly #options: WorkerGroupOptions;
  #all: WorkerHandle[] = [];
  #large: LargeWorker | null = null;
  #started = 0;

  constructor(options: WorkerGroupOptions) {
    this.#options = options;
  }

  get all(): readonly WorkerHandle[] {
    return this.#all;
  }

  /** The worker that takes records larger than a slab, when there is one: it is then the only one. */
  get large(): LargeWorker | null {
    return this.#large;
  }

  /** Kernel memory of each. */
  get memoryBytes(): number {
    return this.#large?.memoryBytes ?? this.#options.table.worker.memoryBytes;
  }

  idlest(): WorkerHandle {
    return this.#all.reduce((best, worker) => (worker.depth < best.depth ? worker : best));
  }

  start(): void {
    const { table } = this.#options;
    const layout = layoutOf(table);
    this.#all = Array.from({ length: table.workers }, () => this.#startOne(layout, table.worker.memoryBytes));
  }

  /**
   * All end, so that their memory is free for one that takes records of this size. It stays, for small
   * records as well, because large ones seldom come alone and workers take their time to start.
   */
  async startLarge(recordBytes: number): Promise<LargeWorker> {
    await this.stop();
    const { recordBytesMax } = this.#options.table;
    const bytesMax = Math.min(recordBytesMax, Math.ceil(recordBytes * largeWorkerHeadroom));
    const { layout, memoryBytes, outputBytes } = largeLayoutOf(bytesMax);
    const worker = this.#startOne(layout, memoryBytes);
    this.#all = [worker];
    this.#large = { worker, bytesMax, memoryBytes, outputBytes };
    return this.#large;
  }

  async stop(): Promise<void> {
    this.#large = null;
    const workers = this.#all.splice(0);
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #startOne(layout: WorkerLayout, memoryBytes: number): WorkerHandle {
    this.#started += 1;
    const { table, threads, setup } = this.#options;
    const runPrefix = `${setup.runPrefix}-${this.#started}`;
    const own: WorkerSetup = { ...setup, module: compileKernels(), layout, memoryBytes, runPrefix };
    return table.threads === 0 ? new InlineWorker(own) : threads.take().setUp(own);
  }
}
