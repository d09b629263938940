import { closeSync, openSync, readSync, readvSync } from "node:fs";
import { crc32 } from "node:zlib";
import { assert, PlimsollError, runFrameBytesMax } from "../kernel/index.js";
import type { BlockStream } from "./block-stream.js";
import { runFrameHeadBytes } from "./run-writer.js";

export interface RunReaderOptions {
  /** Where to begin: a border of frames, such as `boundOffsets` tells them. */
  startOffset?: number;
}

/** Shared by the readers of a thread: between two calls nothing is kept in it. */
const head = Buffer.alloc(runFrameHeadBytes);

/**
 * Reads a run file block by block and holds every frame against its CRC. Each block goes straight to where it
 * is wanted, with the head of the frame behind it in the same system call: a reader has no buffer, so a merge
 * may have hundreds of them.
 */
export class RunReader implements BlockStream {
  readonly path: string;
  readonly #file: number;
  /** File offset of the next frame. */
  #offset: number;
  /** Bytes and CRC of the next block; null before the first head was read. */
  #next: { bytes: number; crc: number } | null = null;
  #isOpen = true;

  constructor(path: string, options: RunReaderOptions = {}) {
    this.path = path;
    this.#offset = options.startOffset ?? 0;
    this.#file = openSync(path, "r");
  }

  next(into: Uint8Array): number {
    if (this.#next === null) this.#takeHead(readSync(this.#file, head, 0, head.length, this.#offset));
    const { bytes, crc } = this.#next!;
    if (bytes === 0) return 0;
    assert(bytes <= into.length, "a block fits its buffer");
    const block = into.subarray(0, bytes);
    const read = this.#readBoth(block, this.#offset + runFrameHeadBytes);
    if (read < bytes) this.#damaged("the file ends inside a block");
    if (crc32(block) !== crc) this.#damaged("the checksum differs");
    this.#offset += runFrameHeadBytes + bytes;
    this.#takeHead(read - bytes);
    return bytes;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
  }

  /** Bytes read into the block and, when it is full, the head; fewer than both at the end of the file. */
  #readBoth(block: Uint8Array, offset: number): number {
    const wanted = block.length + head.length;
    let read = readvSync(this.#file, [block, head], offset);
    while (read < wanted) {
      // The system may read less than there is: what is missing is asked for again.
      const rest = read < block.length ? [block.subarray(read), head] : [head.subarray(read - block.length)];
      const more = readvSync(this.#file, rest, offset + read);
      if (more === 0) break;
      read += more;
    }
    return read;
  }

  /** Takes the head of the next frame, of which so many bytes could be read; none is the end. */
  #takeHead(read: number): void {
    this.#next = { bytes: 0, crc: 0 };
    if (read === 0) return;
    if (read < head.length) this.#damaged("the file ends inside a frame's head");
    const bytes = head.readUInt32LE(0);
    if (bytes === 0 || bytes > runFrameBytesMax) this.#damaged(`a block of ${bytes} bytes`);
    this.#next = { bytes, crc: head.readUInt32LE(4) };
  }

  #damaged(reason: string): never {
    throw new PlimsollError("RUN_DAMAGED", { file: this.path, offset: this.#offset, reason });
  }
}
