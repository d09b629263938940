import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { assert, rejectBufferBytes, rejectNoteBytes } from "../kernel/index.js";
import type { DecodeReject, OutputPart, OutputReply, WorkerRequest, WorkRequest } from "./worker-protocol.js";

type PartHead = OutputPart extends infer Part
  ? Part extends OutputPart
    ? Omit<Part, "offset" | "length">
    : never
  : never;

/** Collects what a request puts out in one buffer; `_turn` says what becomes of it when it is full. */
export abstract class WorkerOutput {
  protected readonly ordinal: number;
  #buffer: ArrayBuffer;
  #parts: OutputPart[] = [];
  #rejects: DecodeReject[] = [];
  #rejectBytes = 0;
  #used = 0;

  constructor(ordinal: number, buffer: ArrayBuffer) {
    this.ordinal = ordinal;
    this.#buffer = buffer;
  }

  add(head: PartHead, bytes: Uint8Array): void {
    this.addTogether([{ head, bytes }]);
  }

  /** Parts that are handed over in one buffer. */
  addTogether(pieces: readonly { head: PartHead; bytes: Uint8Array }[]): void {
    const needed = pieces.reduce((sum, { bytes }) => sum + aligned(bytes.length), 0);
    if (this.#used + needed > this.#buffer.byteLength) this.#turn();
    if (needed > this.#buffer.byteLength) {
      // Larger than any buffer of the pool: they go alone in one of their own, which is dropped afterwards.
      const own = new ArrayBuffer(needed);
      this._turn(own, place(pieces, own, 0), []);
      return;
    }
    this.#parts.push(...place(pieces, this.#buffer, this.#used));
    this.#used += needed;
  }

  /** A frame may hold nothing but bad records, of a byte or two each: their list has a bound of its own. */
  addReject(reject: DecodeReject): void {
    this.#rejects.push(reject);
    this.#rejectBytes += rejectNoteBytes + reject.head.length + reject.reason.length;
    if (this.#rejectBytes >= rejectBufferBytes) this.#turn();
  }

  /** The buffer with what it holds, for the final answer. */
  take(): { output: ArrayBuffer; parts: OutputPart[]; rejects: DecodeReject[] } {
    return { output: this.#buffer, parts: this.#parts, rejects: this.#rejects };
  }

  /** Hands over what is left; the answer is an empty buffer. */
  flush(): ArrayBuffer {
    this.#turn();
    return this.#buffer;
  }

  /** Hands a full buffer over and gives back an empty one of the same size. */
  protected abstract _turn(buffer: ArrayBuffer, parts: OutputPart[], rejects: DecodeReject[]): ArrayBuffer;

  #turn(): void {
    if (this.#parts.length === 0 && this.#rejects.length === 0) return;
    this.#buffer = this._turn(this.#buffer, this.#parts, this.#rejects);
    this.#rejects = [];
    this.#rejectBytes = 0;
    this.#parts = [];
    this.#used = 0;
  }
}

/** Views of u64 need their offset aligned. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function place(
  pieces: readonly { head: PartHead; bytes: Uint8Array }[],
  buffer: ArrayBuffer,
  from: number,
): OutputPart[] {
  let offset = from;
  return pieces.map(({ head, bytes }) => {
    new Uint8Array(buffer, offset, bytes.length).set(bytes);
    const part = { ...head, offset, length: bytes.length } as OutputPart;
    offset += aligned(bytes.length);
    return part;
  });
}

/**
 * The output of a thread: a buffer that is full goes to the main thread, which gives it back. The worker
 * waits for it, since the main thread always comes round to it.
 */
export class ThreadOutput extends WorkerOutput {
  readonly #port: MessagePort;
  readonly #credits: Int32Array;
  readonly #defer: (request: WorkRequest) => void;

  /** Requests that come while a buffer is waited for are deferred. */
  constructor(
    port: MessagePort,
    credits: Int32Array,
    defer: (request: WorkRequest) => void,
    ordinal: number,
    buffer: ArrayBuffer,
  ) {
    super(ordinal, buffer);
    this.#port = port;
    this.#credits = credits;
    this.#defer = defer;
  }

  protected override _turn(output: ArrayBuffer, parts: OutputPart[], rejects: DecodeReject[]): ArrayBuffer {
    const reply: OutputReply = { kind: "output", ordinal: this.ordinal, output, parts, rejects };
    this.#port.postMessage(reply, [output]);
    return this.#receive();
  }

  /** Waits until the main thread has given a buffer back; it does so for every one that it was sent. */
  #receive(): ArrayBuffer {
    for (;;) {
      const credits = Atomics.load(this.#credits, 0);
      if (credits < 0) throw new Error("the worker was ended");
      if (credits > 0) break;
      Atomics.wait(this.#credits, 0, 0);
    }
    Atomics.sub(this.#credits, 0, 1);
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: WorkerRequest } | undefined;
      assert(received !== undefined, "a credit is counted after its message was sent");
      if (received.message.kind === "credit") return received.message.output;
      assert(received.message.kind !== "setup", "a worker that works is set up");
      this.#defer(received.message);
    }
  }
}

/**
 * The output of work in the main thread, which cannot wait for itself: full buffers queue up until the work
 * pauses. Merges pause behind every block, frames behind every buffer and every bad record.
 */
export class QueuedOutput extends WorkerOutput {
  #full: OutputReply[] = [];

  protected override _turn(output: ArrayBuffer, parts: OutputPart[], rejects: DecodeReject[]): ArrayBuffer {
    const isFull = parts.length > 0;
    const handed = isFull ? output : new ArrayBuffer(0);
    this.#full.push({ kind: "output", ordinal: this.ordinal, output: handed, parts, rejects });
    return isFull ? new ArrayBuffer(output.byteLength) : output;
  }

  takeFull(): OutputReply[] {
    return this.#full.splice(0);
  }
}
