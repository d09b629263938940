import { type Clock, reliefRestMs, reliefRestMsMax } from "../kernel/index.js";

/** The rungs of the ladder, in the order in which they are tried. */
export const reliefSteps = [
  "commit",
  "spill",
  "shrinkCaches",
  "syncWriteback",
  "releaseMapped",
  "collectGarbage",
] as const;

export type ReliefStep = (typeof reliefSteps)[number];
export type ReliefCallback = () => void | Promise<void>;

/** Where the stages that hold memory say how they can give it back. */
export interface ReliefRegistry {
  register(step: ReliefStep, callback: ReliefCallback): Disposable;
}

interface Rung {
  callbacks: Set<ReliefCallback>;
  count: number;
  restMs: number;
  restUntilMs: number;
}

/**
 * Walks the rungs until enough was given back. A rung that gave nothing rests, longer each time: freed memory
 * often stays resident, and without the rest a run just under the line would spill and commit at every batch
 * for nothing.
 */
export class ReliefLadder implements ReliefRegistry {
  readonly #clock: Clock;
  readonly #rungs: Record<ReliefStep, Rung>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#rungs = Object.fromEntries(
      reliefSteps.map((step) => [step, { callbacks: new Set(), count: 0, restMs: 0, restUntilMs: 0 }]),
    ) as unknown as Record<ReliefStep, Rung>;
  }

  register(step: ReliefStep, callback: ReliefCallback): Disposable {
    const { callbacks } = this.#rungs[step];
    callbacks.add(callback);
    return { [Symbol.dispose]: () => void callbacks.delete(callback) };
  }

  /** `overageBytes` measures afresh what is still too much; at or below zero the walk ends. */
  async walk(overageBytes: () => number, steps: readonly ReliefStep[] = reliefSteps): Promise<void> {
    let before = overageBytes();
    for (const step of steps) {
      if (before <= 0) return;
      const rung = this.#rungs[step];
      if (rung.callbacks.size === 0 || this.#clock.nowMs() < rung.restUntilMs) continue;
      rung.count++;
      for (const callback of [...rung.callbacks]) await callback();
      const after = overageBytes();
      const gave = before - after >= before / 8;
      rung.restMs = gave ? 0 : Math.min(reliefRestMsMax, Math.max(reliefRestMs, rung.restMs * 2));
      rung.restUntilMs = this.#clock.nowMs() + rung.restMs;
      before = after;
    }
  }

  counts(): Record<ReliefStep, number> {
    return Object.fromEntries(reliefSteps.map((step) => [step, this.#rungs[step].count])) as Record<
      ReliefStep,
      number
    >;
  }
}
