import type { Kernel } from "../kernel/index.js";
import type { BlockOutput } from "./tuple-buffer.js";

/** Offsets in the header of a key buffer: see KeyBuffer in kernels/key-entry.ts. */
const arenaBytesAt = 12;

/**
 * Key entries in kernel memory: an arena that kernels append to (keyAppend with its `ptr`) and a tuple for
 * each entry, by which they are sorted.
 */
export class KeyBuffer {
  /** What kernels are handed: the header, which holds the counts. */
  readonly ptr: number;
  readonly #kernel: Kernel;
  readonly #block: number;

  /** Tuples and arena lie one behind the other at `at`, or in memory of their own. */
  constructor(kernel: Kernel, capacity: number, arenaCapacity: number, at?: number) {
    const { exports } = kernel;
    this.#kernel = kernel;
    this.ptr = kernel.alloc(exports.KEY_BUFFER_BYTES.value);
    this.#block = kernel.alloc(exports.BLOCK_BUFFER_BYTES.value);
    this.place(
      at ?? kernel.alloc(capacity * exports.TUPLE_BYTES.value + arenaCapacity),
      capacity,
      arenaCapacity,
    );
  }

  /** Lays the buffer out anew, empty. */
  place(at: number, capacity: number, arenaCapacity: number): void {
    const { exports } = this.#kernel;
    const arena = at + capacity * exports.TUPLE_BYTES.value;
    exports.keyBufferInit(this.ptr, at, capacity, arena, arenaCapacity);
  }

  /** Bytes of kernel memory that a buffer takes, alignment included. */
  static bytesFor(kernel: Kernel, capacity: number, arenaCapacity: number): number {
    const { KEY_BUFFER_BYTES, BLOCK_BUFFER_BYTES, TUPLE_BYTES } = kernel.exports;
    return (
      KEY_BUFFER_BYTES.value + BLOCK_BUFFER_BYTES.value + capacity * TUPLE_BYTES.value + arenaCapacity + 64
    );
  }

  get count(): number {
    return this.#kernel.view.getUint32(this.ptr, true);
  }

  /** Bytes of the arena in use. */
  get arenaBytes(): number {
    return this.#kernel.view.getUint32(this.ptr + arenaBytesAt, true);
  }

  sort(): void {
    this.#kernel.exports.keyBufferSort(this.ptr);
  }

  /** Hands the sorted entries over as blocks, in order; the buffer keeps them until `clear`. */
  encode(output: BlockOutput): void {
    const { exports, u8, view } = this.#kernel;
    const headerBytes = exports.BLOCK_HEADER_BYTES.value;
    const count = this.count;
    for (let done = 0; done < count; ) {
      done += exports.keyBlockEncode(this.ptr, done, this.#block);
      const bytes = headerBytes + view.getUint32(this.#block + 4, true);
      output(u8.subarray(this.#block, this.#block + bytes));
    }
  }

  clear(): void {
    this.#kernel.view.setUint32(this.ptr, 0, true);
    this.#kernel.view.setUint32(this.ptr + arenaBytesAt, 0, true);
  }
}
