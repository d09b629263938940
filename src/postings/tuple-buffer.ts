import type { Kernel } from "../kernel/index.js";

/** Called with a view of kernel memory: valid until the call returns. */
export type BlockOutput = (block: Uint8Array) => void;

/**
 * A growing array of tuples in kernel memory: kernels append to it (tupleAppend with its `ptr`), the host
 * sorts it and takes it out as blocks.
 */
export class TupleBuffer {
  /** What kernels are handed: the header, which holds the count. */
  readonly ptr: number;
  readonly #kernel: Kernel;
  readonly #block: number;
  #capacity = 0;
  #tuples = 0;

  /** The tuples lie at `at`, or in memory of their own. */
  constructor(kernel: Kernel, capacity: number, at?: number) {
    const { exports } = kernel;
    this.#kernel = kernel;
    this.ptr = kernel.alloc(exports.TUPLE_BUFFER_BYTES.value);
    this.#block = kernel.alloc(exports.BLOCK_BUFFER_BYTES.value);
    this.place(at ?? kernel.alloc(capacity * exports.TUPLE_BYTES.value), capacity, false);
  }

  /** Lays the buffer out anew, empty: `canGrow` when the host has a layout with more room for a record. */
  place(at: number, capacity: number, canGrow: boolean): void {
    this.#tuples = at;
    this.#capacity = capacity;
    this.#kernel.exports.tupleBufferInit(this.ptr, at, capacity, canGrow ? 1 : 0);
  }

  /** Bytes of kernel memory that a buffer of `capacity` tuples takes, alignment included. */
  static bytesFor(kernel: Kernel, capacity: number): number {
    const { TUPLE_BUFFER_BYTES, BLOCK_BUFFER_BYTES, TUPLE_BYTES } = kernel.exports;
    return TUPLE_BUFFER_BYTES.value + BLOCK_BUFFER_BYTES.value + capacity * TUPLE_BYTES.value + 48;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get count(): number {
    return this.#kernel.view.getUint32(this.ptr, true);
  }

  set count(count: number) {
    this.#kernel.view.setUint32(this.ptr, count, true);
  }

  /** Copies `count` tuples to the end; the caller has seen that there is room. */
  append(tuples: Uint8Array, count: number): void {
    const at = this.#tuples + this.count * this.#kernel.exports.TUPLE_BYTES.value;
    this.#kernel.u8.set(tuples, at);
    this.count += count;
  }

  /** Sorts the tuples and makes one of those that are equal but for the payload. */
  sort(): void {
    const { exports } = this.#kernel;
    exports.tupleSort(this.#tuples, this.count);
    this.count = exports.tupleUnite(this.#tuples, this.count);
  }

  /** Hands the sorted tuples over as blocks, in order; the buffer keeps them until `clear`. */
  encode(output: BlockOutput): void {
    const { exports, u8, view } = this.#kernel;
    const tupleBytes = exports.TUPLE_BYTES.value;
    const headerBytes = exports.BLOCK_HEADER_BYTES.value;
    const count = this.count;
    for (let done = 0; done < count; ) {
      done += exports.tupleBlockEncode(this.#tuples + done * tupleBytes, count - done, this.#block);
      const bytes = headerBytes + view.getUint32(this.#block + 4, true);
      output(u8.subarray(this.#block, this.#block + bytes));
    }
  }

  clear(): void {
    this.count = 0;
  }
}
