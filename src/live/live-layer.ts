import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  asDiskCondition,
  liveDelayMsMax,
  livePartBytesMax,
  livePartRecordsMax,
  livePartsAtOnce,
  liveQuietMs,
  liveRetryMs,
  PlimsollError,
} from "../kernel/index.js";
import type { CompiledEntity, CompiledMapping } from "../model/index.js";
import type { LiveImport, SealedState, StoreReader } from "../ports/index.js";
import { adoptLog } from "./adopt-log.js";
import { FilterCopies } from "./filter-copies.js";
import { Folding } from "./folding.js";
import { unitedImport } from "./import-mark.js";
import { KeyFilter } from "./key-filter.js";
import { KnownKeys } from "./known-keys.js";
import { SealedLearner } from "./learn-sealed.js";
import { LiveLoader } from "./live-loader.js";
import {
  isEmptyLog,
  LiveLog,
  type LoggedRecord,
  logNumbers,
  readLog,
  recordsIn,
  removeLog,
} from "./live-log.js";
import type { LiveOptions } from "./live-options.js";
import { type Batch, LiveState, type WriteOutcome } from "./live-state.js";
import type { OverlayReader } from "./overlay-reader.js";
import { quadRecords } from "./quad-records.js";
import { SealedView } from "./sealed-view.js";
import { type PendingWrite, WriteQueue } from "./write-queue.js";

/**
 * Single records, durable when they are acknowledged and visible at once. They are logged, held in memory as
 * segments above the sealed ones, and folded into the store part by part.
 */
export class LiveLayer implements AsyncDisposable {
  readonly #options: LiveOptions;
  readonly #loader = new LiveLoader();
  readonly #folder: Folding;
  readonly #filter: KeyFilter;
  readonly #copies: FilterCopies;
  readonly #known = new KnownKeys();
  readonly #queue = new WriteQueue();
  readonly #sealed: SealedView;
  /** Logs that are full, oldest first: the one that is written comes behind them. */
  readonly #closedLogs: number[] = [];
  #log!: LiveLog;
  #state: LiveState | null = null;
  #mapping: CompiledMapping | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #isCommitting = false;
  #folding: Promise<void> | null = null;
  readonly #learner: SealedLearner;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** Rises with everything that a query would see. */
  version = 0;
  /** Since this layer was opened. */
  readonly counts = { records: 0, replaced: 0, commits: 0, folds: 0, merges: 0 };

  private constructor(options: LiveOptions) {
    this.#options = options;
    this.#filter = new KeyFilter(options.filterScale);
    this.#sealed = new SealedView(options.openReader);
    this.#copies = new FilterCopies(options.filterCopiesBytes ?? (() => 0));
    const withReader = <T>(work: (reader: StoreReader) => T) => this.#alone(() => this.#sealed.with(work));
    this.#learner = new SealedLearner(this.#filter, this.#copies, withReader);
    this.#folder = new Folding({
      options,
      loader: this.#loader,
      isPartWaiting: () => this.#closedLogs.length > 0,
      isClosed: () => this.#isClosed,
      withState: (work) => this.#alone(() => this.#withState(work)),
      publish: (publication, what) => this.#publish(publication, what),
    });
  }

  /** Takes up what a former process left, folded first as far as that goes. */
  static async open(options: LiveOptions): Promise<LiveLayer> {
    mkdirSync(options.dir, { recursive: true });
    const layer = new LiveLayer(options);
    await layer.#takeUpLogs();
    return layer;
  }

  get records(): number {
    return this.#state?.records ?? 0;
  }

  /** What the layer takes in memory for its records. */
  get bytes(): number {
    return this.#state?.bytes ?? 0;
  }

  /** Requests that wait for their commit. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** The mapping that records are held against; looked up anew for an entity that an import may have made. */
  async mapping(entity: string | null): Promise<CompiledMapping> {
    const known = this.#mapping;
    const isKnown = entity === null || known?.entities.some(({ name }) => name === entity);
    if (known !== null && isKnown) return known;
    return await this.#alone(async () => {
      this.#sealed.close();
      return await this.#withState((reader) => reader.mapping);
    });
  }

  /**
   * What statements of N-Quads are as records of the entity, of Dgraph's dialect where the store has that.
   */
  async quads(entity: CompiledEntity, lines: readonly Uint8Array[], isDeleting: boolean) {
    return await this.#alone(async () => quadRecords(this.#loader, entity, lines, isDeleting));
  }

  /** Resolves when the records are on the disk and seen; or rejects, and nothing is kept of them. */
  write(records: readonly LoggedRecord[]): Promise<WriteOutcome[]> {
    if (this.#isClosed) return Promise.reject(new PlimsollError("SERVER_STOPPING"));
    if (records.length === 0) return Promise.resolve([]);
    const written = this.#queue.add(records);
    void this.#commitAll();
    return written;
  }

  /** How far an import has come that writes live. */
  imported(token: string): Promise<LiveImport> {
    return this.#alone(() => this.#withState(({ sealed }, { parts }) => unitedImport(token, sealed, parts)));
  }

  /** Reads the store with the live records, for work that awaits nothing. */
  async read<T>(work: (reader: StoreReader) => T): Promise<T> {
    return await this.#alone(() => this.#withState((reader, state) => work(state.overlay(reader))));
  }

  /** Which records would be none, by their place; nothing is written. */
  rejectsOf(records: readonly LoggedRecord[]): Promise<Batch["rejects"]> {
    return this.#alone(() => this.#withState((reader, state) => state.load(reader, records).rejects));
  }

  /** The store with the live records; null when the reader sees another sealed state than they hold for. */
  async overlay(reader: StoreReader): Promise<OverlayReader | null> {
    if (this.#state?.isAbove(reader.sealed)) return this.#state.overlay(reader);
    return await this.#alone(async () => {
      this.#sealed.close();
      return await this.#withState((_, state) =>
        state.isAbove(reader.sealed) ? state.overlay(reader) : null,
      );
    });
  }

  /** Gives up what makes writes quick and could be made anew, for as long as there is no room for it. */
  giveCopiesBack(): void {
    this.#copies.clear();
  }

  /** Others have sealed something: it is looked at before the next commit. */
  refresh(): void {
    this.#sealed.close();
  }

  /** Folds all that is in the layer; settles when it is sealed, or could not be. */
  async foldNow(): Promise<void> {
    await this.#folding;
    await this.#alone(() => this.#closeLog()).catch((error) => this.#tell(error));
    await this.#startFolding();
  }

  /** Takes nothing more, and folds what there is. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#queue.rejectAll(new PlimsollError("SERVER_STOPPING"));
    await this.foldNow();
    await this.#learner.stop();
    await this.#alone(async () => {
      await this.#log[Symbol.asyncDispose]();
      if (this.#log.bytes === 0) removeLog(this.#options.dir, this.#log.number);
    });
    this.#sealed.close();
  }

  /** One by one, so that no more than one is in memory; from one that cannot be folded on all are. */
  async #takeUpLogs(): Promise<void> {
    const { dir } = this.#options;
    const liveFolded = await this.#sealed.with(({ sealed }) => sealed.liveFolded ?? 0);
    const left: number[] = [];
    for (const number of logNumbers(dir)) {
      // Its records are in the store: only the removal was not reached.
      if (number <= liveFolded || isEmptyLog(readLog(dir, number))) removeLog(dir, number);
      else left.push(number);
    }
    this.#log = await LiveLog.create(dir, 1 + Math.max(liveFolded, ...left));
    for (const number of left) {
      this.#closedLogs.push(number);
      this.#state = null;
      if (this.#closedLogs.length === 1) await this.#startFolding();
    }
  }

  async #commitAll(): Promise<void> {
    if (this.#isCommitting) return;
    this.#isCommitting = true;
    try {
      while (this.#queue.length > 0 && !this.#isClosed && this.#fullness < 1) {
        await this.#queue.gather();
        await this.#alone(() => this.#commit(this.#queue.take())).catch((error) => this.#tell(error));
        const over = this.#fullness - 0.5;
        if (over > 0) await sleep(over * 2 * liveDelayMsMax);
      }
    } finally {
      this.#isCommitting = false;
    }
    this.#planFold();
  }

  /** How much of its room the layer has taken: of bytes, or of parts with as many records as one may have. */
  get #fullness(): number {
    const records = this.records / (livePartRecordsMax * livePartsAtOnce);
    return Math.max(records, this.bytes / this.#options.bytesMax);
  }

  /** One commit: everything that waits, up to a bound, becomes durable with one sync. */
  async #commit(writes: readonly PendingWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const records = writes.flatMap((write) => write.records);
    try {
      const { batch, bytes, outcomes, replaced } = await this.#settleRecords(records);
      this.#log.accept(bytes);
      this.version++;
      this.counts.commits++;
      this.counts.records += batch.kept.length;
      this.counts.replaced += replaced;
      let at = 0;
      for (const write of writes) {
        write.resolve(outcomes.slice(at, at + write.records.length));
        at += write.records.length;
      }
    } catch (error) {
      // What was made of them in memory may be half: it is made anew from what is durable.
      this.#state = null;
      for (const write of writes) write.reject(asDiskCondition(error, this.#options.storeName));
      this.#log.cut();
    }
    if (this.#isPartFull) {
      await this.#closeLog();
      void this.#startFolding();
    }
  }

  /** Has the records on the disk, and settled against what is sealed then. */
  async #settleRecords(records: readonly LoggedRecord[]) {
    for (;;) {
      const { state, batch } = await this.#withState((reader, state) => ({
        state,
        batch: state.load(reader, records),
      }));
      const bytes = batch.kept.length > 0 ? await this.#log.append(batch.kept) : this.#log.bytes;
      const adopted = await this.#withState((reader, now) =>
        now === state ? state.adopt(reader, batch) : null,
      );
      if (adopted !== null) return { state, batch, bytes, ...adopted };
      // Something was sealed meanwhile: the records come above that.
      this.#log.cut();
    }
  }

  get #isPartFull(): boolean {
    const part = this.#state?.writing;
    if (part === undefined) return false;
    const bytesMax = this.#options.bytesMax / livePartsAtOnce;
    return (
      part.records >= livePartRecordsMax || part.bytes >= bytesMax || this.#log.bytes >= livePartBytesMax
    );
  }

  /** Lends a reader of what is sealed, and the live records above just that. */
  #withState<T>(work: (reader: StoreReader, state: LiveState) => T): Promise<T> {
    return this.#sealed.with((reader) => {
      const isAbove = this.#state?.isAbove(reader.sealed) ?? false;
      return work(reader, isAbove ? this.#state! : this.#rebuild(reader));
    });
  }

  /** Loads all that is not sealed once more, above what is sealed now. */
  #rebuild(reader: StoreReader): LiveState {
    const { dir, checkOf } = this.#options;
    this.#dropFolded(reader.sealed);
    const numbers = [...this.#closedLogs, this.#log.number];
    this.#filter.restart(reader.sealed.nextId);
    this.#copies.clear();
    this.#learn();
    const tools = {
      loader: this.#loader,
      filter: this.#filter,
      copies: this.#copies,
      known: this.#known,
      check: checkOf(reader.mapping),
    };
    const state = new LiveState(reader.sealed, tools, numbers[0]!);
    for (const number of numbers) {
      if (number !== state.writing.number) state.beginPart(number);
      const bytes = number === this.#log.number ? this.#log.bytes : Number.POSITIVE_INFINITY;
      adoptLog(state, reader, recordsIn(readLog(dir, number), bytes));
    }
    this.#state = state;
    this.#mapping = reader.mapping;
    this.version++;
    return state;
  }

  #learn(): void {
    const told = "Keys that were sealed before are looked up one by one:";
    this.#learner.begin((error) => this.#options.note(`${told} ${String(error)}\n`));
  }

  /** A publication that failed behind its commit is one: its records would come a second time. */
  #dropFolded({ liveFolded = 0 }: SealedState): void {
    while (this.#closedLogs.length > 0 && this.#closedLogs[0]! <= liveFolded) {
      removeLog(this.#options.dir, this.#closedLogs.shift()!);
    }
  }

  #planFold(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isClosed || this.#folding !== null || this.records === 0) return;
    const isRetry = this.#closedLogs.length > 0;
    this.#timer = setTimeout(() => void this.foldNow(), isRetry ? liveRetryMs : liveQuietMs);
    this.#timer.unref();
  }

  /** What is written from now on goes into another log. */
  async #closeLog(): Promise<void> {
    if (this.#log.bytes === 0) return;
    const { number } = this.#log;
    const next = await LiveLog.create(this.#options.dir, number + 1);
    await this.#log[Symbol.asyncDispose]();
    this.#closedLogs.push(number);
    this.#log = next;
    this.#state?.beginPart(next.number);
  }

  #startFolding(): Promise<void> {
    this.#folding ??= this.#foldAll().finally(() => {
      this.#folding = null;
      if (!this.#isClosed) void this.#commitAll();
    });
    return this.#folding;
  }

  async #foldAll(): Promise<void> {
    try {
      while (this.#closedLogs.length > 0) await this.#options.exclusively(() => this.#folder.run());
    } catch (error) {
      if (!this.#isClosed) this.#tell(error);
    }
  }

  /** What was written becomes visible in the store with one commit; a part of it leaves the layer. */
  async #publish(publication: () => Promise<SealedState>, what: "fold" | "merge"): Promise<void> {
    await this.#alone(async () => {
      const sealed = await publication();
      this.#sealed.close();
      if (what === "merge") {
        this.counts.merges++;
        return;
      }
      const number = this.#closedLogs.shift()!;
      this.#state?.dropFirst(sealed);
      this.version++;
      this.counts.folds++;
      removeLog(this.#options.dir, number);
    });
    this.#learn();
    // There is room again for those who wait.
    if (!this.#isClosed) void this.#commitAll();
  }

  /** Nothing that is acknowledged is lost by it, and it is tried again. */
  #tell(error: unknown): void {
    this.#options.note(`A step of live writes failed, and is tried again: ${String(error)}\n`);
  }

  /** One after another: commits, rebuilding, and the beginning and end of a fold. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
