import type { ServerResponse } from "node:http";
import { answerChunkBytes, answerUnreadBytesMax, queryTurnMs, systemClock } from "../kernel/index.js";
import { ClientGone } from "./client-gone.js";
import type { Exchange } from "./exchange.js";

const lineFeed = Uint8Array.of(0x0a);

/**
 * Writes records to a client no faster than it reads them, gives way to the rest of the server every few
 * milliseconds, and sends its headers with the first piece: a query that fails at once can still say so.
 */
export class RecordStream {
  readonly #response: ServerResponse;
  readonly #contentType: string;
  readonly #check: () => void;
  readonly #idleMsMax: number;
  #buffer = Buffer.allocUnsafe(answerChunkBytes);
  #used = 0;
  #turnAtMs = systemClock.nowMs();

  /** The check throws when there is a reason to stop; it is asked whenever others have had their turn. */
  constructor(exchange: Exchange, contentType: string, check: () => void) {
    this.#response = exchange.response;
    this.#idleMsMax = exchange.limits.answerIdleMsMax;
    this.#contentType = contentType;
    this.#check = check;
  }

  /** At once, without waiting for the client; the bytes may be used again when it returns. */
  add(bytes: Uint8Array): void {
    if (this.#used + bytes.length > this.#buffer.length) this.#sendGathered();
    if (bytes.length > this.#buffer.length) {
      this.#send(Buffer.from(bytes));
      return;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** A record and the end of its line. */
  async writeLine(bytes: Uint8Array): Promise<void> {
    this.add(bytes);
    this.add(lineFeed);
    await this.breathe();
  }

  /** Whether the client has much to read yet: a time to let go of the store. */
  get isBehind(): boolean {
    return this.#response.writableLength > answerUnreadBytesMax;
  }

  /** Lets others have their turn when this one was long, and the client read what it has not read yet. */
  async breathe(): Promise<void> {
    if (this.isBehind) await this.#drained();
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
    if (this.isBehind) await this.#drained();
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
    this.#check();
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
      }, this.#idleMsMax);
    });
    response.once("drain", onOver);
    response.once("close", onOver);
    try {
      await over;
    } finally {
      clearTimeout(timer);
      response.off("drain", onOver);
      response.off("close", onOver);
    }
    this.#throwIfOver();
  }
}
