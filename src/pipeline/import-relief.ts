import { collectGarbage, reliefWorthBytes } from "../kernel/index.js";
import type { Governor, Lease, ReliefStep, WritebackMeter } from "../memory/index.js";
import type { TargetSession } from "../ports/index.js";
import type { SlabPool } from "./slab-pool.js";
import type { RunsLimitedReply, WorkerHandle } from "./worker-protocol.js";

/** What holds memory in an import. */
export interface ReliefSubject {
  readonly governor: Governor;
  readonly session: TargetSession;
  readonly slabs: SlabPool;
  readonly workers: readonly WorkerHandle[];
  readonly meter: WritebackMeter;
  serial<T>(work: () => Promise<T>): Promise<T>;
  readonly rejects: { readonly unsyncedBytes: number; sync(): void };
}

/**
 * What an import can give back when memory is short, step by step. Every step looks first whether it has
 * anything to give, and says so when it has not.
 */
export class ImportRelief implements Disposable {
  readonly #run: ReliefSubject;
  readonly #releases: Disposable[] = [];
  readonly #fileBytesAtStart: number;
  #heapBytesCollected = 0;
  #runLease: Lease | null = null;
  #isLimited = false;

  constructor(run: ReliefSubject) {
    this.#run = run;
    const { governor } = run;
    this.#fileBytesAtStart = governor.latest().fileBytes;
    const steps: [ReliefStep, () => boolean | Promise<boolean>][] = [
      ["commit", () => this.#commit()],
      ["spill", () => this.#limitRuns()],
      ["shrinkCaches", () => this.#shrinkCaches()],
      ["syncWriteback", () => this.#sync()],
      ["releaseMapped", () => this.#releaseMapped()],
      ["collectGarbage", () => this.#collectGarbage()],
    ];
    this.#releases.push(...steps.map(([step, callback]) => governor.relief.register(step, callback)));
    this.#releases.push(governor.onRecovery(() => this.#unlimitRuns()));
    const { meter } = run;
    const { workers } = governor.table;
    const runFiles = {
      get unsyncedBytes() {
        return meter.unsyncedBytes;
      },
      get peakUnsyncedBytes() {
        return meter.peakUnsyncedBytes;
      },
      // Workers wait side by side.
      get waitedSeconds() {
        return meter.waitedSeconds / workers;
      },
    };
    this.#releases.push(governor.watchWriteback(runFiles), governor.watchWriteback(run.session));
  }

  /** The lease of the run buffers while records are read; null when there are none. */
  watchRuns(lease: Lease | null): void {
    this.#runLease = lease;
    this.#isLimited = false;
    const { governor } = this.#run;
    if (lease !== null) governor.resize(lease, governor.table.shares.runBuffers.bytes);
  }

  [Symbol.dispose](): void {
    for (const release of this.#releases) release[Symbol.dispose]();
  }

  /** The open transaction ends early: its pages and what was staged go to the disk. */
  #commit(): Promise<boolean> {
    return this.#run.serial(() => this.#run.session.flush());
  }

  /**
   * Buffers whose upper part was never touched stay so: they are spilled, now and from now on, when they are
   * as full as they have been so far. What was touched stays resident whether it is full or not.
   */
  async #limitRuns(): Promise<boolean> {
    const lease = this.#runLease;
    if (lease === null || this.#isLimited) return false;
    this.#isLimited = true;
    const { workers, governor } = this.#run;
    const replies = await Promise.all(
      workers.map((worker) => worker.send({ kind: "limit-runs", isLimited: true }, [], async () => {})),
    );
    const limited = replies as RunsLimitedReply[];
    const sum = (pick: (reply: RunsLimitedReply) => number) =>
      limited.reduce((total, reply) => total + pick(reply), 0);
    const capacityBytes = sum((reply) => reply.capacityBytes);
    // Reading may have ended meanwhile, and the lease with it.
    if (lease.released || capacityBytes === 0) return false;
    const part = sum((reply) => reply.limitBytes) / capacityBytes;
    const whole = lease.bytes;
    return governor.resize(lease, Math.ceil(whole * part)) < whole;
  }

  #unlimitRuns(): void {
    const lease = this.#runLease;
    if (lease === null || !this.#isLimited || lease.released) return;
    this.#isLimited = false;
    const { workers, governor } = this.#run;
    governor.resize(lease, governor.table.shares.runBuffers.bytes);
    for (const worker of workers) {
      // A worker that is gone is told of at the door.
      worker.send({ kind: "limit-runs", isLimited: false }, [], async () => {}).catch(() => {});
    }
  }

  #shrinkCaches(): boolean {
    if (this.#run.slabs.shrink() === 0) return false;
    // Buffers go with the objects that hold them.
    this.#collect();
    return true;
  }

  /** Run files sync themselves as they grow; what is left is the transaction under way and the rejects. */
  async #sync(): Promise<boolean> {
    const { rejects } = this.#run;
    const hasSynced = rejects.unsyncedBytes > 0;
    rejects.sync();
    const hasFlushed = await this.#commit();
    return hasSynced || hasFlushed;
  }

  async #releaseMapped(): Promise<boolean> {
    const { governor, session } = this.#run;
    if (governor.latest().fileBytes - this.#fileBytesAtStart < reliefWorthBytes) return false;
    await this.#run.serial(() => session.releaseMapped());
    return true;
  }

  #collectGarbage(): boolean {
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external - this.#heapBytesCollected < reliefWorthBytes) return false;
    this.#collect();
    return true;
  }

  #collect(): void {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    this.#heapBytesCollected = heapUsed + external;
  }
}
