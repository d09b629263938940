import { planReadMsMax, recordBlockBytes, systemClock } from "../kernel/index.js";
import type { BufferGrow, Source, SourceOpenOptions, SourceRead, SourceSession } from "../ports/index.js";

/** A part of a source that stands for more of it. */
export interface SampleSpot {
  offset: number;
  /** Decompressed bytes to read there, to the next border of a batch. */
  bytes: number;
}

/** What was read of one source. */
export interface SampleReading {
  records: number;
  /** Decompressed bytes of the batches read. */
  bytes: number;
  /** The same as stored; for compressed input by the ratio measured on the way, 0 where there was none. */
  storedBytes: number;
  /** The source was read from its first byte to its last. */
  isWhole: boolean;
}

/** The time for reading a sample: it begins when the first batch is done, since threads start slowly. */
export class SampleTime {
  #endMs: number | null = null;

  begin(): void {
    this.#endMs ??= systemClock.nowMs() + planReadMsMax;
  }

  get isOver(): boolean {
    return this.#endMs !== null && systemClock.nowMs() >= this.#endMs;
  }
}

/** A source that hands out some places of another one, as if they were all of it. */
export class SampleSource {
  readonly reading: SampleReading = { records: 0, bytes: 0, storedBytes: 0, isWhole: false };
  readonly #inner: Source;
  readonly #spots: readonly SampleSpot[];
  readonly #time: SampleTime;

  constructor(inner: Source, spots: readonly SampleSpot[], time: SampleTime) {
    this.#inner = inner;
    this.#spots = spots;
    this.#time = time;
  }

  get source(): Source {
    const { name, format, entityTold = null, compression, sessionBytesMax } = this.#inner;
    return {
      name,
      format,
      entityTold,
      compression,
      sessionBytesMax,
      fingerprint: () => this.#inner.fingerprint(),
      close: async () => this.#inner.close?.(),
      open: async (options) => new SampleSession(this.#inner, this.#spots, this.#time, this.reading, options),
    };
  }
}

class SampleSession implements SourceSession {
  readonly #inner: Source;
  readonly #spots: SampleSpot[];
  readonly #time: SampleTime;
  readonly #reading: SampleReading;
  readonly #options: SourceOpenOptions;
  #open: OpenSpot | null = null;
  #storedBytesDone = 0;
  #records = 0;

  constructor(
    inner: Source,
    spots: readonly SampleSpot[],
    time: SampleTime,
    reading: SampleReading,
    options: SourceOpenOptions,
  ) {
    this.#inner = inner;
    this.#spots = [...spots];
    this.#time = time;
    this.#reading = reading;
    this.#options = options;
  }

  get bytesRead(): number {
    return this.#storedBytesDone;
  }

  get records(): number {
    return this.#records;
  }

  get waitedSeconds(): number {
    return this.#open?.session.waitedSeconds ?? 0;
  }

  async read(buffer: Uint8Array, grow: BufferGrow, recordsMax?: number): Promise<SourceRead | null> {
    for (;;) {
      this.#open ??= await this.#openNext();
      const open = this.#open;
      if (open === null) return null;
      const isDone = open.isDone(this.#time);
      const got = isDone ? null : await open.session.read(open.roomIn(buffer), grow, recordsMax);
      if (got !== null) {
        open.note(got.frame.cursorAfter.offset, got.frame.records);
        this.#records += got.frame.records;
        return got;
      }
      open.isAtEnd = !isDone;
      await this.#close(open);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open !== null) await this.#close(this.#open);
  }

  async #openNext(): Promise<OpenSpot | null> {
    const spot = this.#spots.shift();
    if (spot === undefined || this.#time.isOver) return null;
    const { signal } = this.#options;
    const cursor = spot.offset === 0 ? null : ((await this.#inner.cursorNear?.(spot.offset, signal)) ?? null);
    if (cursor === null && spot.offset > 0) return this.#openNext();
    const options = cursor === null ? this.#options : { ...this.#options, cursor, skipRecords: 0 };
    const session = await this.#inner.open(options);
    return new OpenSpot(session, cursor?.offset ?? 0, spot.bytes);
  }

  async #close(open: OpenSpot): Promise<void> {
    this.#open = null;
    const reading = this.#reading;
    const { bytes, records } = open;
    reading.bytes += bytes;
    reading.records += records;
    reading.isWhole = open.isAtStart && open.isAtEnd;
    reading.storedBytes += this.#inner.compression === "none" ? bytes : open.storedBytes(reading.isWhole);
    this.#storedBytesDone = reading.storedBytes;
    await open.session[Symbol.asyncDispose]();
  }
}

class OpenSpot {
  readonly session: SourceSession;
  readonly #start: number;
  readonly #bytesMax: number;
  #offset: number;
  /** Where decompression stood after the first batch: what it reads ahead is left out by the difference. */
  #mark: { offset: number; storedBytes: number } | null = null;
  records = 0;
  isAtEnd = false;

  constructor(session: SourceSession, start: number, bytesMax: number) {
    this.session = session;
    this.#start = start;
    this.#offset = start;
    this.#bytesMax = bytesMax;
  }

  get isAtStart(): boolean {
    return this.#start === 0;
  }

  get bytes(): number {
    return this.#offset - this.#start;
  }

  /** The last batch of a spot is cut to what it still needs, but not to where blocks would be small. */
  roomIn(buffer: Uint8Array): Uint8Array {
    const left = Math.max(recordBlockBytes, this.#bytesMax - this.bytes);
    return left < buffer.length ? buffer.subarray(0, left) : buffer;
  }

  /** Enough is read here: at least a batch. */
  isDone(time: SampleTime): boolean {
    return this.records > 0 && (this.bytes >= this.#bytesMax || time.isOver);
  }

  note(offset: number, records: number): void {
    this.#offset = offset;
    this.records += records;
    this.#mark ??= { offset, storedBytes: this.session.bytesRead };
  }

  storedBytes(isWhole: boolean): number {
    const { bytesRead } = this.session;
    if (isWhole) return bytesRead;
    if (this.#mark === null || this.#offset <= this.#mark.offset) return 0;
    const ratio = (bytesRead - this.#mark.storedBytes) / (this.#offset - this.#mark.offset);
    return ratio * this.bytes;
  }
}
