import type { Duplex } from "node:stream";
import { isPlimsollError } from "../../kernel/index.js";
import type { ByteStream } from "./byte-stream.js";
import { damaged } from "./damage.js";
import { ReadableBytes } from "./stdin-bytes.js";

/** A stored stream through a transform of node:zlib. */
export class TransformBytes implements ByteStream {
  readonly #stored: ByteStream;
  readonly #name: string;
  readonly #transform: Duplex;
  readonly #output: ReadableBytes;
  #failure: unknown = null;
  #delivered = 0;
  #isClosed = false;

  constructor(stored: ByteStream, name: string, transform: Duplex) {
    this.#stored = stored;
    this.#name = name;
    this.#transform = transform;
    this.#output = new ReadableBytes(transform, name);
    transform.on("error", (error) => {
      this.#failure ??= error;
    });
    void this.#pump();
  }

  get bytesRead(): number {
    return this.#stored.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    try {
      const chunk = await this.#output.next();
      if (chunk === null && this.#failure !== null && !this.#isClosed) throw this.#failure;
      this.#delivered += chunk?.length ?? 0;
      return chunk;
    } catch (error) {
      const cause = this.#failure ?? error;
      if (isPlimsollError(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw damaged(this.#name, this.#delivered, reason, cause);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#output.close();
    await this.#stored.close();
  }

  async #pump(): Promise<void> {
    try {
      for (let chunk = await this.#stored.next(); chunk !== null; chunk = await this.#stored.next()) {
        const bytes = chunk;
        const isWritten = await new Promise<boolean>((resolve) => {
          this.#transform.once("close", () => resolve(false));
          this.#transform.write(bytes, (error) => resolve(!error));
        });
        if (!isWritten || this.#transform.destroyed) return;
      }
      this.#transform.end();
    } catch (error) {
      this.#failure ??= error;
      this.#transform.destroy();
    }
  }
}
