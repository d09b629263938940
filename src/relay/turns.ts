import { relayTurnsMax } from "../kernel/index.js";

/** Turns at the store: a few at once, the others in order of arrival. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #atWork = 0;

  /** Whether whoever has a turn should let others have theirs. */
  get isWanted(): boolean {
    return this.#waiting.length > 0;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#atWork < relayTurnsMax) this.#atWork++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#atWork--;
      else next();
    }
  }
}
