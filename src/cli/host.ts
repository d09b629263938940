import { once } from "node:events";
import { fdatasyncSync, fstatSync } from "node:fs";
import type { Readable } from "node:stream";
import { breathMs, outputBufferBytes, outputSyncBytes, systemClock } from "../kernel/index.js";
import type { OptionValues } from "../settings/index.js";

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

/**
 * Writes results to stdout in large pieces and waits when the reader is slower. Where that is a file, it
 * waits for the disk as well: an export of any size must not fill a container with dirty page cache.
 */
export class ResultWriter {
  readonly #stream: NodeJS.WritableStream;
  #buffer = Buffer.allocUnsafe(outputBufferBytes);
  #used = 0;
  #unsynced = 0;
  /** Looked at when it is needed first. */
  #isFile: boolean | null = null;
  readonly #descriptor: number | null;

  constructor(stream: NodeJS.WritableStream, descriptor: number | null = null) {
    this.#stream = stream;
    this.#descriptor = descriptor;
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
    this.#unsynced += bytes.length;
    if (this.#unsynced >= outputSyncBytes) this.#sync();
  }

  /** Writing to a file is done when `write` returns. */
  #sync(): void {
    this.#unsynced = 0;
    if (this.#descriptor === null) return;
    this.#isFile ??= fstatSync(this.#descriptor).isFile();
    if (this.#isFile) fdatasyncSync(this.#descriptor);
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
