import { closeSync, open, read } from "node:fs";
import { promisify } from "node:util";
import { PlimsollError } from "../../../kernel/index.js";
import { comicFault } from "../comic-fault.js";

const [openFile, readFile] = [promisify(open), promisify(read)];

/** An archive under the eyes of one reader: bytes of any place, and nothing kept of them. */
export class ArchiveFile implements Disposable {
  readonly sizeBytes: number;
  readonly #descriptor: number;

  private constructor(descriptor: number, sizeBytes: number) {
    this.#descriptor = descriptor;
    this.sizeBytes = sizeBytes;
  }

  static async open(path: string, sizeBytes: number): Promise<ArchiveFile> {
    try {
      return new ArchiveFile(await openFile(path, "r"), sizeBytes);
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
      return (await readFile(this.#descriptor, bytes, offset, length, position)).bytesRead;
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** At once: nothing waits for the disk when a file that was only read is closed. */
  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
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
