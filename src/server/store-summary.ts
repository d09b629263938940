import { isPlimsollError } from "../kernel/index.js";
import { type StoreStats, stats } from "../query/index.js";
import type { StoreAccess } from "./store-access.js";

/** What a store holds, counted once for each state that was sealed. */
export class StoreSummary {
  readonly #store: StoreAccess;
  #counted: { state: string; stats: StoreStats } | null = null;

  constructor(store: StoreAccess) {
    this.#store = store;
  }

  /** Null when there is no store yet. */
  async get(signal: AbortSignal): Promise<StoreStats | null> {
    try {
      return await this.#store.use(signal, async (reader, signal) => {
        const state = JSON.stringify(reader.sealed);
        if (this.#counted?.state !== state) this.#counted = { state, stats: stats(reader, { signal }) };
        return this.#counted.stats;
      });
    } catch (error) {
      if (isPlimsollError(error) && error.code === "STORE_ABSENT") return null;
      throw error;
    }
  }
}
