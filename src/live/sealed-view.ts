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

  /** Lends the reader for work that awaits nothing: a writer may ask for it at any other moment. */
  async with<T>(work: (reader: StoreReader) => T): Promise<T> {
    if (systemClock.nowMs() - this.#openedAtMs > liveReaderAgeMsMax) this.close();
    for (;;) {
      if (this.#reader !== null) return work(this.#reader);
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
  }

  close(): void {
    const reader = this.#reader;
    this.#reader = null;
    void reader?.[Symbol.asyncDispose]();
  }
}
