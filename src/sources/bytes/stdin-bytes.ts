import type { Readable } from "node:stream";
import type { ByteStream } from "./byte-stream.js";
import { Change } from "./change.js";
import { unreadable } from "./file-bytes.js";

/** Pulls from a Node.js stream, which holds no more than one chunk unread; a stalled stream just waits. */
export class ReadableBytes implements ByteStream {
  readonly #stream: Readable;
  readonly #name: string;
  readonly #change = new Change();
  #taken = 0;
  #isEnded: boolean;
  #isClosed = false;
  #failure: unknown = null;

  constructor(stream: Readable, name: string) {
    this.#stream = stream;
    this.#name = name;
    this.#isEnded = stream.readableEnded || stream.destroyed;
    stream.on("readable", this.#change.wake);
    stream.on("end", this.#onEnd);
    stream.on("close", this.#onEnd);
    stream.on("error", this.#onError);
  }

  get bytesRead(): number {
    return this.#taken;
  }

  async next(): Promise<Uint8Array | null> {
    while (!this.#isClosed) {
      const chunk: Uint8Array | string | null = this.#stream.read();
      if (chunk !== null && chunk.length > 0) {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
        this.#taken += bytes.length;
        return bytes;
      }
      if (this.#failure !== null) throw unreadable(this.#name, this.#failure);
      if (this.#isEnded) return null;
      await this.#change.wait();
    }
    return null;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stream.off("readable", this.#change.wake);
    this.#stream.off("end", this.#onEnd);
    this.#stream.off("close", this.#onEnd);
    this.#stream.destroy();
    this.#change.wake();
  }

  readonly #onEnd = (): void => {
    this.#isEnded = true;
    this.#change.wake();
  };

  readonly #onError = (error: unknown): void => {
    this.#failure ??= error;
    this.#change.wake();
  };
}
