import { liveReaderAgeMsMax, systemClock } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";

type Reader = StoreReader & AsyncDisposable;

/** A reader of what is sealed that is there when it is asked for, and leaves when a writer wants it to. */
export class SealedView {
  readonly #open: (onWanted: () => void) => Promise<Reader>;
  #reader: Reader | null = null;
  #openedAtMs = 0;

  constructor(open: (onWanted: () => void) => Promise<Reader>) {
    this.#open = open;
  }

  /** To be used before anything else is awaited. */
  async reader(): Promise<StoreReader> {
    if (systemClock.nowMs() - this.#openedAtMs > liveReaderAgeMsMax) this.close();
    while (this.#reader === null) {
      let opened: Reader | null = null;
      let isWanted = false;
      const reader = await this.#open(() => {
        isWanted = true;
        if (opened !== null && this.#reader === opened) this.close();
      });
      opened = reader;
      if (isWanted) await reader[Symbol.asyncDispose]();
      else this.#reader = reader;
      this.#openedAtMs = systemClock.nowMs();
    }
    return this.#reader;
  }

  close(): void {
    const reader = this.#reader;
    this.#reader = null;
    void reader?.[Symbol.asyncDispose]();
  }
}
