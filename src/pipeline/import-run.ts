import {
  type ErrorCode,
  type Place,
  PlimsollError,
  rejectRecordBytesMax,
  syncFolder,
} from "../kernel/index.js";
import type { Governor, Lease, ShareName, WritebackMeter } from "../memory/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { TargetSession } from "../ports/index.js";
import { type BatchParts, type Source, TableTargetSession, type Target } from "../ports/index.js";
import type { RunWriterOptions } from "../postings/index.js";
import type { Checkpoint, RunFile } from "./checkpoint.js";
import type { ImportHost, ImportPlan, RecordCounts } from "./import-plan.js";
import { ImportRelief } from "./import-relief.js";
import { countsOf, type ReaderPosition } from "./import-state.js";
import { addSpills, type ImportTally, newTally } from "./import-tally.js";
import { ProgressMeter } from "./progress-meter.js";
import type { RejectsWriter } from "./rejects.js";
import { removeRuns, restoreRuns } from "./run-files.js";
import { SlabPool } from "./slab-pool.js";
import type { StartedThreads } from "./started-threads.js";
import { settleRows } from "./table-rows.js";
import { TimeSpent } from "./time-spent.js";
import { type LargeWorker, WorkerGroup } from "./worker-group.js";
import { mergeInputsMaxOf, runSyncBytesOf } from "./worker-layout.js";
import type { FlushedReply, WorkerHandle } from "./worker-protocol.js";

export interface ImportRunOptions {
  plan: ImportPlan;
  host: ImportHost;
  session: TargetSession;
  governor: Governor;
  threads: StartedThreads;
  state: Checkpoint;
  rejects: RejectsWriter;
  meter: WritebackMeter;
  /** Attempts before this one that a worker ended by running out of memory. */
  restarts: number;
}

/** What the phases of one import share: the state to be committed, the workers, the target, the governor. */
export class ImportRun implements AsyncDisposable {
  readonly plan: ImportPlan;
  readonly session: TargetSession;
  /** The session, when its target takes rows in place of blocks. */
  readonly tables: TableTargetSession | null;
  readonly governor: Governor;
  readonly state: Checkpoint;
  readonly slabs: SlabPool;
  readonly progress: ProgressMeter;
  readonly meter: WritebackMeter;
  readonly rejects: RejectsWriter;
  readonly spent = new TimeSpent();
  readonly tally: ImportTally;
  readonly #host: ImportHost;
  readonly #relief: ImportRelief;
  readonly #workers: WorkerGroup;
  readonly #releases: Disposable[] = [];
  readonly #readLeases: Disposable[] = [];
  #serial: Promise<void> = Promise.resolve();
  #runsNamed = 0;
  #bytesWrittenBefore: number;

  constructor(options: ImportRunOptions) {
    const { plan, host, session, governor, state } = options;
    this.plan = plan;
    this.session = session;
    this.tables = session instanceof TableTargetSession ? session : null;
    this.governor = governor;
    this.state = state;
    this.#host = host;
    this.rejects = options.rejects;
    this.meter = options.meter;
    this.tally = newTally(options.restarts);
    this.#bytesWrittenBefore = state.bytesWritten;
    state.generation += 1;
    this.slabs = new SlabPool(governor, host.signal);
    this.progress = new ProgressMeter(this, host);
    this.#relief = new ImportRelief(this);
    this.#takeLeases();
    if (this.isIndexed) restoreRuns(this.runsDir, this.state.runs);
    this.#workers = this.#makeWorkers(options.threads);
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

  /** Bytes of the store that may be mapped before a reader gives way to a new one. */
  get mappedBytesMax(): number {
    return this.governor.table.mappedBytesMax;
  }

  /** File pages of this process that are resident now; 0 where the system does not tell. */
  residentFileBytes(): number {
    return this.governor.gauge.read().fileBytes;
  }

  /** Runs that one merge can take, by the memory of a worker. */
  get mergeInputsMax(): number {
    const fitting = mergeInputsMaxOf(this.#workers.memoryBytes);
    return Math.min(fitting, this.plan.mergeInputsMax ?? fitting);
  }

  get leasedBytes(): number {
    return this.governor.leasedBytes;
  }

  /** How run files are written: synced by bytes, counted until they are. */
  get writerOptions(): RunWriterOptions {
    return { syncBytes: runSyncBytesOf(this.governor.table), meter: this.meter };
  }

  notice(text: string): void {
    this.#host.onNotice(text);
  }

  counts(): RecordCounts {
    return countsOf(this.state);
  }

  entityNumberOf(source: Source): number {
    return this.entityNumber(this.plan.entityOf(source, this.mapping), source);
  }

  entityNumber(name: string, source: Source): number {
    const entity = this.mapping.entities.find((candidate) => candidate.name === name);
    if (entity === undefined)
      throw new PlimsollError("ENTITY_UNKNOWN", { entity: name, source: source.name });
    return entity.number;
  }

  blankScopeOf(source: Source): string {
    return this.state.blankScopes[this.plan.sources.indexOf(source)] ?? "";
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

  /** The reader may be ahead of what has been appended: then it says where it was at this border. */
  commit(position?: ReaderPosition): Promise<void> {
    return this.serial(() => this.commitNow(position));
  }

  /** In its turn already. Runs and rejects are durable before the checkpoint that refers to them. */
  async commitNow(position?: ReaderPosition): Promise<void> {
    const { state, session } = this;
    if (this.tables !== null) await settleRows(this, this.tables);
    state.rejectsBytes = await this.rejects.synced();
    if (this.isIndexed) syncFolder(this.runsDir);
    state.bytesWritten = this.bytesWritten;
    state.seconds = this.progress.seconds();
    await session.commit(JSON.stringify({ ...state, ...position }));
  }

  append(parts: BatchParts): Promise<void> {
    return this.serial(async () => {
      await this.spent.of("append", () => this.session.append(parts));
      for (const { code, reason, bytes, bytesTotal, place } of this.session.takeLateRejects()) {
        const head = bytes.slice(0, rejectRecordBytesMax);
        this.writeReject({ code, reason, head, bytesTotal, place });
      }
    });
  }

  get bytesWritten(): number {
    return this.#bytesWrittenBefore + this.session.bytesWritten;
  }

  /** Workers write what they have buffered; the runs belong to the import from the next commit. */
  async flushRuns(): Promise<void> {
    if (this.tables !== null) return;
    const replies = await Promise.all(
      this.workers.map((worker) => worker.send({ kind: "flush" }, [], async () => {})),
    );
    for (const reply of replies) this.#addFlushed(reply as FlushedReply);
  }

  addRuns(runs: readonly RunFile[]): void {
    this.state.runs.push(...runs);
    for (const file of runs) this.state.bytesSpilled += file.bytes;
    this.tally.runsWritten += runs.filter((file) => file.kind === "tuples").length;
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

  /** Input between two checkpoints; what tables take of it is to fit the cache of their database. */
  get chunkBytesMax(): number {
    const { syncBytes } = this.plan;
    if (this.tables === null) return syncBytes;
    const { databaseDirty, mappedPages, runBuffers } = this.governor.table.shares;
    return Math.min(syncBytes, databaseDirty.bytes + mappedPages.bytes + runBuffers.bytes);
  }

  batchBytes(): number {
    return this.governor.batchBytes;
  }

  /** The control point at each batch boundary: relief, then throttle. */
  async pace(): Promise<void> {
    await this.spent.of("relief", () => this.governor.boundary(this.signal));
  }

  /** `leasedBytes` is all that the batch took, input and output. */
  onBatch(batch: { bytes: number; records: number; leasedBytes: number }): void {
    this.governor.noteBatch(batch);
    this.#host.onBatch?.(batch);
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
    this.abortOnReject(reject);
  }

  /** Ends an import that is to end at the first reject. */
  abortOnReject({ code, reason, place }: { code: ErrorCode; reason: string; place: Place }): void {
    if (!this.plan.rejects.isAbort) return;
    const { source = "", line = 0 } = place;
    throw new PlimsollError("RECORD_REJECTED", { source, line, code, reason }, { place });
  }

  /** The rest of a damaged source is set aside as one reject; the import will end as failed. */
  endDamaged(error: PlimsollError, place: Place): void {
    this.state.damageCode ??= error.code;
    this.state.damage ??= error.message;
    this.#host.onNotice(error.message);
    this.reject({ code: error.code, reason: error.message, head: new Uint8Array(0), place });
  }

  /** A reject that is counted elsewhere: the losers of key conflicts, and what a target does not take. */
  writeReject(reject: {
    code: ErrorCode;
    reason: string;
    head: Uint8Array;
    bytesTotal?: number;
    place: Place;
  }): void {
    this.rejects.write(reject);
  }

  get workers(): readonly WorkerHandle[] {
    return this.#workers.all;
  }

  idlestWorker(): WorkerHandle {
    return this.#workers.idlest();
  }

  /** The worker that takes records larger than a slab, when there is one: it is then the only one. */
  get largeWorker(): LargeWorker | null {
    return this.#workers.large;
  }

  startWorkers(): void {
    this.#workers.start();
    this.#relief.watchRuns(this.#runLease);
  }

  /** For a record larger than a slab: everything in flight is finished and spilled before. */
  startLargeWorker(recordBytes: number): Promise<LargeWorker> {
    this.#relief.watchRuns(null);
    return this.#workers.startLarge(recordBytes);
  }

  /** The large worker has spilled and ends; the usual ones start again. */
  async endLargeWorker(): Promise<void> {
    await this.stopWorkers();
    this.startWorkers();
  }

  async stopWorkers(): Promise<void> {
    // Their buffers are gone: new ones begin untouched and whole.
    this.#relief.watchRuns(null);
    await this.#workers.stop();
  }

  /** Reading is over: what it leased is lent to the merge. */
  enterSeal(): void {
    this.slabs.drop();
    this.#relief.watchRuns(null);
    for (const lease of this.#readLeases.splice(0)) lease[Symbol.dispose]();
    this.#releases.push(this.#leaseWhole("mergeBuffers"));
    this.progress.enter("merge");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.progress.stop();
    await this.stopWorkers();
    await this.#serial;
    this.#relief[Symbol.dispose]();
    for (const release of [...this.#readLeases, ...this.#releases]) release[Symbol.dispose]();
    await this.rejects.close();
  }

  #makeWorkers(threads: StartedThreads): WorkerGroup {
    const { table } = this.governor;
    return new WorkerGroup({
      table,
      threads,
      setup: {
        mapping: this.mapping,
        tables: this.tables?.rowTarget ?? null,
        runsDir: this.runsDir,
        runPrefix: String(this.state.generation),
        isIndexed: this.isIndexed,
        isDeleting: this.plan.isDeleting ?? false,
        isRecordChecked: this.plan.isRecordChecked,
        isSignatureChecked: this.plan.isSignatureChecked ?? false,
        writeback: this.meter.shared,
        runSyncBytes: runSyncBytesOf(table),
      },
    });
  }

  #addFlushed({ runs, fullSpills, counts }: FlushedReply): void {
    this.addRuns(runs);
    this.tally.fullSpills += fullSpills;
    addSpills(this.tally.spilled, counts);
    this.#host.onSpilled?.(counts);
  }

  #runLease: Lease | null = null;

  #takeLeases(): void {
    const always = ["threads", "outputBuffers", "databaseDirty", "driverBuffers"] as const;
    this.#releases.push(...always.map((name) => this.#leaseWhole(name)));
    this.#runLease = this.#leaseWhole("runBuffers");
    this.#readLeases.push(this.#leaseWhole("decodeScratch"), this.#runLease);
  }

  /** Buffers of fixed size are leased once, at their full size, when they are made. */
  #leaseWhole(name: Exclude<ShareName, "inputSlabs" | "reserve">): Lease {
    return this.governor.lease(name, this.governor.table.shares[name].bytes);
  }
}
