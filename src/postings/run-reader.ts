import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { assert, PlimsollError, runBufferBytes, runFrameBytesMax } from "../kernel/index.js";
import type { BlockStream } from "./block-stream.js";
import { runFrameHeadBytes } from "./run-writer.js";

export interface RunReaderOptions {
  /** Where to begin and end: borders of frames, such as `frameOffset` tells them. */
  startOffset?: number;
  endOffset?: number;
  /** Bytes read at once; a frame and its head at the least. */
  bufferBytes?: number;
}

/** Reads a run file block by block and holds every frame against its CRC. Memory: one buffer. */
export class RunReader implements BlockStream {
  readonly path: string;
  readonly #file: number;
  readonly #buffer: Buffer<ArrayBuffer>;
  readonly #endOffset: number;
  /** File offset of the buffer's first byte, and the part of the buffer that is still to be read. */
  #bufferOffset: number;
  #at = 0;
  #end = 0;
  #isOpen = true;

  constructor(path: string, options: RunReaderOptions = {}) {
    const bufferBytes = options.bufferBytes ?? runBufferBytes;
    assert(bufferBytes >= runFrameHeadBytes + runFrameBytesMax, "a run reader's buffer holds a frame");
    this.path = path;
    this.#buffer = Buffer.allocUnsafeSlow(bufferBytes);
    this.#bufferOffset = options.startOffset ?? 0;
    this.#file = openSync(path, "r");
    this.#endOffset = options.endOffset ?? fstatSync(this.#file).size;
  }

  /** File offset of the frame that `next` will read. */
  get frameOffset(): number {
    return this.#bufferOffset + this.#at;
  }

  next(into: Uint8Array): number {
    if (this.frameOffset >= this.#endOffset) return 0;
    const bytes = this.#frameBytes();
    const block = this.#at + runFrameHeadBytes;
    const stored = this.#buffer.subarray(block, block + bytes);
    if (crc32(stored) !== this.#buffer.readUInt32LE(this.#at + 4)) this.#damaged("the checksum differs");
    assert(bytes <= into.length, "a block fits its buffer");
    into.set(stored);
    this.#at = block + bytes;
    return bytes;
  }

  /**
   * Passes over the next frame without checking it, and copies the head of its block to `into`; returns the
   * block's bytes, 0 at the end. Bodies that lie beyond the buffer are not read.
   */
  skip(into: Uint8Array): number {
    if (this.frameOffset >= this.#endOffset) return 0;
    this.#fill(runFrameHeadBytes + into.length);
    const bytes = this.#checkedBytes();
    const block = this.#at + runFrameHeadBytes;
    into.set(this.#buffer.subarray(block, Math.min(block + into.length, block + bytes, this.#end)));
    this.#at = block + bytes;
    if (this.#at > this.#end) this.#restart(this.frameOffset);
    return bytes;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
  }

  #frameBytes(): number {
    this.#fill(runFrameHeadBytes);
    const bytes = this.#checkedBytes();
    this.#fill(runFrameHeadBytes + bytes);
    if (this.#end - this.#at < runFrameHeadBytes + bytes) this.#damaged("the file ends inside a block");
    return bytes;
  }

  #checkedBytes(): number {
    if (this.#end - this.#at < runFrameHeadBytes) this.#damaged("the file ends inside a frame's head");
    const bytes = this.#buffer.readUInt32LE(this.#at);
    if (bytes === 0 || bytes > runFrameBytesMax) this.#damaged(`a block of ${bytes} bytes`);
    return bytes;
  }

  /**
   * Sees to it that `bytes` bytes lie in the buffer behind the present place, unless the file ends before.
   */
  #fill(bytes: number): void {
    if (this.#end - this.#at >= bytes) return;
    this.#buffer.copyWithin(0, this.#at, this.#end);
    this.#bufferOffset += this.#at;
    this.#end -= this.#at;
    this.#at = 0;
    while (this.#end < bytes) {
      const room = Math.min(
        this.#buffer.length - this.#end,
        this.#endOffset - this.#bufferOffset - this.#end,
      );
      if (room <= 0) return;
      const read = readSync(this.#file, this.#buffer, this.#end, room, this.#bufferOffset + this.#end);
      if (read === 0) return;
      this.#end += read;
    }
  }

  #restart(offset: number): void {
    if (offset > this.#endOffset) this.#damaged("the file ends inside a block");
    this.#bufferOffset = offset;
    this.#at = 0;
    this.#end = 0;
  }

  #damaged(reason: string): never {
    throw new PlimsollError("RUN_DAMAGED", { file: this.path, offset: this.frameOffset, reason });
  }
}
