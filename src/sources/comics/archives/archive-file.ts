import { closeSync, open, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { PlimsollError } from "../../../kernel/index.js";
import { comicFault } from "../comic-fault.js";
import type { DiskPace } from "./disk-pace.js";

const [openFile, readFile] = [promisify(open), promisify(read)];

/** An archive under the eyes of one reader: bytes of any place, and nothing kept of them. */
export class ArchiveFile implements Disposable {
  readonly sizeBytes: number;
  readonly #descriptor: number;
  readonly #pace: DiskPace;
  readonly #isInPlace: boolean;
  #waitedMs: number;

  private constructor(descriptor: number, sizeBytes: number, pace: DiskPace, waitedMs: number) {
    this.#descriptor = descriptor;
    this.sizeBytes = sizeBytes;
    this.#pace = pace;
    this.#isInPlace = pace.isFast;
    this.#waitedMs = waitedMs;
  }

  static async open(path: string, sizeBytes: number, pace: DiskPace): Promise<ArchiveFile> {
    const start = performance.now();
    try {
      const descriptor = pace.isFast ? openSync(path, "r") : await openFile(path, "r");
      return new ArchiveFile(descriptor, sizeBytes, pace, performance.now() - start);
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** All bytes of [position, position + length), or a fault when the file has ended before. */
  async read(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const got = await this.#readOnce(bytes, filled, length - filled, position + filled);
      if (got === 0) throw comicFault("COMIC_TRUNCATED", "it ends within what its list of entries names");
      filled += got;
    }
    return bytes;
  }

  async #readOnce(bytes: Buffer, offset: number, length: number, position: number): Promise<number> {
    try {
      if (!this.#isInPlace) {
        return (await readFile(this.#descriptor, bytes, offset, length, position)).bytesRead;
      }
      const start = performance.now();
      const got = readSync(this.#descriptor, bytes, offset, length, position);
      this.#waitedMs += performance.now() - start;
      return got;
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** At once: nothing waits for the disk when a file that was only read is closed. */
  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
    this.#pace.note(this.#waitedMs);
  }
}

/** A disk that fails, and a process out of descriptors, are no faults of one comic. */
function unreadable(cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const reasons: Record<string, string> = {
    EACCES: "permission denied",
    EPERM: "permission denied",
    ENOENT: "it is there no more",
    EISDIR: "it is a folder",
    EIO: "the disk cannot read it",
  };
  const reason = reasons[code];
  if (reason !== undefined) return comicFault("COMIC_UNREADABLE", reason);
  const message = cause instanceof Error ? cause.message : String(cause);
  return new PlimsollError("SOURCE_UNREADABLE", { source: "the library", reason: message }, { cause });
}
