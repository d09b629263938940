import { isPlimsollError } from "../../kernel/index.js";
import type { ByteStream } from "./byte-stream.js";
import { damaged } from "./damage.js";

/** A decompressor that is pushed and answers at once, through a callback. */
export interface PushDecompressor {
  push(bytes: Uint8Array, isLast: boolean): void;
}

/** Pushes small pieces, one only when the output of the former one is used up. */
export class PushBytes implements ByteStream {
  readonly #stored: ByteStream;
  readonly #name: string;
  readonly #pieceBytes: number;
  readonly #decompressor: PushDecompressor;
  readonly #queue: Uint8Array[] = [];
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #delivered = 0;
  #failure: unknown = null;
  #isEnded = false;

  constructor(
    stored: ByteStream,
    name: string,
    pieceBytes: number,
    open: (onData: (data: Uint8Array) => void) => PushDecompressor,
  ) {
    this.#stored = stored;
    this.#name = name;
    this.#pieceBytes = pieceBytes;
    this.#decompressor = open((data) => {
      if (data.length > 0) this.#queue.push(data);
    });
  }

  get bytesRead(): number {
    return this.#stored.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const output = this.#queue.shift();
      if (output !== undefined) {
        this.#delivered += output.length;
        return output;
      }
      if (this.#failure !== null) throw this.#failure;
      if (this.#isEnded) return null;
      await this.#push();
    }
  }

  close(): Promise<void> {
    this.#isEnded = true;
    return this.#stored.close();
  }

  async #push(): Promise<void> {
    try {
      if (this.#at === this.#chunk.length) {
        const chunk = await this.#stored.next();
        this.#isEnded ||= chunk === null;
        this.#chunk = chunk ?? new Uint8Array(0);
        this.#at = 0;
      }
      const piece = this.#chunk.slice(this.#at, this.#at + this.#pieceBytes);
      this.#at += piece.length;
      this.#decompressor.push(piece, this.#isEnded);
    } catch (error) {
      const queued = this.#queue.reduce((bytes, chunk) => bytes + chunk.length, 0);
      const reason = error instanceof Error ? error.message : String(error);
      this.#failure = isPlimsollError(error)
        ? error
        : damaged(this.#name, this.#delivered + queued, reason, error);
    }
  }
}
