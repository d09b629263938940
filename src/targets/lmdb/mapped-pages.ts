import { mappedBytesPerTransaction, writtenBytesBeforeReopen, writtenPerMapped } from "../../kernel/index.js";
import type { TargetOpenOptions } from "../../ports/index.js";

/**
 * Tells when the pages that the environment has mapped come near their share. A page fault maps the 64 KiB
 * around it that the page cache holds, so small transactions map as much as they write and large ones an
 * eighth of it: where the system tells how many file pages are resident, that is what counts.
 */
export class MappedPages {
  readonly #bytesMax: number;
  readonly #writtenBytesMax: number;
  readonly #residentBytes: () => number;
  #residentBytesAtStart: number;
  #writtenBytes = 0;

  constructor(options: Pick<TargetOpenOptions, "mappedBytes" | "residentFileBytes">) {
    const { mappedBytes, residentFileBytes } = options;
    // The next transaction maps its pages before anybody looks again.
    this.#bytesMax = Math.max(mappedBytes / 2, mappedBytes - mappedBytesPerTransaction);
    this.#writtenBytesMax =
      residentFileBytes === undefined
        ? Math.min(writtenBytesBeforeReopen, mappedBytes * writtenPerMapped)
        : writtenBytesBeforeReopen;
    this.#residentBytes = residentFileBytes ?? (() => 0);
    this.#residentBytesAtStart = this.#residentBytes();
  }

  noteWritten(bytes: number): void {
    this.#writtenBytes += bytes;
  }

  isFull(): boolean {
    if (this.#writtenBytes >= this.#writtenBytesMax) return true;
    return this.#residentBytes() - this.#residentBytesAtStart >= this.#bytesMax;
  }

  /** The environment has just been opened anew. */
  restart(): void {
    this.#writtenBytes = 0;
    this.#residentBytesAtStart = this.#residentBytes();
  }
}
