import { assert } from "../kernel/index.js";
import { type ShareName, shareNames } from "./shares.js";

/** Bytes granted out of a share; given back by `release`, once however often it is called. */
export interface Lease extends Disposable {
  readonly share: ShareName;
  readonly bytes: number;
  readonly released: boolean;
  release(): void;
}

class HeldLease implements Lease {
  readonly share: ShareName;
  bytes: number;
  released = false;
  readonly #giveBack: (lease: HeldLease) => void;

  constructor(share: ShareName, bytes: number, giveBack: (lease: HeldLease) => void) {
    this.share = share;
    this.bytes = bytes;
    this.#giveBack = giveBack;
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.#giveBack(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** The book of leases: what each share may grant, what it has granted, exactly. */
export class Ledger {
  readonly #capacities: Record<ShareName, number>;
  readonly #used = Object.fromEntries(shareNames.map((name) => [name, 0])) as Record<ShareName, number>;
  readonly #counts = Object.fromEntries(shareNames.map((name) => [name, 0])) as Record<ShareName, number>;
  readonly #onRelease: (lease: Lease) => void;

  constructor(capacities: Record<ShareName, number>, onRelease: (lease: Lease) => void = () => {}) {
    this.#capacities = capacities;
    this.#onRelease = onRelease;
  }

  /** Grants at once or not at all. */
  take(share: ShareName, bytes: number): Lease | null {
    assert(Number.isSafeInteger(bytes) && bytes >= 0, "a lease is a whole number of bytes");
    if (this.#used[share] + bytes > this.#capacities[share]) return null;
    this.#used[share] += bytes;
    this.#counts[share]++;
    return new HeldLease(share, bytes, (lease) => {
      this.#used[lease.share] -= lease.bytes;
      this.#counts[lease.share]--;
      this.#onRelease(lease);
    });
  }

  /** Lowers a held lease, or raises it again as far as its share allows; the answer is what it holds now. */
  resize(lease: Lease, bytes: number): number {
    assert(lease instanceof HeldLease && !lease.released && bytes >= 0, "a held lease is resized");
    const room = this.#capacities[lease.share] - this.#used[lease.share];
    const change = Math.min(bytes - lease.bytes, room);
    this.#used[lease.share] += change;
    lease.bytes += change;
    return lease.bytes;
  }

  /** Raises a lease whatever its share allows: for the one record that is larger than a slab. */
  raise(lease: Lease, bytes: number): void {
    assert(lease instanceof HeldLease && !lease.released && bytes >= lease.bytes, "a held lease is raised");
    this.#used[lease.share] += bytes - lease.bytes;
    lease.bytes = bytes;
  }

  usedBytes(share: ShareName): number {
    return this.#used[share];
  }

  countOf(share: ShareName): number {
    return this.#counts[share];
  }

  capacityBytes(share: ShareName): number {
    return this.#capacities[share];
  }

  totalBytes(): number {
    return shareNames.reduce((sum, name) => sum + this.#used[name], 0);
  }
}
