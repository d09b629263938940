import { assert } from "../kernel/index.js";

const probes = 4;

/** A set of 64-bit hashes that may say yes of one that is not in it, and never no of one that is. */
export class BloomFilter {
  readonly #words: Uint32Array;
  readonly #bitsMask: number;

  /** `bytes` is a power of two. */
  constructor(bytes: number) {
    assert(Number.isInteger(Math.log2(bytes)), "the bits of a filter are told by a mask");
    this.#words = new Uint32Array(bytes / 4);
    this.#bitsMask = bytes * 8 - 1;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  clear(): void {
    this.#words.fill(0);
  }

  /** The lowest bit of a hash tells a definition from a reference, and does not count. */
  add(low: number, high: number): void {
    let bit = low >>> 1;
    const step = (high | 1) >>> 0;
    for (let probe = 0; probe < probes; probe++) {
      const at = bit & this.#bitsMask;
      this.#words[at >>> 5]! |= 1 << (at & 31);
      bit = (bit + step) >>> 0;
    }
  }

  has(low: number, high: number): boolean {
    let bit = low >>> 1;
    const step = (high | 1) >>> 0;
    for (let probe = 0; probe < probes; probe++) {
      const at = bit & this.#bitsMask;
      if ((this.#words[at >>> 5]! & (1 << (at & 31))) === 0) return false;
      bit = (bit + step) >>> 0;
    }
    return true;
  }
}
