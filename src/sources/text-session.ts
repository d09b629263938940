import { assert, isPlimsollError, rejectRecordBytesMax } from "../kernel/index.js";
import type {
  BufferGrow,
  CsvHeader,
  Frame,
  FrameReject,
  SourceCursor,
  SourceRead,
  SourceSession,
} from "../ports/index.js";
import { ByteInput } from "./bytes/byte-input.js";
import type { ByteStream } from "./bytes/byte-stream.js";
import { CursorTail } from "./cursor-tail.js";
import { countLines } from "./framers/byte-scan.js";
import { carriageReturn, type FrameFault, type Framer, newline, tooLarge } from "./framers/framer.js";

export interface TextSessionOptions {
  name: string;
  stream: ByteStream;
  framer: Framer;
  header: CsvHeader | null;
  recordBytesMax: number;
  delayMsMax: number | null;
  signal: AbortSignal;
}

/** The buffer of a frame under way: what is filled, and what has been framed of it. */
interface Filling {
  buffer: Uint8Array;
  filled: number;
  fault: FrameFault | null;
}

/** Fills buffers with whole records: the bytes come from a stream, their borders from a framer. */
export class TextSession implements SourceSession {
  header: CsvHeader | null;
  readonly #options: TextSessionOptions;
  readonly #stream: ByteStream;
  readonly #framer: Framer;
  readonly #closer = new AbortController();
  readonly #signal: AbortSignal;
  readonly #input: ByteInput;
  #tail = new CursorTail();
  #offset = 0;
  #line = 0;
  #record = 0;
  /** Damage met behind whole records, thrown by the read after the one that hands them out. */
  #damage: unknown = null;
  #reading: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(options: TextSessionOptions) {
    this.#options = options;
    this.#stream = options.stream;
    this.#framer = options.framer;
    this.header = options.header;
    this.#signal = AbortSignal.any([options.signal, this.#closer.signal]);
    this.#input = new ByteInput(options.stream, this.#signal);
  }

  get bytesRead(): number {
    return this.#stream.bytesRead;
  }

  get waitedSeconds(): number {
    return this.#input.waitedSeconds;
  }

  get records(): number {
    return this.#record;
  }

  /** Takes up the position of a cursor, whose bytes have been passed over. */
  restore(cursor: SourceCursor, tail: CursorTail): void {
    this.#offset = cursor.offset;
    this.#line = cursor.line;
    this.#record = cursor.record;
    this.#tail = tail;
  }

  /** Takes bytes at the front that are no part of any record (a byte order mark). */
  async passPrefix(prefix: Uint8Array): Promise<void> {
    // Damage in front of the first record is met by the first read, as all other damage is.
    if ((await this.#more(false)) !== "more") return;
    const view = this.#input.view();
    if (prefix.every((byte, index) => view[index] === byte)) this.#take(prefix.length);
  }

  /** Makes the records behind this point count from 0: what stood before was the header. */
  forgetRecords(): void {
    this.#record = 0;
  }

  async read(
    buffer: Uint8Array,
    grow: BufferGrow,
    recordsMax = Number.MAX_SAFE_INTEGER,
  ): Promise<SourceRead | null> {
    assert(this.#closing === null, "a closed session is not read");
    assert(buffer.length > 0 && recordsMax > 0, "a frame has room for a record");
    const reading = this.#read({ buffer, filled: 0, fault: null }, grow, recordsMax);
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  cursor(): SourceCursor {
    return {
      offset: this.#offset,
      line: this.#line,
      record: this.#record,
      tailCrc: this.#tail.crc(),
      framer: { header: this.header, state: this.#framer.state() },
    };
  }

  /** A read under way rejects; then the stream is closed. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= (async () => {
      this.#closer.abort(new DOMException("The source was closed", "AbortError"));
      await this.#stream.close();
      await this.#reading;
    })();
    return this.#closing;
  }

  async #read(filling: Filling, grow: BufferGrow, recordsMax: number): Promise<SourceRead | null> {
    if (this.#damage !== null) throw this.#damage;
    while (await this.#lead()) {
      await this.#fill(filling, grow, recordsMax);
      const { buffer, filled, fault } = filling;
      const border = this.#framer.border;
      if (border > 0) this.#input.putBack(buffer.subarray(border, filled));
      if (this.#framer.records > 0) return { frame: this.#frame(buffer), buffer };
      if (border > 0) this.#advance(buffer.subarray(0, border));
      else if (this.#damage !== null) throw this.#damage;
      else if (fault !== null) return { frame: await this.#reject(fault, filling), buffer };
      filling.filled = 0;
    }
    const fault = this.#framer.finishLead();
    filling.filled = 0;
    return fault === null ? null : { frame: await this.#reject(fault, filling), buffer: filling.buffer };
  }

  /** Passes over what stands before the next record; false at the end of the input. */
  async #lead(): Promise<boolean> {
    while ((await this.#input.more(null)) === "more") {
      const view = this.#input.view();
      const bytes = this.#framer.lead(view, 0, view.length);
      this.#take(bytes);
      if (bytes < view.length) return true;
    }
    return false;
  }

  /** Reads and scans until the buffer is full, the input ends or stalls, or the framer stops. */
  async #fill(filling: Filling, grow: BufferGrow, recordsMax: number): Promise<void> {
    const framer = this.#framer;
    framer.begin(recordsMax);
    filling.fault = framer.fault;
    while (filling.fault === null && !framer.full) {
      const state = await this.#more(framer.records > 0);
      if (state === "late") return;
      if (state === "end") {
        framer.finish(filling.buffer, filling.filled);
        filling.fault = framer.fault;
        return;
      }
      if (filling.filled === filling.buffer.length) {
        if (framer.border > 0) return;
        if (!this.#grow(filling, grow)) return;
      }
      filling.filled += this.#input.takeInto(filling.buffer, filling.filled);
      framer.scan(filling.buffer, filling.filled);
      filling.fault = framer.fault;
    }
    if (filling.filled === 0) filling.filled = this.#input.takeInto(filling.buffer, 0);
  }

  async #more(hasRecords: boolean): Promise<"more" | "late" | "end"> {
    try {
      return await this.#input.more(hasRecords ? this.#options.delayMsMax : null);
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
      this.#damage = error;
      return "late";
    }
  }

  #grow(filling: Filling, grow: BufferGrow): boolean {
    const { buffer, filled } = filling;
    const grown = grow(Math.min(buffer.length * 2, this.#options.recordBytesMax));
    if (grown.length <= buffer.length) {
      filling.fault = tooLarge(buffer.length, 0);
      return false;
    }
    grown.set(buffer.subarray(0, filled));
    filling.buffer = grown;
    return true;
  }

  #frame(buffer: Uint8Array): Frame {
    const { border, records } = this.#framer;
    const place = this.#place();
    this.#advance(buffer.subarray(0, border), this.#framer.lines(buffer));
    this.#record += records;
    return { length: border, records, place, header: this.header, rejects: [], cursorAfter: this.cursor() };
  }

  /** Passes over a record that cannot be framed; its frame holds nothing but the reject. */
  async #reject(fault: FrameFault, filling: Filling): Promise<Frame> {
    const { buffer, filled } = filling;
    const place = this.#place();
    const faultPlace = { line: place.line + countLines(buffer, fault.at), offset: place.offset + fault.at };
    this.#framer.beginPass();
    let end = fault.end ?? this.#framer.pass(buffer, 0, filled);
    const passed = end === -1 ? filled : end;
    let last = buffer.slice(Math.max(0, passed - 2), passed);
    const head = buffer.slice(0, Math.min(passed - lineEndBytes(last), rejectRecordBytesMax));
    this.#input.putBack(buffer.subarray(passed, filled));
    this.#advance(buffer.subarray(0, passed));
    while (end === -1 && (await this.#input.more(null)) === "more") {
      const view = this.#input.view();
      end = this.#framer.pass(view, 0, view.length);
      const taken = end === -1 ? view.length : end;
      last = Buffer.concat([last, view.subarray(Math.max(0, taken - 2), taken)]).subarray(-2);
      this.#take(taken);
    }
    const reject: FrameReject = {
      index: 0,
      code: fault.code,
      reason: fault.reason,
      place: { ...faultPlace, source: this.#options.name, record: place.record },
      head,
      bytesTotal: this.#offset - place.offset - lineEndBytes(last),
    };
    this.#record++;
    return {
      length: 0,
      records: 1,
      place,
      header: this.header,
      rejects: [reject],
      cursorAfter: this.cursor(),
    };
  }

  #place(): Frame["place"] {
    return { offset: this.#offset, line: this.#line + 1, record: this.#record + 1 };
  }

  #take(bytes: number): void {
    this.#advance(this.#input.view().subarray(0, bytes));
    this.#input.take(bytes);
  }

  #advance(bytes: Uint8Array, lines = countLines(bytes, bytes.length)): void {
    this.#offset += bytes.length;
    this.#line += lines;
    this.#tail.push(bytes);
  }
}

function lineEndBytes(last: Uint8Array): number {
  if (last.at(-1) !== newline) return 0;
  return last.at(-2) === carriageReturn ? 2 : 1;
}
