import { once } from "node:events";
import type { Readable } from "node:stream";
import { breathMs, outputBufferBytes, systemClock } from "../kernel/index.js";
import type { OptionValues } from "./option-values.js";

/** What a command gets from the process: everything that a test replaces. */
export interface CommandHost {
  args: readonly string[];
  values: OptionValues;
  environment: Record<string, string | undefined>;
  stdin: () => Readable;
  out: ResultWriter;
  /** Notices, progress and summaries: never results. */
  note: (text: string) => void;
  signal: AbortSignal;
}

/** Writes results to stdout in large pieces and waits when the reader is slower. */
export class ResultWriter {
  readonly #stream: NodeJS.WritableStream;
  #buffer = Buffer.allocUnsafe(outputBufferBytes);
  #used = 0;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  async write(text: string): Promise<void> {
    await this.writeBytes(Buffer.from(text));
  }

  /** A line and its end; the bytes may be reused afterwards. */
  async writeLine(bytes: Uint8Array): Promise<void> {
    await this.writeBytes(bytes);
    await this.writeBytes(lineFeed);
  }

  async writeBytes(bytes: Uint8Array): Promise<void> {
    if (this.#used + bytes.length > this.#buffer.length) await this.flush();
    if (bytes.length > this.#buffer.length) return this.#send(Buffer.from(bytes));
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  async flush(): Promise<void> {
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    this.#buffer = Buffer.allocUnsafe(outputBufferBytes);
    this.#used = 0;
    await this.#send(full);
  }

  async #send(bytes: Buffer): Promise<void> {
    if (!this.#stream.write(bytes)) await once(this.#stream, "drain");
  }
}

const lineFeed = Uint8Array.of(0x0a);
let breathedAtMs = 0;

/** Lets signals be heard now and then in a loop that never waits. */
export async function breathe(signal: AbortSignal): Promise<void> {
  const nowMs = systemClock.nowMs();
  if (nowMs - breathedAtMs < breathMs) return;
  breathedAtMs = nowMs;
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}
