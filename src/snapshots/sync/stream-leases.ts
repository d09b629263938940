import { assert } from "../../kernel/index.js";

interface Waiting {
  wanted: number;
  grant: () => void;
}

/** Snapshots that are open at once, for all databases that are synced: who comes first is served first. */
export class StreamLeases {
  readonly capacity: number;
  #free: number;
  readonly #waiting: Waiting[] = [];

  constructor(capacity: number) {
    assert(capacity >= 1, "one snapshot can be open");
    this.capacity = capacity;
    this.#free = capacity;
  }

  /** As many as are wanted and may ever be held; waits until they are free. */
  async take(wanted: number, signal: AbortSignal): Promise<{ snapshots: number } & Disposable> {
    const snapshots = Math.min(wanted, this.capacity);
    if (this.#waiting.length > 0 || this.#free < snapshots) await this.#wait(snapshots, signal);
    else this.#free -= snapshots;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      this.#free += snapshots;
      this.#grant();
    };
    return { snapshots, [Symbol.dispose]: release };
  }

  #wait(wanted: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        wanted,
        grant: () => {
          signal.removeEventListener("abort", stop);
          resolve();
        },
      };
      const stop = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        this.#grant();
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next && next.wanted <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.wanted;
      next.grant();
    }
  }
}
