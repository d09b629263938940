import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { bodyChunksMax } from "../kernel/index.js";

export interface BodyStreamOptions {
  request: IncomingMessage;
  /** A body that brings nothing for this long, while it is waited for, is given up. */
  idleMsMax: number;
  /** The client has gone, or says nothing any more: told once, before the stream fails. */
  onBroken: (reason: string) => void;
}

/**
 * The chunks of a body as they came from the socket, which is read while somebody wants them and a few chunks
 * further. A client is waited for only while its bytes are wanted: one timer for all chunks, because a body
 * has tens of thousands of them.
 */
export class BodyStream extends Readable {
  readonly #request: IncomingMessage;
  readonly #onBroken: (reason: string) => void;
  readonly #idleMsMax: number;
  readonly #idle: NodeJS.Timeout;
  #isWanted = false;

  constructor({ request, idleMsMax, onBroken }: BodyStreamOptions) {
    super({ objectMode: true, highWaterMark: bodyChunksMax });
    this.#request = request;
    this.#onBroken = onBroken;
    this.#idleMsMax = idleMsMax;
    this.#idle = setTimeout(() => this.#giveUp(), idleMsMax).unref();
    // A client may go before anybody reads; whoever reads later finds the stream destroyed.
    this.on("error", () => {});
    // Paused first, or the listener would set the bytes flowing.
    request.pause();
    request.on("data", this.#onData);
    request.once("end", this.#onEnd);
    request.on("error", this.#onGone);
    request.once("close", this.#onGone);
    if (request.destroyed) this.#onGone();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#idle.refresh();
    this.#request.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#idle);
    const request = this.#request;
    request.off("data", this.#onData);
    request.off("end", this.#onEnd);
    request.off("close", this.#onGone);
    // The listener for errors stays: a client may go at any time, and nobody else may be listening.
    request.pause();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#idle.refresh();
    if (this.push(chunk)) return;
    this.#isWanted = false;
    this.#request.pause();
  };

  readonly #onEnd = (): void => {
    clearTimeout(this.#idle);
    this.#isWanted = false;
    this.push(null);
  };

  readonly #onGone = (error?: Error): void => {
    if (this.#request.readableEnded || this.destroyed) return;
    this.#break("the client has gone", error ?? new Error("aborted"));
  };

  #giveUp(): void {
    if (!this.#isWanted) return;
    const reason = `nothing came for ${this.#idleMsMax / 1000} seconds`;
    this.#break(reason, new Error(reason));
  }

  #break(reason: string, error: Error): void {
    this.#onBroken(reason);
    this.destroy(error);
  }
}
