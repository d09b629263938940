import { fdatasyncSync } from "node:fs";
import { uptimeMs } from "../kernel/index.js";

const unsyncedAt = 0;
const waitedAt = 1;
const peakAt = 2;

/**
 * Bytes of our own files that were written and are not on the disk yet, and the time that threads waited for
 * the disk: exact, whatever the machine tells, and one for all threads.
 */
export class WritebackMeter {
  /** Handed to other threads, which make a meter of their own around it. */
  readonly shared: SharedArrayBuffer;
  readonly #numbers: BigInt64Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(24)) {
    this.shared = shared;
    this.#numbers = new BigInt64Array(shared);
  }

  /** Bytes went to a file; negative when they are on the disk. */
  wrote(bytes: number): void {
    const before = Atomics.add(this.#numbers, unsyncedAt, BigInt(bytes));
    const now = before + BigInt(bytes);
    for (let peak = Atomics.load(this.#numbers, peakAt); peak < now; ) {
      const found = Atomics.compareExchange(this.#numbers, peakAt, peak, now);
      if (found === peak) return;
      peak = found;
    }
  }

  waited(ms: number): void {
    Atomics.add(this.#numbers, waitedAt, BigInt(Math.round(ms * 1000)));
  }

  /** Waits until a file's bytes are on the disk; so many of them had not been. */
  sync(file: number, bytes: number): void {
    const startMs = uptimeMs();
    fdatasyncSync(file);
    this.waited(uptimeMs() - startMs);
    this.wrote(-bytes);
  }

  get unsyncedBytes(): number {
    return Number(Atomics.load(this.#numbers, unsyncedAt));
  }

  /** The most that ever waited for the disk, of all threads together. */
  get peakUnsyncedBytes(): number {
    return Number(Atomics.load(this.#numbers, peakAt));
  }

  /** Of all threads together. */
  get waitedSeconds(): number {
    return Number(Atomics.load(this.#numbers, waitedAt)) / 1e6;
  }
}
