import { relayTurnsMax } from "../kernel/index.js";

/** Turns at the store: a few at once, the others in order of arrival. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #atWork = 0;

  /** Whether whoever has a turn should let others have theirs. */
  get isWanted(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whoever is aborted while it waits leaves the queue at once, with what it holds. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#atWork < relayTurnsMax) this.#atWork++;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#atWork--;
      else next();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(turn);
        signal.removeEventListener("abort", giveUp);
      };
      const turn = () => {
        leave();
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(signal.reason);
      };
      this.#waiting.add(turn);
      signal.addEventListener("abort", giveUp);
    });
  }
}
