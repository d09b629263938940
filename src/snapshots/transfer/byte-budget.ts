import { setMaxListeners } from "node:events";
import { assert } from "../../kernel/index.js";

export interface ByteBudgetOptions {
  bytesMax: number;
  /** What may be held at once by number; as much as the bytes allow where it is left out. */
  countMax?: number;
}

/** Bytes of a budget; given back by `release`, once however often it is called. */
export interface ByteLease extends Disposable {
  readonly bytes: number;
  /** How many of what was asked for were granted. */
  readonly count: number;
  release(): void;
}

interface Waiter {
  unitBytes: number;
  /** What one of them counts for. */
  unitCount: number;
  unitsWanted: number;
  grant(lease: ByteLease): void;
}

/**
 * Bytes that several transfers share. They are granted in the order in which they are asked for: a large
 * lease is not passed by small ones, and one that is larger than the whole budget goes alone. Whoever holds a
 * lease and waits for another one of the same budget may wait for itself: take what is needed at once.
 */
export class ByteBudget {
  readonly #options: ByteBudgetOptions;
  #queue: Waiter[] = [];
  #usedBytes = 0;
  #count = 0;

  constructor(options: ByteBudgetOptions) {
    const { bytesMax, countMax = 1 } = options;
    assert(bytesMax > 0 && countMax >= 1, "a budget has room for one lease");
    this.#options = options;
  }

  get bytesMax(): number {
    return this.#options.bytesMax;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Units that are held by all leases. */
  get count(): number {
    return this.#count;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** One lease, which may be for several together. */
  take(bytes: number, signal: AbortSignal, count = 1): Promise<ByteLease> {
    return this.#wait({ unitBytes: bytes, unitCount: count, unitsWanted: 1 }, signal);
  }

  /** One lease for several units, for as many of them as there is room for, and for one at least. */
  takeSome(unitBytes: number, countWanted: number, signal: AbortSignal): Promise<ByteLease> {
    return this.#wait({ unitBytes, unitCount: 1, unitsWanted: countWanted }, signal);
  }

  #wait(wanted: Omit<Waiter, "grant">, signal: AbortSignal): Promise<ByteLease> {
    const { unitBytes, unitCount, unitsWanted } = wanted;
    assert(Number.isSafeInteger(unitBytes) && unitBytes >= 0, "a lease is a whole number of bytes");
    assert(unitCount >= 1 && unitsWanted >= 1, "a lease is for something");
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const abort = () => {
        this.#queue = this.#queue.filter((other) => other !== waiter);
        reject(signal.reason);
        this.#pump();
      };
      const waiter: Waiter = {
        ...wanted,
        grant: (lease) => {
          signal.removeEventListener("abort", abort);
          resolve(lease);
        },
      };
      // Many wait with one signal, and each takes its listener away again.
      setMaxListeners(0, signal);
      signal.addEventListener("abort", abort, { once: true });
      this.#queue.push(waiter);
      this.#pump();
    });
  }

  #pump(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const units = Math.min(head.unitsWanted, this.#roomFor(head));
      if (units === 0) return;
      this.#queue.shift();
      head.grant(this.#granted(head.unitBytes * units, head.unitCount * units));
    }
  }

  #roomFor({ unitBytes, unitCount }: Waiter): number {
    const { bytesMax, countMax = Number.POSITIVE_INFINITY } = this.#options;
    const byBytes = Math.floor((bytesMax - this.#usedBytes) / Math.max(1, unitBytes));
    const byCount = Math.floor((countMax - this.#count) / unitCount);
    const units = Math.max(0, Math.min(byBytes, byCount));
    return this.#count === 0 ? Math.max(1, units) : units;
  }

  #granted(bytes: number, count: number): ByteLease {
    let isReleased = false;
    this.#usedBytes += bytes;
    this.#count += count;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      this.#usedBytes -= bytes;
      this.#count -= count;
      this.#pump();
    };
    return { bytes, count, release, [Symbol.dispose]: release };
  }
}
