import type { Duplex } from "node:stream";
import type { ServerCounts } from "./server-counts.js";

/** Bounds the connections that are not the relay's: those have a bound of their own. */
export class HttpConnections {
  readonly #connectionsMax: number;
  readonly #counts: ServerCounts;
  readonly #sockets = new Set<Duplex>();

  constructor(connectionsMax: number, counts: ServerCounts) {
    this.#connectionsMax = connectionsMax;
    this.#counts = counts;
  }

  /** Refuses one too many. */
  admit(socket: Duplex): void {
    if (this.#sockets.size >= this.#connectionsMax) {
      this.#counts.connectionsRefused++;
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** It has become the relay's. */
  release(socket: Duplex): void {
    this.#sockets.delete(socket);
  }
}
