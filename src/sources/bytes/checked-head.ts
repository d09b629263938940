import { PlimsollError } from "../../kernel/index.js";
import { type ByteStream, PrefixedBytes, readHead } from "./byte-stream.js";

/** Shows the head of a stream to a check before the first byte is handed on. */
export class CheckedHead implements ByteStream {
  readonly #stored: ByteStream;
  readonly #headBytes: number;
  readonly #check: (head: Uint8Array) => void;
  #checked: ByteStream | null = null;

  constructor(stored: ByteStream, headBytes: number, check: (head: Uint8Array) => void) {
    this.#stored = stored;
    this.#headBytes = headBytes;
    this.#check = check;
  }

  get bytesRead(): number {
    return this.#stored.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    if (this.#checked === null) {
      const head = await readHead(this.#stored, this.#headBytes);
      this.#check(head);
      this.#checked = new PrefixedBytes(head, this.#stored);
    }
    return this.#checked.next();
  }

  close(): Promise<void> {
    return this.#stored.close();
  }
}

export function checkWindow(source: string, needed: number, limit: number): void {
  if (needed <= limit) return;
  throw new PlimsollError("COMPRESSION_LIMIT", { source, needed, limit }, { place: { source } });
}
