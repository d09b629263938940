import {
  assert,
  checkpointSecondsMax,
  isPlimsollError,
  largeWorkerKeptBytes,
  rowBatchFraction,
} from "../kernel/index.js";
import type { Frame, Source, SourceRead, SourceSession } from "../ports/index.js";
import type { ImportRun } from "./import-run.js";
import { readerPositionOf } from "./import-state.js";
import { boundRunCount } from "./lower-run-count.js";
import type { Slab } from "./slab-pool.js";
import { applyRows } from "./table-rows.js";
import type { DecodeReject, LoadedReply, OutputPart, WorkerHandle } from "./worker-protocol.js";

/** Faults behind which a source cannot be taken up again. */
const sourceEndings: ReadonlySet<string> = new Set(["SOURCE_DAMAGED", "TURTLE_SYNTAX", "DGRAPH_JSON"]);

/** One frame on its way: dispatched in source order, appended in source order. */
interface Flight {
  source: Source;
  frame: Frame;
  entity: number;
  firstId: number;
  slab: Slab;
  /** The frame's bytes are in a buffer of their own instead of the slab's. */
  isAlone: boolean;
  /** The last one before a checkpoint that takes its turn behind it. */
  endsChunk: boolean;
  /** Settled when everything before it has been appended. */
  turn: Promise<void>;
}

/**
 * Reads the sources to their end: admit (a slab at the door), decode in workers, append in source order. At a
 * checkpoint everything before it has been appended and every run is on the disk, so the position that it
 * holds is the position of the data.
 */
export class ReadPhase {
  readonly #run: ImportRun;
  #appended: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | null = null;
  /** The source or a signal ended the reading, not what is made of the records. */
  #isBrokenOff = false;
  #bytesSinceCheckpoint = 0;
  /** Input since the last record that was larger than a slab, and the buffers that such records share. */
  #bytesSinceLarge = 0;
  #aloneInput: ArrayBuffer | null = null;
  #aloneOutput: ArrayBuffer | null = null;
  #latest: Flight | null = null;
  #recordsSinceCheckpoint = 0;
  #checkpointAt = performance.now();

  constructor(run: ImportRun) {
    this.#run = run;
  }

  async run(): Promise<void> {
    const { plan, state } = this.#run;
    try {
      while (state.sourceIndex < plan.sources.length && this.#recordsLeft() > 0) {
        await this.#readSource(plan.sources[state.sourceIndex]!);
      }
      await this.#drain();
      await this.#endLargeWorker();
    } catch (error) {
      await this.#keepWhatIsRead();
      throw error;
    } finally {
      for (const source of plan.sources) await source.close?.();
    }
    state.phase = "seal";
    await this.checkpoint();
  }

  /**
   * A source that breaks off, as an interruption does too, leaves everything before it in order: that is
   * kept. After any other failure the last checkpoint stands.
   */
  async #keepWhatIsRead(): Promise<void> {
    await this.#appended;
    if (this.#failure !== null || !this.#isBrokenOff) return;
    await this.checkpoint();
    this.#run.progress.tell();
  }

  /** Waits at the door and reads: what ends here leaves everything before it in order. */
  async #atDoor<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.#run.signal.throwIfAborted();
      return await work();
    } catch (error) {
      this.#isBrokenOff = true;
      throw error;
    }
  }

  /** Everything read so far becomes durable, with the position behind it. */
  async checkpoint(): Promise<void> {
    await this.#run.spent.of("checkpoint", async () => {
      await this.#drain();
      await this.#run.flushRuns();
      await this.#run.commit();
    });
    this.#beginChunk();
  }

  #beginChunk(): void {
    this.#bytesSinceCheckpoint = 0;
    this.#recordsSinceCheckpoint = 0;
    this.#checkpointAt = performance.now();
  }

  /**
   * Between two frames. Tables have no runs that workers would have to spill: their checkpoint takes its turn
   * behind the rows before it, while what comes behind it is read and decoded already.
   */
  async #checkpointBetween(): Promise<void> {
    const run = this.#run;
    if (run.tables === null) {
      await this.checkpoint();
      await run.spent.of("checkpoint", () => boundRunCount(run));
      return;
    }
    const position = readerPositionOf(run.state);
    if (this.#latest !== null) this.#latest.endsChunk = true;
    this.#enqueue(() => run.spent.of("checkpoint", () => run.commit(position)));
    this.#beginChunk();
  }

  async #readSource(source: Source): Promise<void> {
    const { plan, state, recordBytesMax, signal } = this.#run;
    const entity = this.#run.entityNumberOf(source);
    await using session = await this.#atDoor(() =>
      source.open({
        cursor: state.cursor,
        skipRecords: state.cursor === null ? Math.max(0, plan.offset - state.recordsBefore) : 0,
        recordBytesMax,
        signal,
        delayMsMax: plan.delayMsMax,
      }),
    );
    try {
      while (this.#recordsLeft() > 0 && (await this.#readFrame(source, session, entity))) {
        state.bytesRead = state.bytesBefore + session.bytesRead;
        if (this.#isCheckpointDue()) await this.#checkpointBetween();
      }
    } finally {
      this.#run.spent.add("source", session.waitedSeconds);
    }
    // What is in flight goes on: only a checkpoint waits for it, and the reader's place is right by then.
    state.recordsBefore += session.records;
    state.bytesBefore += session.bytesRead;
    state.bytesRead = state.bytesBefore;
    state.sourceIndex += 1;
    state.cursor = null;
  }

  /** False at the end of the source. */
  async #readFrame(source: Source, session: SourceSession, entity: number): Promise<boolean> {
    const run = this.#run;
    const slab = await this.#atDoor(() => run.spent.of("door", () => run.slabs.take()));
    this.#throwIfFailed();
    await run.pace();
    const batchBytes = Math.floor(run.batchBytes() * (run.tables === null ? 1 : rowBatchFraction));
    const buffer = new Uint8Array(slab.input, 0, Math.min(batchBytes, slab.input.byteLength));
    const grow = (bytes: number): Uint8Array =>
      bytes <= slab.input.byteLength ? new Uint8Array(slab.input) : this.#largeBuffer(bytes);
    const got = await this.#readOrEnd(source, session, () =>
      session.read(buffer, grow, this.#recordsWanted()),
    );
    if (got === null) {
      run.slabs.give(slab);
      return false;
    }
    const { frame } = got;
    const ofFrame = frame.entity === undefined ? entity : run.entityNumber(frame.entity, source);
    assert(frame.records >= frame.rejects.length, "a frame counts its rejects among its records");
    const firstId = run.takeIds(frame.records);
    const isAlone = got.buffer.buffer !== slab.input;
    const turn = this.#appended;
    const flight: Flight = { source, frame, entity: ofFrame, firstId, slab, isAlone, endsChunk: false, turn };
    this.#latest = flight;
    if (frame.length === 0) {
      run.slabs.give(slab);
      this.#append(flight, Promise.resolve(null));
    } else if (isAlone) {
      await this.#loadAlone(flight, got.buffer.buffer as ArrayBuffer);
    } else {
      this.#dispatch(flight);
      this.#bytesSinceLarge += frame.length;
      if (this.#bytesSinceLarge >= largeWorkerKeptBytes) await this.#endLargeWorker();
    }
    this.#bytesSinceCheckpoint += frame.length;
    this.#recordsSinceCheckpoint += frame.records;
    run.state.cursor = frame.cursorAfter;
    return true;
  }

  /**
   * A damaged source ends where the damage begins, one of Turtle where its grammar breaks: its rest counts as
   * one reject, and the import goes on, unless bad records are to end it.
   */
  async #readOrEnd(
    source: Source,
    session: SourceSession,
    read: () => Promise<SourceRead | null>,
  ): Promise<SourceRead | null> {
    try {
      return await this.#atDoor(read);
    } catch (error) {
      const endsSource = isPlimsollError(error) && sourceEndings.has(error.code);
      if (!endsSource || this.#run.plan.rejects.isAbort) throw error;
      this.#isBrokenOff = false;
      await this.#drain();
      this.#run.endDamaged(error, { ...error.place, source: source.name, record: session.records + 1 });
      return null;
    }
  }

  /** Large records come one at a time, so one buffer serves them all. */
  #largeBuffer(bytes: number): Uint8Array {
    const kept = this.#aloneInput;
    this.#aloneInput = null;
    return new Uint8Array(kept !== null && kept.byteLength >= bytes ? kept : new ArrayBuffer(bytes));
  }

  #dispatch(flight: Flight): void {
    const worker = this.#run.idlestWorker();
    const { slab, frame } = flight;
    const loaded = this.#load(worker, flight, slab.input, frame.length, slab.output);
    this.#append(flight, loaded);
  }

  /** A record larger than a slab: everything else is finished first, so that the memory is free for it. */
  async #loadAlone(flight: Flight, input: ArrayBuffer): Promise<void> {
    const run = this.#run;
    run.tally.recordsAlone += 1;
    run.slabs.give(flight.slab);
    await this.#drain();
    const { length } = flight.frame;
    let large = run.largeWorker;
    if (large === null || length > large.bytesMax) {
      await run.flushRuns();
      large = await run.startLargeWorker(length);
      this.#aloneOutput = new ArrayBuffer(large.outputBytes);
    }
    assert(this.#aloneOutput !== null, "a large worker comes with an output buffer");
    this.#append(flight, this.#load(large.worker, flight, input, length, this.#aloneOutput));
    await this.#drain();
    this.#bytesSinceLarge = 0;
  }

  /** The usual workers come back when large records have stopped coming. */
  async #endLargeWorker(): Promise<void> {
    if (this.#run.largeWorker === null) return;
    await this.#drain();
    await this.#run.flushRuns();
    await this.#run.endLargeWorker();
    this.#aloneInput = null;
    this.#aloneOutput = null;
  }

  async #load(
    worker: WorkerHandle,
    flight: Flight,
    input: ArrayBuffer,
    length: number,
    output: ArrayBuffer,
  ): Promise<LoadedReply> {
    const { source, frame, entity, firstId } = flight;
    const reply = await worker.send(
      {
        kind: "load",
        ordinal: firstId,
        entity,
        format: source.format,
        header: frame.header,
        blankScope: this.#run.blankScopeOf(source),
        input,
        length,
        output,
        firstId,
      },
      [input, output],
      async ({ output: full, parts, rejects }) => {
        await flight.turn;
        this.#throwIfFailed();
        this.#reject(flight, rejects);
        await this.#appendOutput(flight, full, parts);
      },
    );
    assert(reply.kind === "loaded", "a load is answered by its result");
    return reply;
  }

  /**
   * Appends wait for one another, so that ids rise and the data in the target never runs ahead of the cursor.
   */
  #append(flight: Flight, loaded: Promise<LoadedReply | null>): void {
    // Marked as handled: the failure is kept and thrown at the door.
    loaded.catch(() => {});
    this.#enqueue(async () => this.#finish(flight, await loaded));
  }

  /** Work that takes its turn behind the appends before it. */
  #enqueue(work: () => Promise<void>): void {
    this.#appended = this.#appended.then(async () => {
      if (this.#failure !== null) return;
      try {
        await work();
      } catch (error) {
        this.#failure = { error };
        this.#run.slabs.fail(error);
      }
    });
  }

  async #finish(flight: Flight, loaded: LoadedReply | null): Promise<void> {
    const { frame, entity } = flight;
    const run = this.#run;
    if (loaded !== null) {
      this.#reject(flight, loaded.rejects);
      // While the rows are written: the checkpoint behind them wants the rejects on the disk.
      if (flight.endsChunk) run.rejects.beginSync();
      await this.#appendOutput(flight, loaded.output, loaded.parts);
      run.state.accepted[entity]! += loaded.records;
      run.state.deletions = (run.state.deletions ?? 0) + loaded.deletions;
      const { input, output } = loaded;
      if (!flight.isAlone) run.slabs.give({ ...flight.slab, input, output });
      else [this.#aloneInput, this.#aloneOutput] = [input, output];
    }
    for (const reject of frame.rejects) {
      run.reject(reject);
    }
    const outputBytes = loaded?.parts.reduce((sum, part) => sum + part.length, 0) ?? 0;
    run.onBatch({ bytes: frame.length, records: frame.records, leasedBytes: frame.length + outputBytes });
  }

  #reject({ source, frame }: Flight, rejects: readonly DecodeReject[]): void {
    const { line, offset, record } = frame.place;
    for (const reject of rejects) {
      const place = {
        source: source.name,
        line: line + reject.line,
        offset: offset + reject.offset,
        record: record + reject.ordinal,
      };
      this.#run.reject({ ...reject, place });
    }
  }

  async #appendOutput(flight: Flight, output: ArrayBuffer, parts: OutputPart[]): Promise<void> {
    const place = { firstId: flight.firstId, source: flight.source.name, ...flight.frame.place };
    const { tables } = this.#run;
    if (tables !== null) return applyRows(this.#run, tables, place, output, parts);
    const view = (part: OutputPart) => Buffer.from(output, part.offset, part.length);
    const blocks = parts.flatMap((part) =>
      part.kind === "block" ? [{ firstId: part.firstId, block: view(part) }] : [],
    );
    const columns = parts.flatMap((part) =>
      part.kind === "column" ? [{ index: part.index, firstId: part.firstId, chunk: view(part) }] : [],
    );
    await this.#run.append({ blocks, columns, place });
  }

  async #drain(): Promise<void> {
    await this.#appended;
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #recordsLeft(): number {
    const { plan, state } = this.#run;
    if (plan.limit === null) return Number.MAX_SAFE_INTEGER;
    const position = state.recordsBefore + (state.cursor?.record ?? 0);
    return plan.limit - Math.max(0, position - plan.offset);
  }

  /** Records that the next frame may hold: no more than are left before a checkpoint is due. */
  #recordsWanted(): number {
    const { syncRecords = null } = this.#run.plan;
    if (syncRecords === null) return this.#recordsLeft();
    return Math.min(this.#recordsLeft(), syncRecords - this.#recordsSinceCheckpoint);
  }

  #isCheckpointDue(): boolean {
    const { syncRecords = null } = this.#run.plan;
    const syncBytes = this.#run.chunkBytesMax;
    if (syncRecords !== null && this.#recordsSinceCheckpoint >= syncRecords) return true;
    const seconds = (performance.now() - this.#checkpointAt) / 1000;
    return this.#bytesSinceCheckpoint >= syncBytes || seconds >= checkpointSecondsMax;
  }
}
