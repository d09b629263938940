import { assert } from "../../kernel/index.js";

export interface ByteBudgetOptions {
  bytesMax: number;
  /** Leases at once; as many as the bytes allow where it is left out. */
  countMax?: number;
}

/** Bytes of a budget; given back by `release`, once however often it is called. */
export interface ByteLease extends Disposable {
  readonly bytes: number;
  /** Gives back what is not needed after all. */
  shrink(bytes: number): void;
  release(): void;
}

interface Waiter {
  bytes: number;
  grant(lease: ByteLease): void;
}

/**
 * Bytes that several transfers share. They are granted in the order in which they are asked for: a large lease is not
 * passed by small ones, and one that is larger than the whole budget goes alone. Whoever holds a lease and waits
 * for another one of the same budget may wait for itself: take what is needed at once.
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

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get count(): number {
    return this.#count;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  take(bytes: number, signal: AbortSignal): Promise<ByteLease> {
    assert(Number.isSafeInteger(bytes) && bytes >= 0, "a lease is a whole number of bytes");
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const abort = () => {
        this.#queue = this.#queue.filter((other) => other !== waiter);
        reject(signal.reason);
        this.#pump();
      };
      const waiter: Waiter = {
        bytes,
        grant: (lease) => {
          signal.removeEventListener("abort", abort);
          resolve(lease);
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#queue.push(waiter);
      this.#pump();
    });
  }

  #pump(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      if (!this.#hasRoom(head.bytes)) return;
      this.#queue.shift();
      head.grant(this.#granted(head.bytes));
    }
  }

  #hasRoom(bytes: number): boolean {
    const { bytesMax, countMax = Number.POSITIVE_INFINITY } = this.#options;
    return this.#count === 0 || (this.#count < countMax && this.#usedBytes + bytes <= bytesMax);
  }

  #granted(grantedBytes: number): ByteLease {
    let bytes = grantedBytes;
    let isReleased = false;
    this.#usedBytes += bytes;
    this.#count++;
    const resize = (next: number) => {
      this.#usedBytes += next - bytes;
      bytes = next;
    };
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      resize(0);
      this.#count--;
      this.#pump();
    };
    return {
      get bytes() {
        return bytes;
      },
      shrink: (next) => {
        assert(!isReleased && next >= 0 && next <= bytes, "a held lease only becomes smaller");
        resize(next);
        this.#pump();
      },
      release,
      [Symbol.dispose]: release,
    };
  }
}
