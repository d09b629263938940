import { comicsPatience, slowReadMs } from "../../../kernel/index.js";

/**
 * Whether the disk answers at once. Then reading in place costs less than asking a thread for it; a disk that
 * let one archive wait is asked by threads for the next ones, so that several waits go by side by side.
 */
export class DiskPace {
  #patience = 0;

  get isFast(): boolean {
    return this.#patience === 0;
  }

  /** Time that an archive's reading stood still. */
  note(ms: number): void {
    if (this.#patience > 0) this.#patience -= 1;
    else if (ms >= slowReadMs) this.#patience = comicsPatience;
  }
}
