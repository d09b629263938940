import { assert } from "../kernel/index.js";

/** Bytes that a batch holds of the budget; given back by `release`, once however often it is called. */
export interface BatchLease {
  readonly bytes: number;
  /** Says how much of it is in memory by now. */
  fill(bytes: number): void;
  /** Gives back what the batch did not fill. */
  shrink(): void;
  release(): void;
}

export interface Entrance {
  /** How much to grant is settled at the door, when there is room: the parts change while one waits. */
  wantedBytes: () => number;
  /** An item that whoever asks holds already; it moves into the lease. */
  heldBytes: number;
}

interface Waiter extends Entrance {
  grant: (lease: BatchLease) => void;
}

/**
 * The door of a budget: batches are admitted in the order in which they ask, when what they want is free, or
 * when nobody is inside. Whoever waits holds one item at most, so whatever is inside can always finish.
 */
export class BatchDoor {
  readonly #budgetBytes: () => number;
  #queue: Waiter[] = [];
  #leasedBytes = 0;
  #leaseCount = 0;
  #heldBytes = 0;
  #filledBytes = 0;
  #filledHighBytes = 0;

  constructor(budgetBytes: () => number) {
    this.#budgetBytes = budgetBytes;
  }

  /** Bytes of the batches that are being filled or used. */
  get leasedBytes(): number {
    return this.#leasedBytes;
  }

  get leaseCount(): number {
    return this.#leaseCount;
  }

  /** Bytes of items that were read before their size was known and wait for their batch. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The most that was in memory at once since the last call. */
  takeFilledHighBytes(): number {
    const high = this.#filledHighBytes;
    this.#filledHighBytes = this.#filledBytes;
    return high;
  }

  /** Counts an item that is in memory without a lease. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#noteFilled(bytes);
  }

  drop(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#noteFilled(-bytes);
    this.pump();
  }

  admit(entrance: Entrance, signal?: AbortSignal): Promise<BatchLease> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.#queue = this.#queue.filter((other) => other !== waiter);
        reject(signal!.reason);
        this.pump();
      };
      const grant = (lease: BatchLease) => {
        signal?.removeEventListener("abort", abort);
        resolve(lease);
      };
      const waiter: Waiter = { ...entrance, grant };
      signal?.addEventListener("abort", abort, { once: true });
      this.#queue.push(waiter);
      this.pump();
    });
  }

  /** Lets in whoever can be; called after anything that makes room. */
  pump(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const bytes = head.wantedBytes();
      const freeBytes = this.#budgetBytes() - this.#leasedBytes - (this.#heldBytes - head.heldBytes);
      if (bytes > freeBytes && this.#leaseCount > 0) return;
      this.#queue.shift();
      this.#heldBytes -= head.heldBytes;
      this.#noteFilled(-head.heldBytes);
      head.grant(this.#take(bytes));
    }
  }

  #noteFilled(changeBytes: number): void {
    this.#filledBytes += changeBytes;
    this.#filledHighBytes = Math.max(this.#filledHighBytes, this.#filledBytes);
  }

  #take(grantedBytes: number): BatchLease {
    let bytes = grantedBytes;
    let filledBytes = 0;
    let released = false;
    this.#leasedBytes += bytes;
    this.#leaseCount++;
    const resize = (nextBytes: number) => {
      this.#leasedBytes += nextBytes - bytes;
      bytes = nextBytes;
    };
    const fill = (nextBytes: number) => {
      this.#noteFilled(nextBytes - filledBytes);
      filledBytes = nextBytes;
    };
    return {
      get bytes() {
        return bytes;
      },
      fill: (nextBytes) => {
        assert(!released && nextBytes <= bytes, "a batch stays within its lease");
        fill(nextBytes);
      },
      shrink: () => {
        resize(filledBytes);
        this.pump();
      },
      release: () => {
        if (released) return;
        released = true;
        resize(0);
        fill(0);
        this.#leaseCount--;
        this.pump();
      },
    };
  }
}
