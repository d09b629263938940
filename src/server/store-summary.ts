import { isPlimsollError } from "../kernel/index.js";
import { type StoreStats, statsSteps } from "../query/index.js";
import type { PausingReader, StoreAccess } from "./store-access.js";

/** What a store holds, counted once for each state that was sealed. */
export class StoreSummary {
  readonly #store: StoreAccess;
  #counted: { state: string; stats: StoreStats } | null = null;

  constructor(store: StoreAccess) {
    this.#store = store;
  }

  /** Null when there is no store yet. */
  async get(signal: AbortSignal): Promise<StoreStats | null> {
    for (;;) {
      try {
        return await this.#store.useAlone(signal, (reader) => this.#read(reader, signal));
      } catch (error) {
        const code = isPlimsollError(error) ? error.code : null;
        if (code === "STORE_ABSENT") return null;
        // Sealed anew while it was counted: what is there now counts.
        if (code !== "STORE_CHANGED") throw error;
      }
    }
  }

  async #read({ reader, pause }: PausingReader, signal: AbortSignal): Promise<StoreStats> {
    const state = JSON.stringify(reader.sealed);
    if (this.#counted?.state === state) return this.#counted.stats;
    const steps = statsSteps(reader, { signal });
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        this.#counted = { state, stats: step.value };
        return step.value;
      }
      await pause();
    }
  }
}
