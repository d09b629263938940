import { type FileHandle, open } from "node:fs/promises";
import { PlimsollError, sourceChunkBytes } from "../../kernel/index.js";
import type { ByteStream } from "./byte-stream.js";

/** A file from `offset` on; while one chunk is used the next one is read. */
export class FileBytes implements ByteStream {
  readonly #handle: FileHandle;
  readonly #name: string;
  readonly #start: number;
  readonly #buffers: Uint8Array[] = [];
  #position: number;
  #turn = 0;
  #ahead: Promise<Uint8Array | null> | null = null;
  #taken = 0;
  #closing: Promise<void> | null = null;

  private constructor(handle: FileHandle, name: string, offset: number) {
    this.#handle = handle;
    this.#name = name;
    this.#start = offset;
    this.#position = offset;
  }

  static async open(path: string, offset: number, name: string): Promise<FileBytes> {
    try {
      return new FileBytes(await open(path, "r"), name, offset);
    } catch (error) {
      throw unreadable(name, error);
    }
  }

  get bytesRead(): number {
    return this.#start + this.#taken;
  }

  async next(): Promise<Uint8Array | null> {
    if (this.#closing !== null) return null;
    const chunk = await (this.#ahead ?? this.#read());
    this.#ahead = null;
    if (chunk === null) return null;
    this.#taken += chunk.length;
    if (this.#closing === null) {
      this.#ahead = this.#read();
      this.#ahead.catch(() => undefined);
    }
    return chunk;
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#ahead?.catch(() => undefined);
      await this.#handle.close();
    })();
    return this.#closing;
  }

  async #read(): Promise<Uint8Array | null> {
    this.#turn = 1 - this.#turn;
    const buffer = this.#buffers[this.#turn] ?? Buffer.allocUnsafeSlow(sourceChunkBytes);
    this.#buffers[this.#turn] = buffer;
    try {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#position);
      this.#position += bytesRead;
      return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
    } catch (error) {
      throw unreadable(this.#name, error);
    }
  }
}

/** The condition for a failed system call on a source, with the cases that users meet told apart. */
export function unreadable(name: string, cause: unknown): PlimsollError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new PlimsollError("SOURCE_NOT_FOUND", { source: name }, { cause, place: { source: name } });
  }
  const reasons: Record<string, string> = {
    EACCES: "permission denied",
    EPERM: "permission denied",
    EISDIR: "it is a folder",
    EMFILE: "too many open files",
  };
  const reason = reasons[code ?? ""] ?? (cause instanceof Error ? cause.message : String(cause));
  return new PlimsollError("SOURCE_UNREADABLE", { source: name, reason }, { cause, place: { source: name } });
}
