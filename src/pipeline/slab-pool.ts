import { assert } from "../kernel/index.js";

/** Input and output buffer of one batch in flight; both are transferred to a worker and come back. */
export interface Slab {
  input: ArrayBuffer;
  output: ArrayBuffer;
}

/**
 * A fixed number of slabs, made when first needed and used again for ever: buffers of a mebibyte are the ones that the
 * allocator returns to the kernel, but not allocating at all is surer still. Who takes one waits in order of asking.
 */
export class SlabPool {
  readonly #slabBytes: number;
  readonly #outputBytes: number;
  readonly #slabsMax: number;
  readonly #free: Slab[] = [];
  readonly #waiting: ((slab: Slab) => void)[] = [];
  #made = 0;

  constructor(options: { slabBytes: number; outputBytes: number; slabsMax: number }) {
    this.#slabBytes = options.slabBytes;
    this.#outputBytes = options.outputBytes;
    this.#slabsMax = options.slabsMax;
  }

  /** Bytes of all slabs that exist: what the pool's lease covers. */
  get bytes(): number {
    return this.#made * (this.#slabBytes + this.#outputBytes);
  }

  take(): Promise<Slab> | Slab {
    const slab = this.#free.pop();
    if (slab !== undefined) return slab;
    if (this.#made < this.#slabsMax) {
      this.#made += 1;
      return { input: new ArrayBuffer(this.#slabBytes), output: new ArrayBuffer(this.#outputBytes) };
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(slab: Slab): void {
    assert(slab.input.byteLength === this.#slabBytes, "a slab comes back with its own input buffer");
    assert(slab.output.byteLength === this.#outputBytes, "a slab comes back with its own output buffer");
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slab);
    else next(slab);
  }
}
