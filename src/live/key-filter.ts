import { liveKeyFilterBytes } from "../kernel/index.js";

const probes = 4;
const bitsMask = liveKeyFilterBytes * 8 - 1;

/**
 * Tells of most keys that nobody has written them since this process began: then only what was sealed before
 * is looked through. It has a fixed size, and may say yes of a key that is new, never no of one that is
 * known.
 */
export class KeyFilter {
  readonly #words = new Uint32Array(liveKeyFilterBytes / 4);
  /** The filter knows the keys of all records from this id on. */
  coveredFromId = 0;

  /** Begins anew: others have sealed records whose keys it has not seen. */
  restart(coveredFromId: number): void {
    this.#words.fill(0);
    this.coveredFromId = coveredFromId;
  }

  /** The lowest bit of a hash tells a definition from a reference, and does not count. */
  add(low: number, high: number): void {
    let bit = low >>> 1;
    const step = (high | 1) >>> 0;
    for (let probe = 0; probe < probes; probe++) {
      const at = bit & bitsMask;
      this.#words[at >>> 5]! |= 1 << (at & 31);
      bit = (bit + step) >>> 0;
    }
  }

  has(low: number, high: number): boolean {
    let bit = low >>> 1;
    const step = (high | 1) >>> 0;
    for (let probe = 0; probe < probes; probe++) {
      const at = bit & bitsMask;
      if ((this.#words[at >>> 5]! & (1 << (at & 31))) === 0) return false;
      bit = (bit + step) >>> 0;
    }
    return true;
  }
}
