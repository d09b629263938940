import { sourceChunkBytes } from "../../kernel/index.js";
import { abortable, type ByteStream } from "./byte-stream.js";

const nothing = new Uint8Array(0);

/**
 * A stream with the bytes in front of it that were taken and given back. What is given back lies, as far as
 * it can, in the chunk it came from; the rest is copied to a carry no larger than the buffer it came from.
 */
export class ByteInput {
  readonly #stream: ByteStream;
  readonly #signal: AbortSignal;
  #carry: Uint8Array = nothing;
  #carryStart = 0;
  #carryEnd = 0;
  #chunk: Uint8Array = nothing;
  #chunkStart = 0;
  #pending: Promise<Uint8Array | null> | null = null;
  #idleMs = 0;

  constructor(stream: ByteStream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  /** Time so far in which the thread had nothing to do but wait for the stream. */
  get waitedSeconds(): number {
    return this.#idleMs / 1000;
  }

  /** Makes sure that `view` is not empty: "more", or the "end"; "late" when nothing came within the delay. */
  async more(delayMs: number | null): Promise<"more" | "late" | "end"> {
    this.#signal.throwIfAborted();
    if (this.view().length > 0) return "more";
    const before = performance.eventLoopUtilization();
    try {
      return await this.#pull(delayMs);
    } finally {
      this.#idleMs += performance.eventLoopUtilization(before).idle;
    }
  }

  async #pull(delayMs: number | null): Promise<"more" | "late" | "end"> {
    this.#pending ??= this.#stream.next();
    if (delayMs !== null && !(await settlesWithin(this.#pending, delayMs, this.#signal))) return "late";
    const pending = this.#pending;
    const chunk = await abortable(pending, this.#signal);
    this.#pending = null;
    if (chunk === null) return "end";
    this.#chunk = chunk;
    this.#chunkStart = 0;
    return "more";
  }

  /** The bytes at hand. */
  view(): Uint8Array {
    if (this.#carryStart < this.#carryEnd) return this.#carry.subarray(this.#carryStart, this.#carryEnd);
    return this.#chunkStart === 0 ? this.#chunk : this.#chunk.subarray(this.#chunkStart);
  }

  /** Takes the first bytes of the view. */
  take(bytes: number): void {
    if (this.#carryStart < this.#carryEnd) {
      this.#carryStart += bytes;
      if (this.#carryStart === this.#carryEnd && this.#carry.length > sourceChunkBytes) this.#dropCarry();
    } else {
      this.#chunkStart += bytes;
    }
  }

  /** Copies what fits of the view to the target and takes it. */
  takeInto(target: Uint8Array, at: number): number {
    const view = this.view();
    const bytes = Math.min(view.length, target.length - at);
    target.set(bytes === view.length ? view : view.subarray(0, bytes), at);
    this.take(bytes);
    return bytes;
  }

  /** Gives back the bytes taken last. */
  putBack(bytes: Uint8Array): void {
    // Once the next chunk was asked for, the stream may fill the buffer of this one again.
    const isChunkOurs = this.#carryStart === this.#carryEnd && this.#pending === null;
    const inChunk = isChunkOurs ? Math.min(bytes.length, this.#chunkStart) : 0;
    this.#chunkStart -= inChunk;
    const rest = bytes.length - inChunk;
    if (rest === 0) return;
    if (this.#carryStart < this.#carryEnd) {
      this.#carryStart -= rest;
      return;
    }
    if (this.#carry.length < rest) this.#carry = Buffer.allocUnsafeSlow(rest);
    this.#carry.set(bytes.subarray(0, rest));
    this.#carryStart = 0;
    this.#carryEnd = rest;
  }

  #dropCarry(): void {
    this.#carry = nothing;
    this.#carryStart = 0;
    this.#carryEnd = 0;
  }
}

async function settlesWithin(
  promise: Promise<unknown>,
  delayMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), delayMs);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await abortable(Promise.race([settled, late]), signal);
  } finally {
    clearTimeout(timer);
  }
}
