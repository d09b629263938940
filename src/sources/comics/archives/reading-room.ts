import { comicSmallBytesMax } from "../../../kernel/index.js";
import { DiskPace } from "./disk-pace.js";

/**
 * Archives are read side by side, each within a small room of bytes. One that needs more waits until it is
 * alone in the large room; who waits there holds nothing that others wait for.
 */
export class ReadingRoom {
  readonly pace = new DiskPace();
  #last: Promise<void> = Promise.resolve();

  async take(bytes: number): Promise<Disposable> {
    if (bytes <= comicSmallBytesMax) return { [Symbol.dispose]: () => undefined };
    const former = this.#last;
    let leave = (): void => undefined;
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    await former;
    return { [Symbol.dispose]: leave };
  }
}
