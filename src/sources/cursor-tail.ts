import { crc32 } from "node:zlib";
import { cursorTailBytes } from "../kernel/index.js";

/** The last bytes before a position, for the checksum that a cursor carries. */
export class CursorTail {
  readonly #bytes = new Uint8Array(cursorTailBytes);
  #length = 0;

  push(bytes: Uint8Array): void {
    const size = this.#bytes.length;
    if (bytes.length >= size) {
      this.#bytes.set(bytes.subarray(bytes.length - size));
      this.#length = size;
      return;
    }
    const kept = Math.min(this.#length, size - bytes.length);
    this.#bytes.copyWithin(0, this.#length - kept, this.#length);
    this.#bytes.set(bytes, kept);
    this.#length = kept + bytes.length;
  }

  crc(): number {
    return crc32(this.#bytes.subarray(0, this.#length));
  }
}
