import { closeSync, openSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { assert, runBufferBytes, runFrameBytesMax, runSyncBytes } from "../kernel/index.js";
import { WritebackMeter } from "../memory/index.js";

/** A frame's head: u32 bytes of the block, u32 CRC-32 of the block. */
export const runFrameHeadBytes = 8;

export interface RunWriterOptions {
  /** Bytes written between two fdatasync calls; also bounds the dirty page cache that a run leaves behind. */
  syncBytes?: number;
  /** Counts what is not on the disk yet, and the time spent waiting for it. */
  meter?: WritebackMeter;
}

/**
 * Writes a run file: frames of a block each, durable once `finish` has returned. Synchronous, for worker
 * threads.
 */
export class RunWriter {
  readonly path: string;
  readonly #file: number;
  readonly #buffer: Buffer<ArrayBuffer>;
  readonly #syncBytes: number;
  readonly #meter: WritebackMeter;
  #used = 0;
  #written = 0;
  #unsynced = 0;
  #isOpen = true;

  /** `buffer` may be lent by the caller, to be used again for the next run. */
  constructor(path: string, options: RunWriterOptions = {}, buffer?: Buffer<ArrayBuffer>) {
    this.path = path;
    this.#buffer = buffer ?? Buffer.allocUnsafeSlow(runBufferBytes);
    this.#syncBytes = options.syncBytes ?? runSyncBytes;
    this.#meter = options.meter ?? new WritebackMeter();
    this.#file = openSync(path, "w");
  }

  /** Bytes of the file so far, those still in the buffer included. */
  get bytes(): number {
    return this.#written + this.#used;
  }

  write(block: Uint8Array): void {
    const frameBytes = runFrameHeadBytes + block.length;
    assert(block.length > 0 && block.length <= runFrameBytesMax, "a frame holds one block");
    if (this.#used + frameBytes > this.#buffer.length) this.#flush();
    this.#buffer.writeUInt32LE(block.length, this.#used);
    this.#buffer.writeUInt32LE(crc32(block), this.#used + 4);
    this.#buffer.set(block, this.#used + runFrameHeadBytes);
    this.#used += frameBytes;
  }

  /** Makes the file durable and closes it; returns its bytes. */
  finish(): number {
    this.#flush();
    this.#sync();
    this.abandon();
    return this.#written;
  }

  /** Closes the file as it is: for the way out after an error. */
  abandon(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
    // Nobody waits for the rest of a file that is given up.
    this.#meter.wrote(-this.#unsynced);
  }

  #flush(): void {
    // Before, not after: what is dirty never exceeds the bound by a buffer.
    if (this.#unsynced + this.#used > this.#syncBytes) this.#sync();
    for (let from = 0; from < this.#used; ) {
      from += writeSync(this.#file, this.#buffer, from, this.#used - from);
    }
    this.#written += this.#used;
    this.#unsynced += this.#used;
    this.#meter.wrote(this.#used);
    this.#used = 0;
  }

  #sync(): void {
    if (this.#unsynced === 0) return;
    this.#meter.sync(this.#file, this.#unsynced);
    this.#unsynced = 0;
  }
}
