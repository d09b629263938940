import {
  collectGarbage,
  compileKernels,
  type ErrorCode,
  type Place,
  PlimsollError,
  syncFolder,
} from "../kernel/index.js";
import type { Governor, ShareName } from "../memory/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { BatchParts, Source, Target, TargetSession } from "../ports/index.js";
import type { Checkpoint, RunFile } from "./checkpoint.js";
import type { ImportHost, ImportPlan, RecordCounts } from "./import-plan.js";
import { countsOf } from "./import-state.js";
import { ProgressMeter } from "./progress-meter.js";
import type { RejectsWriter } from "./rejects.js";
import { removeRuns, restoreRuns } from "./run-files.js";
import { SlabPool } from "./slab-pool.js";
import { largeLayoutOf, layoutOf, mergeInputsMaxOf } from "./worker-layout.js";
import { PoolWorker } from "./worker-pool.js";
import type { FlushedReply, WorkerLayout, WorkerSetup } from "./worker-protocol.js";

export interface ImportRunOptions {
  plan: ImportPlan;
  host: ImportHost;
  session: TargetSession;
  governor: Governor;
  state: Checkpoint;
  rejects: RejectsWriter;
}

/** What the phases of one import share: the state to be committed, the workers, the target, the governor. */
export class ImportRun implements AsyncDisposable {
  readonly plan: ImportPlan;
  readonly session: TargetSession;
  readonly governor: Governor;
  readonly state: Checkpoint;
  readonly slabs: SlabPool;
  readonly progress: ProgressMeter;
  workers: PoolWorker[] = [];
  readonly #host: ImportHost;
  readonly #rejects: RejectsWriter;
  readonly #releases: Disposable[] = [];
  readonly #readLeases: Disposable[] = [];
  #serial: Promise<void> = Promise.resolve();
  #runsNamed = 0;
  #bytesWrittenBefore: number;

  constructor(options: ImportRunOptions) {
    const { plan, host, session, governor, state } = options;
    this.plan = plan;
    this.session = session;
    this.governor = governor;
    this.state = state;
    this.#host = host;
    this.#rejects = options.rejects;
    this.#bytesWrittenBefore = state.bytesWritten;
    state.generation += 1;
    this.slabs = new SlabPool(governor, host.signal);
    this.progress = new ProgressMeter(this, host);
    this.#takeLeases();
    if (this.isIndexed) restoreRuns(this.runsDir, this.state.runs);
    this.startWorkers();
  }

  get target(): Target {
    return this.plan.target;
  }

  get mapping(): CompiledMapping {
    return this.session.mapping;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  get isIndexed(): boolean {
    return this.plan.target.capabilities.sortedAppend;
  }

  get runsDir(): string {
    return this.session.runsDir;
  }

  get recordBytesMax(): number {
    return this.governor.table.recordBytesMax;
  }

  /** Runs that one merge can take, by the memory of a worker. */
  get mergeInputsMax(): number {
    const fitting = mergeInputsMaxOf(this.governor.table.worker.memoryBytes);
    return Math.min(fitting, this.plan.mergeInputsMax ?? fitting);
  }

  get leasedBytes(): number {
    return this.governor.leasedBytes;
  }

  notice(text: string): void {
    this.#host.onNotice(text);
  }

  counts(): RecordCounts {
    return countsOf(this.state);
  }

  entityNumberOf(source: Source): number {
    const name = this.plan.entityOf(source, this.mapping);
    const entity = this.mapping.entities.find((candidate) => candidate.name === name);
    if (entity === undefined)
      throw new PlimsollError("ENTITY_UNKNOWN", { entity: name, source: source.name });
    return entity.number;
  }

  /**
   * Work on the target waits for the work before it: a transaction at a time, and none while it is being
   * reopened.
   */
  serial<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#serial.then(work);
    this.#serial = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  commit(): Promise<void> {
    return this.serial(() => this.commitNow());
  }

  /**
   * For work that is in its turn already. Runs and rejects are durable before the checkpoint that refers to
   * them.
   */
  async commitNow(): Promise<void> {
    const { state, session } = this;
    state.rejectsBytes = this.#rejects.sync();
    if (this.isIndexed) syncFolder(this.runsDir);
    state.bytesWritten = this.bytesWritten;
    state.seconds = this.progress.seconds();
    await session.commit(JSON.stringify(state));
  }

  append(parts: BatchParts): Promise<void> {
    return this.serial(() => this.session.append(parts));
  }

  get bytesWritten(): number {
    return this.#bytesWrittenBefore + this.session.bytesWritten;
  }

  /** Workers write what they have buffered; the runs belong to the import from the next commit. */
  async flushRuns(): Promise<void> {
    const replies = await Promise.all(
      this.workers.map((worker) => worker.send({ kind: "flush" }, [], async () => {})),
    );
    for (const reply of replies) this.addRuns((reply as FlushedReply).runs);
  }

  addRuns(runs: readonly RunFile[]): void {
    this.state.runs.push(...runs);
    for (const file of runs) this.state.bytesSpilled += file.bytes;
  }

  newRunName(kind: RunFile["kind"]): string {
    this.#runsNamed += 1;
    return `${kind[0]}-${this.state.generation}-merged-${this.#runsNamed}.run`;
  }

  removeRuns(): void {
    if (this.isIndexed) removeRuns(this.runsDir);
  }

  takeIds(count: number): number {
    const firstId = this.state.nextId;
    this.state.nextId += count;
    return firstId;
  }

  idlestWorker(): PoolWorker {
    return this.workers.reduce((best, worker) => (worker.depth < best.depth ? worker : best));
  }

  batchBytes(): number {
    return this.governor.batchBytes;
  }

  /** The control point at each batch boundary: relief, then throttle. */
  async pace(): Promise<void> {
    await this.governor.boundary(this.signal);
  }

  /** `leasedBytes` is all that the batch took, input and output. */
  onBatch(batch: { bytes: number; records: number; leasedBytes: number }): void {
    this.governor.noteBatch(batch);
    this.progress.tick();
  }

  onMerged(bytes: number): void {
    this.progress.merged(bytes);
  }

  reject(reject: {
    code: ErrorCode;
    reason: string;
    head: Uint8Array;
    bytesTotal?: number;
    place: Place;
  }): void {
    this.state.rejected += 1;
    this.writeReject(reject);
    if (!this.plan.rejects.isAbort) return;
    const { source = "", line = 0 } = reject.place;
    const details = { source, line, code: reject.code, reason: reject.reason };
    throw new PlimsollError("RECORD_REJECTED", details, { place: reject.place });
  }

  /** The rest of a damaged source is set aside as one reject; the import will end as failed. */
  endDamaged(error: PlimsollError, place: Place): void {
    this.state.damage ??= error.message;
    this.#host.onNotice(error.message);
    this.reject({ code: error.code, reason: error.message, head: new Uint8Array(0), place });
  }

  /** A reject that is counted elsewhere: the losers of key conflicts. */
  writeReject(reject: {
    code: ErrorCode;
    reason: string;
    head: Uint8Array;
    bytesTotal?: number;
    place: Place;
  }): void {
    this.#rejects.write(reject);
  }

  syncRejects(): void {
    this.#rejects.sync();
  }

  startWorkers(): void {
    const { threads, worker } = this.governor.table;
    const layout = layoutOf(this.governor.table);
    this.workers = Array.from({ length: threads }, (_, index) =>
      this.#startWorker(index, layout, worker.memoryBytes),
    );
  }

  /**
   * One record that is larger than a slab: all workers end, so that their memory is free for the one that
   * takes it. Before that everything in flight is finished and spilled.
   */
  async withLargeWorker(
    bytes: number,
    work: (worker: PoolWorker, output: ArrayBuffer) => Promise<void>,
  ): Promise<void> {
    await this.stopWorkers();
    const { layout, memoryBytes, outputBytes } = largeLayoutOf(bytes);
    const worker = this.#startWorker(this.workers.length, layout, memoryBytes);
    try {
      await work(worker, new ArrayBuffer(outputBytes));
      const reply = await worker.send({ kind: "flush" }, [], async () => {});
      this.addRuns((reply as FlushedReply).runs);
    } finally {
      await worker[Symbol.asyncDispose]();
      this.startWorkers();
    }
  }

  /** Reading is over: what it leased is lent to the merge. */
  enterSeal(): void {
    this.slabs.drop();
    for (const lease of this.#readLeases.splice(0)) lease[Symbol.dispose]();
    this.#releases.push(this.#leaseWhole("mergeBuffers"));
    this.progress.enter("merge");
  }

  async stopWorkers(): Promise<void> {
    const workers = this.workers.splice(0);
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.progress.stop();
    await this.stopWorkers();
    await this.#serial;
    for (const release of [...this.#readLeases, ...this.#releases]) release[Symbol.dispose]();
    this.#rejects.close();
  }

  #startWorker(index: number, layout: WorkerLayout, memoryBytes: number): PoolWorker {
    this.#workersStarted += 1;
    const setup: Omit<WorkerSetup, "credits"> = {
      module: compileKernels(),
      layout,
      memoryBytes,
      mapping: this.mapping,
      runsDir: this.runsDir,
      runPrefix: `${this.state.generation}-${this.#workersStarted}`,
      isIndexed: this.isIndexed,
      isRecordChecked: this.plan.isRecordChecked,
    };
    return new PoolWorker(index, setup, this.governor.table.worker.resourceLimits);
  }

  #workersStarted = 0;

  #takeLeases(): void {
    const { governor } = this;
    const always = ["threads", "outputBuffers", "databaseDirty", "driverBuffers"] as const;
    const whileReading = ["decodeScratch", "runBuffers"] as const;
    this.#releases.push(...always.map((name) => this.#leaseWhole(name)));
    this.#readLeases.push(...whileReading.map((name) => this.#leaseWhole(name)));
    const releaseMapped = () => this.serial(() => this.session.releaseMapped());
    this.#releases.push(governor.relief.register("releaseMapped", releaseMapped));
    this.#releases.push(governor.relief.register("collectGarbage", collectGarbage));
  }

  /** Buffers of fixed size are leased once, at their full size, when they are made. */
  #leaseWhole(name: Exclude<ShareName, "inputSlabs" | "reserve">): Disposable {
    return this.governor.lease(name, this.governor.table.shares[name].bytes);
  }
}
