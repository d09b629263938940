import { type Clock, delayPartMin } from "../kernel/index.js";

/**
 * What a delay waits for: the bytes that are too much, measured afresh; at or below zero there is no need.
 */
export type Overage = () => number;

/**
 * Waits of bounded length that learn: one that brought nothing is followed by one of half its length, one
 * that helped by one of full length. What does not help must not become the rule: others may keep what they
 * took.
 */
export class Delay {
  readonly #clock: Clock;
  readonly #msMax: number;
  #part = 1;
  #waitedMs = 0;

  constructor(clock: Clock, msMax: number) {
    this.#clock = clock;
    this.#msMax = msMax;
  }

  get seconds(): number {
    return Math.round(this.#waitedMs) / 1000;
  }

  reset(): void {
    this.#part = 1;
  }

  /** Waits once, in proportion to the overage: the whole of `msMax` where it is `bytesFull` or more. */
  async inProportion(overage: Overage, bytesFull: number, signal?: AbortSignal): Promise<void> {
    const before = overage();
    if (before <= 0) return;
    await this.#sleep(this.#msMax * Math.min(1, before / bytesFull) * this.#part, signal);
    this.#learn(before, overage());
  }

  /** Waits until nothing is too much any more, looking again every so often, and no longer than `msMax`. */
  async untilGone(overage: Overage, pollMs: number, signal?: AbortSignal): Promise<void> {
    const before = overage();
    const endMs = this.#clock.nowMs() + this.#msMax * this.#part;
    let left = before;
    while (left > 0 && this.#clock.nowMs() < endMs && signal?.aborted !== true) {
      await this.#sleep(pollMs, signal);
      left = overage();
    }
    if (before > 0) this.#learn(before, left);
  }

  /** A page more or less is no help: memory is never quite still. */
  #learn(before: number, after: number): void {
    const hasHelped = before - after >= before / 8;
    this.#part = hasHelped ? 1 : Math.max(delayPartMin, this.#part / 2);
  }

  async #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const startMs = this.#clock.nowMs();
    await this.#clock.sleep(ms, signal);
    this.#waitedMs += this.#clock.nowMs() - startMs;
  }
}
