import { assert, isPlimsollError, rejectRecordBytesMax } from "../../kernel/index.js";
import type {
  BufferGrow,
  Frame,
  FrameReject,
  FrameRejectCode,
  SourceCursor,
  SourceRead,
  SourceSession,
} from "../../ports/index.js";
import type { ParquetFile, ParquetShape } from "./parquet-file.js";
import type { RowReader } from "./row-reader.js";
import { RowFault } from "./row-text.js";

export interface ParquetSessionOptions {
  file: ParquetFile;
  shape: ParquetShape;
  rows: RowReader;
  recordBytesMax: number;
  signal: AbortSignal;
  /** Bytes of lines and rows in front of the first one. */
  offset: number;
  record: number;
}

/** Hands rows out as JSON lines. Its cursor is the number of the row. */
export class ParquetSession implements SourceSession {
  readonly waitedSeconds = 0;
  readonly #options: ParquetSessionOptions;
  #offset: number;
  #record: number;
  /** A line that did not fit into the former frame. */
  #held: Uint8Array | null = null;
  /** A row that cannot be read, told by a frame of its own. */
  #bad: { code: FrameRejectCode; reason: string; head: Uint8Array; bytes: number } | null = null;
  /** Damage met behind whole rows, thrown by the read after the one that hands them out. */
  #damage: unknown = null;
  #reading: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(options: ParquetSessionOptions) {
    this.#options = options;
    this.#offset = options.offset;
    this.#record = options.record;
  }

  /** The part of the file that its rows so far are of them all. */
  get bytesRead(): number {
    const { rows, sizeBytes } = this.#options.shape;
    return rows === 0 ? sizeBytes : Math.round((sizeBytes * this.#record) / rows);
  }

  get records(): number {
    return this.#record;
  }

  async read(
    buffer: Uint8Array,
    grow: BufferGrow,
    recordsMax = Number.MAX_SAFE_INTEGER,
  ): Promise<SourceRead | null> {
    assert(this.#closing === null, "a closed session is not read");
    const reading = this.#read(buffer, grow, recordsMax);
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#reading.then(() => this.#options.file[Symbol.asyncDispose]());
    return this.#closing;
  }

  async #read(buffer: Uint8Array, grow: BufferGrow, recordsMax: number): Promise<SourceRead | null> {
    const place = { offset: this.#offset, line: this.#record + 1, record: this.#record + 1 };
    let filling = buffer;
    let length = 0;
    let records = 0;
    this.#options.signal.throwIfAborted();
    if (this.#damage !== null) throw this.#damage;
    while (records < recordsMax && this.#bad === null) {
      const line = this.#held ?? (await this.#nextLine(records > 0));
      this.#held = null;
      if (line === null) break;
      if (length + line.length > filling.length) {
        if (records === 0) filling = this.#grown(filling, line, grow);
        if (records > 0) this.#held = line;
        if (records > 0 || this.#bad !== null) break;
      }
      filling.set(line, length);
      length += line.length;
      records++;
    }
    if (records === 0 && this.#bad !== null) return { frame: this.#rejectFrame(place), buffer: filling };
    if (records === 0) return null;
    this.#offset += length;
    this.#record += records;
    const frame = { length, records, place, header: null, rejects: [], cursorAfter: this.#cursor() };
    return { frame, buffer: filling };
  }

  /** Null at the end, and before a row that cannot be read. */
  async #nextLine(hasRows: boolean): Promise<Uint8Array | null> {
    const { rows, recordBytesMax } = this.#options;
    try {
      if (!(await rows.advance())) return null;
    } catch (error) {
      if (!hasRows || !isPlimsollError(error)) throw error;
      this.#damage = error;
      return null;
    }
    try {
      const line = Buffer.from(`${rows.next()}\n`);
      if (line.length <= recordBytesMax) return line;
      this.#setTooLarge(line, recordBytesMax);
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      this.#bad = { code: "INVALID_UTF8", reason: error.message, head: new Uint8Array(0), bytes: 0 };
    }
    return null;
  }

  #setTooLarge(line: Uint8Array, bytesMax: number): void {
    const reason = `the record is larger than ${bytesMax - 1} bytes`;
    const head = line.slice(0, rejectRecordBytesMax);
    this.#bad = { code: "RECORD_TOO_LARGE", reason, head, bytes: line.length - 1 };
  }

  #grown(buffer: Uint8Array, line: Uint8Array, grow: BufferGrow): Uint8Array {
    let grown = buffer;
    while (grown.length < line.length) {
      const wanted = Math.min(grown.length * 2, this.#options.recordBytesMax);
      const next = grow(wanted);
      if (next.length <= grown.length) {
        this.#setTooLarge(line, grown.length + 1);
        return grown;
      }
      grown = next;
    }
    return grown;
  }

  #rejectFrame(place: Frame["place"]): Frame {
    const { code, reason, head, bytes } = this.#bad!;
    this.#bad = null;
    this.#record++;
    this.#offset += bytes;
    const { name } = this.#options.file;
    const reject: FrameReject = {
      index: 0,
      code,
      reason,
      place: { source: name, ...place },
      head,
      bytesTotal: bytes,
    };
    return { length: 0, records: 1, place, header: null, rejects: [reject], cursorAfter: this.#cursor() };
  }

  #cursor(): SourceCursor {
    const { footerCrc } = this.#options.shape;
    return {
      offset: this.#offset,
      line: this.#record,
      record: this.#record,
      tailCrc: footerCrc,
      framer: { header: null, state: null },
    };
  }
}
