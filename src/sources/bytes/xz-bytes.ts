import { ReadableStream } from "node:stream/web";
import { decompressWindowBytesMax, isPlimsollError, MiB } from "../../kernel/index.js";
import type { ByteStream } from "./byte-stream.js";
import { CheckedHead, checkWindow } from "./checked-head.js";
import { ChildBytes, hasCommand } from "./child-bytes.js";
import { damaged } from "./damage.js";

/** Stream header (12) and a block header of the usual kind. */
const headBytes = 64;

/** The command's own needs beside the dictionary. */
const slackBytes = MiB;

export function openXz(stored: ByteStream, name: string): ByteStream {
  const head = new CheckedHead(stored, headBytes, (bytes) => {
    checkWindow(name, dictionaryBytes(bytes), decompressWindowBytesMax);
  });
  if (!hasCommand("xz")) return new XzBytes(head, name);
  const limit = decompressWindowBytesMax + slackBytes;
  return new ChildBytes(head, name, "xz", ["-dcq", "--threads=1", `--memlimit-decompress=${limit}`]);
}

/** The dictionary that the first block's LZMA2 filter asks for; 0 when the head does not tell. */
export function dictionaryBytes(head: Uint8Array): number {
  const flags = head[13] ?? 0;
  if (head[12] === 0) return 0;
  let at = 14;
  for (let sizes = (flags >> 6) & 3; sizes > 0; sizes = sizes === 3 ? 1 : 0) {
    while ((head[at]! & 0x80) !== 0 && at < head.length) at++;
    at++;
  }
  for (let filters = (flags & 3) + 1; filters > 0; filters--) {
    if (head[at] !== 0x21) at += 2 + (head[at + 1] ?? 0);
    else if (head[at + 1] === 1) return dictionaryOf(head[at + 2]!);
  }
  return 0;
}

function dictionaryOf(bits: number): number {
  return bits >= 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** (Math.floor(bits / 2) + 11);
}

/** xz without the system's command, in WebAssembly. */
export class XzBytes implements ByteStream {
  readonly #stored: ByteStream;
  readonly #name: string;
  #reader: ReadableStreamDefaultReaderOfBytes | null = null;
  #failure: unknown = null;
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
      this.#reader ??= await this.#open();
      const { value } = await this.#reader.read();
      if (value === undefined) return null;
      this.#delivered += value.length;
      return value;
    } catch (error) {
      if (this.#isClosed) return null;
      const cause = this.#failure ?? error;
      if (isPlimsollError(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw damaged(this.#name, this.#delivered, reason, cause);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#stored.close();
    await this.#reader?.cancel().catch(() => undefined);
  }

  async #open(): Promise<ReadableStreamDefaultReaderOfBytes> {
    const { XzReadableStream } = (await import("xz-decompress")).default;
    const compressed = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const chunk = await this.#stored.next();
            if (chunk === null) controller.close();
            else controller.enqueue(chunk.slice());
          } catch (error) {
            this.#failure = error;
            controller.error(error);
          }
        },
      },
      { highWaterMark: 0 },
    );
    return new XzReadableStream(compressed as ConstructorParameters<typeof XzReadableStream>[0]).getReader();
  }
}

interface ReadableStreamDefaultReaderOfBytes {
  read(): Promise<{ value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}
