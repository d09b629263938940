import { assert } from "../kernel/index.js";
import type { Governor } from "../memory/index.js";

/** Input and output buffer of one batch in flight; both are transferred to a worker and come back. */
export interface Slab {
  input: ArrayBuffer;
  output: ArrayBuffer;
  /** The room that the slab takes at the door. */
  lease: Disposable;
}

/**
 * The door of the import: a batch waits here, in order of asking, until the governor admits its slab. Buffers
 * are made when first needed and used again for ever: those of a mebibyte are the ones that the allocator
 * returns to the kernel, but not allocating at all is surer still.
 */
export class SlabPool {
  readonly #governor: Governor;
  readonly #failed = new AbortController();
  readonly #signal: AbortSignal;
  #free: Omit<Slab, "lease">[] = [];

  constructor(governor: Governor, signal: AbortSignal) {
    this.#governor = governor;
    this.#signal = AbortSignal.any([signal, this.#failed.signal]);
  }

  async take(): Promise<Slab> {
    const { slabBytes, outputBytes } = this.#governor.table;
    const lease = await this.#governor.admit(slabBytes, this.#signal);
    const buffers = this.#free.pop() ?? {
      input: new ArrayBuffer(slabBytes),
      output: new ArrayBuffer(outputBytes),
    };
    return { ...buffers, lease };
  }

  give(slab: Slab): void {
    const { input, output } = slab;
    assert(
      input.byteLength === this.#governor.table.slabBytes,
      "a slab comes back with its own input buffer",
    );
    this.#free.push({ input, output });
    slab.lease[Symbol.dispose]();
  }

  /** Lets half of the free buffers go, one at least; says how many. */
  shrink(): number {
    return this.#free.splice(0, Math.ceil(this.#free.length / 2)).length;
  }

  /** The slabs that are out will not come back: whoever waits at the door, now or later, is told why. */
  fail(error: unknown): void {
    this.#failed.abort(error);
  }

  /** Lets the buffers go: nothing is read any more. */
  drop(): void {
    this.#free = [];
  }
}
