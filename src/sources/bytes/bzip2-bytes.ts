import bitIterator, { type BitReader } from "unbzip2-stream/lib/bit_iterator.js";
import bzip2 from "unbzip2-stream/lib/bzip2.js";
import { isPlimsollError, MiB } from "../../kernel/index.js";
import type { ByteStream } from "./byte-stream.js";
import { damaged } from "./damage.js";

const levelBytes = 100_000;

/** No compressed block is larger than this: 900,000 bytes that do not compress, and tables. */
const blockBytesMax = MiB;

/** bzip2 without the system's command: one block is held at a time; a fraction of the command's speed. */
export class Bzip2Bytes implements ByteStream {
  readonly #stored: ByteStream;
  readonly #name: string;
  readonly #queue: Uint8Array[] = [];
  #bits: BitReader | null = null;
  #queued = 0;
  #table: Int32Array | null = null;
  #streamCrc = 0;
  #streams = 0;
  #output = new Uint8Array(MiB);
  #delivered = 0;
  #isClosed = false;

  constructor(stored: ByteStream, name: string) {
    this.#stored = stored;
    this.#name = name;
  }

  get bytesRead(): number {
    return this.#stored.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    try {
      while (!this.#isClosed) {
        await this.#fill();
        if (this.#table === null && this.#left === 0) return null;
        this.#bits ??= bitIterator(() => this.#shift());
        const bytes =
          this.#table === null ? this.#openStream(this.#bits) : this.#block(this.#bits, this.#table);
        this.#delivered += bytes.length;
        if (bytes.length > 0) return bytes;
      }
      return null;
    } catch (error) {
      if (isPlimsollError(error)) throw error;
      const reason = this.#left <= 0 ? "unexpected end of file" : "corrupt bzip2 data";
      throw damaged(this.#name, this.#delivered, reason, error);
    }
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#stored.close();
  }

  get #left(): number {
    return this.#queued - (this.#bits?.bytesRead ?? 0);
  }

  async #fill(): Promise<void> {
    while (this.#left < blockBytesMax) {
      const chunk = await this.#stored.next();
      if (chunk === null) return;
      this.#queue.push(chunk.slice());
      this.#queued += chunk.length;
    }
  }

  #shift(): Uint8Array {
    const chunk = this.#queue.shift();
    if (chunk === undefined) throw new Error("unexpected end of file");
    return chunk;
  }

  #openStream(bits: BitReader): Uint8Array {
    try {
      this.#table = new Int32Array(levelBytes * bzip2.header(bits));
    } catch (error) {
      if (this.#streams === 0) throw error;
      // What follows the last stream and is none is passed over, as bzip2(1) does.
      this.#isClosed = true;
    }
    this.#streams++;
    this.#streamCrc = 0;
    return this.#output.subarray(0, 0);
  }

  #block(bits: BitReader, table: Int32Array): Uint8Array {
    let length = 0;
    const write = (byte: number): void => {
      if (length === this.#output.length) {
        const grown = new Uint8Array(length * 2);
        grown.set(this.#output);
        this.#output = grown;
      }
      this.#output[length++] = byte;
    };
    const crc = bzip2.decompress(bits, write, table, table.length, this.#streamCrc);
    if (crc === null) this.#table = null;
    else this.#streamCrc = crc;
    return this.#output.subarray(0, length);
  }
}
