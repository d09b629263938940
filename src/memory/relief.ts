import { type Clock, reliefRestMs, reliefRestMsMax } from "../kernel/index.js";

/**
 * The rungs of the ladder, in the order in which they are tried; the door, which comes before them, is the
 * governor's.
 */
export const reliefSteps = [
  "commit",
  "spill",
  "shrinkCaches",
  "syncWriteback",
  "releaseMapped",
  "collectGarbage",
] as const;

/** What each step did, for people. */
export const reliefWords = {
  commit: "committed early",
  spill: "spilled run buffers early",
  shrinkCaches: "let free buffers go",
  syncWriteback: "synced files early",
  releaseMapped: "released the store's mapped pages",
  collectGarbage: "collected garbage",
} as const;

export type ReliefStep = (typeof reliefSteps)[number];

/** Gives memory back; answers false (or a promise of it), at once, when it has nothing to give as it is. */
export type ReliefCallback = () => unknown;

/** Where the stages that hold memory say how they can give it back. */
export interface ReliefRegistry {
  register(step: ReliefStep, callback: ReliefCallback): Disposable;
}

/** What a step has done so far; the bytes are sums of what was in use before and after each time. */
export interface ReliefRecord {
  step: ReliefStep;
  times: number;
  /** Times that it had nothing to give. */
  refused: number;
  bytesBefore: number;
  bytesAfter: number;
  seconds: number;
}

/** What a walk is to bring about: the bytes in use, measured afresh, at or below the target. */
export interface ReliefAim {
  usedBytes: () => number;
  targetBytes: number;
}

interface Rung {
  callbacks: Set<ReliefCallback>;
  record: ReliefRecord;
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
    const rungOf = (step: ReliefStep): Rung => {
      const record = { step, times: 0, refused: 0, bytesBefore: 0, bytesAfter: 0, seconds: 0 };
      return { callbacks: new Set(), record, restMs: 0, restUntilMs: 0 };
    };
    const rungs = reliefSteps.map((step) => [step, rungOf(step)] as const);
    this.#rungs = Object.fromEntries(rungs) as Record<ReliefStep, Rung>;
  }

  register(step: ReliefStep, callback: ReliefCallback): Disposable {
    const { callbacks } = this.#rungs[step];
    callbacks.add(callback);
    return { [Symbol.dispose]: () => void callbacks.delete(callback) };
  }

  async walk(aim: ReliefAim, steps: readonly ReliefStep[] = reliefSteps): Promise<void> {
    let used = aim.usedBytes();
    for (const step of steps) {
      if (used <= aim.targetBytes) return;
      used = await this.#try(this.#rungs[step], aim, used);
    }
  }

  records(): ReliefRecord[] {
    return reliefSteps.map((step) => ({ ...this.#rungs[step].record }));
  }

  async #try(rung: Rung, aim: ReliefAim, before: number): Promise<number> {
    const startMs = this.#clock.nowMs();
    if (rung.callbacks.size === 0 || startMs < rung.restUntilMs) return before;
    let hasGiven = false;
    for (const callback of [...rung.callbacks]) {
      if ((await callback()) !== false) hasGiven = true;
    }
    const { record } = rung;
    if (!hasGiven) {
      record.refused++;
      return before;
    }
    const after = aim.usedBytes();
    const nowMs = this.#clock.nowMs();
    record.times++;
    record.bytesBefore += before;
    record.bytesAfter += after;
    record.seconds += (nowMs - startMs) / 1000;
    const isWorthIt = before - after >= (before - aim.targetBytes) / 8;
    rung.restMs = isWorthIt ? 0 : Math.min(reliefRestMsMax, Math.max(reliefRestMs, rung.restMs * 2));
    rung.restUntilMs = nowMs + rung.restMs;
    return after;
  }
}
