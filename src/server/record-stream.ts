import type { ServerResponse } from "node:http";
import {
  answerChunkBytes,
  answerIdleMsMax,
  answerUnreadBytesMax,
  queryTurnMs,
  systemClock,
} from "../kernel/index.js";

/** The client has gone, or reads nothing any more. */
export class ClientGone extends Error {}

/**
 * Writes records to a client no faster than it reads them, gives way to the rest of the server every few
 * milliseconds, and sends its headers with the first piece: a query that fails at once can still say so.
 */
export class RecordStream {
  readonly #response: ServerResponse;
  readonly #contentType: string;
  readonly #signal: AbortSignal;
  #buffer = Buffer.allocUnsafe(answerChunkBytes);
  #used = 0;
  #turnAtMs = systemClock.nowMs();

  constructor(response: ServerResponse, contentType: string, signal: AbortSignal) {
    this.#response = response;
    this.#contentType = contentType;
    this.#signal = signal;
  }

  /** The bytes may be used again when it returns. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#used + bytes.length > this.#buffer.length) this.#sendGathered();
    if (bytes.length > this.#buffer.length) this.#send(Buffer.from(bytes));
    else {
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.length;
    }
    await this.breathe();
  }

  /** A record, and the end of its line. */
  async writeLine(bytes: Uint8Array): Promise<void> {
    await this.write(bytes);
    if (this.#used === this.#buffer.length) this.#sendGathered();
    this.#buffer[this.#used++] = 0x0a;
  }

  /** Lets others have their turn when this one was long, and the client read what it has not read yet. */
  async breathe(): Promise<void> {
    if (this.#response.writableLength > answerUnreadBytesMax) await this.#drained();
    if (systemClock.nowMs() - this.#turnAtMs < queryTurnMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnAtMs = systemClock.nowMs();
    this.#throwIfOver();
  }

  end(): void {
    this.#sendGathered();
    if (!this.#response.headersSent) this.#writeHead();
    this.#response.end();
  }

  /** Everything so far is on its way to the client. */
  async flush(): Promise<void> {
    this.#sendGathered();
    if (this.#response.writableLength > answerUnreadBytesMax) await this.#drained();
    this.#throwIfOver();
  }

  #sendGathered(): void {
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    this.#buffer = Buffer.allocUnsafe(answerChunkBytes);
    this.#used = 0;
    this.#send(full);
  }

  #send(bytes: Buffer): void {
    this.#throwIfOver();
    if (!this.#response.headersSent) this.#writeHead();
    this.#response.write(bytes);
  }

  #writeHead(): void {
    this.#response.writeHead(200, { "Content-Type": this.#contentType });
  }

  #throwIfOver(): void {
    this.#signal.throwIfAborted();
    if (this.#response.destroyed) throw new ClientGone();
  }

  async #drained(): Promise<void> {
    const response = this.#response;
    let timer: NodeJS.Timeout | undefined;
    let onOver = () => {};
    const over = new Promise<void>((resolve) => {
      onOver = resolve;
      timer = setTimeout(() => {
        response.destroy();
        resolve();
      }, answerIdleMsMax);
    });
    response.once("drain", onOver);
    response.once("close", onOver);
    this.#signal.addEventListener("abort", onOver);
    try {
      await over;
    } finally {
      clearTimeout(timer);
      response.off("drain", onOver);
      response.off("close", onOver);
      this.#signal.removeEventListener("abort", onOver);
    }
    this.#throwIfOver();
  }
}
