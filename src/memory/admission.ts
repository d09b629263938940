import { assert } from "../kernel/index.js";
import type { Lease, Ledger } from "./leases.js";

interface Waiter {
  bytes: number;
  grant: (lease: Lease) => void;
}

interface AloneWaiter {
  lease: Lease;
  wake: () => void;
}

/**
 * The door: the only place where anything waits for memory. Batches are admitted in the order in which they
 * ask. A lease that is already inside never waits for another one, so whatever was admitted can always
 * finish.
 */
export class Admission {
  readonly #ledger: Ledger;
  #queue: Waiter[] = [];
  #enlarged: Lease | undefined;
  #aloneWaiter: AloneWaiter | undefined;
  #narrow = false;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /**
   * While the door is narrow only one batch is inside: under pressure the import drains but never stands
   * still.
   */
  setNarrow(narrow: boolean): void {
    this.#narrow = narrow;
    this.pump();
  }

  get waiting(): number {
    return this.#queue.length;
  }

  admit(bytes: number, signal?: AbortSignal): Promise<Lease> {
    assert(bytes <= this.#ledger.capacityBytes("inputSlabs"), "a slab fits the share of input");
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.#queue = this.#queue.filter((other) => other !== waiter);
        reject(signal!.reason);
        this.pump();
      };
      const waiter: Waiter = {
        bytes,
        grant: (lease) => {
          signal?.removeEventListener("abort", abort);
          resolve(lease);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#queue.push(waiter);
      this.pump();
    });
  }

  /** Lets an admitted lease grow beyond a slab; until it is released nobody else is admitted. */
  enlarge(lease: Lease, bytes: number): boolean {
    assert(lease.share === "inputSlabs" && !lease.released, "an admitted lease is enlarged");
    if (bytes <= lease.bytes) return true;
    if (this.#enlarged !== undefined && this.#enlarged !== lease) return false;
    this.#enlarged = lease;
    this.#ledger.raise(lease, bytes);
    return true;
  }

  /** Resolves when every other batch has left. */
  alone(lease: Lease, signal?: AbortSignal): Promise<void> {
    assert(this.#enlarged === lease, "only an enlarged lease goes alone");
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.#aloneWaiter = undefined;
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      const wake = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      this.#aloneWaiter = { lease, wake };
      this.pump();
    });
  }

  /** Called by the ledger for every lease of this share that came back. */
  released(lease: Lease): void {
    if (lease === this.#enlarged) this.#enlarged = undefined;
    this.pump();
  }

  pump(): void {
    this.#wakeAlone();
    while (this.#queue.length > 0 && this.#enlarged === undefined) {
      if (this.#narrow && this.#ledger.countOf("inputSlabs") > 0) return;
      const lease = this.#ledger.take("inputSlabs", this.#queue[0]!.bytes);
      if (lease === null) return;
      this.#queue.shift()!.grant(lease);
    }
  }

  #wakeAlone(): void {
    const waiter = this.#aloneWaiter;
    if (waiter === undefined) return;
    if (!waiter.lease.released && this.#ledger.countOf("inputSlabs") > 1) return;
    this.#aloneWaiter = undefined;
    waiter.wake();
  }
}
