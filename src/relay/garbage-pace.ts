import {
  collectGarbage,
  relayGarbageBytesMax,
  relayGarbageFactor,
  relayGarbageMessageBytes,
} from "../kernel/index.js";

/**
 * Collects garbage by how much was made of it: left to itself it grows to many times of what is held, and
 * counts against the line.
 */
export class GarbagePace {
  #bytes = 0;

  /** A message of so many bytes was read or made. */
  note(messageBytes: number): void {
    this.#bytes += messageBytes * relayGarbageFactor + relayGarbageMessageBytes;
    if (this.#bytes < relayGarbageBytesMax) return;
    this.#bytes = 0;
    collectGarbage();
  }
}
