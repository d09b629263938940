import { assert } from "../kernel/index.js";

/**
 * Blocks in order, a block a call; synchronous, because it runs in worker threads between steps of a kernel.
 */
export interface BlockStream {
  /** Writes the next block to the front of `into` and returns its bytes; 0 at the end. */
  next(into: Uint8Array): number;
}

/** A stream over blocks that are at hand one by one, such as the entries of a table. */
export function streamOfBlocks(blocks: Iterable<Uint8Array>): BlockStream {
  const iterator = blocks[Symbol.iterator]();
  return {
    next(into) {
      const step = iterator.next();
      if (step.done) return 0;
      assert(step.value.length > 0 && step.value.length <= into.length, "a block fits its buffer");
      into.set(step.value);
      return step.value.length;
    },
  };
}
