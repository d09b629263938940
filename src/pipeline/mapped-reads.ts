import { faultAroundBytes } from "../kernel/index.js";
import type { ImportRun } from "./import-run.js";

/**
 * Tells when a reader of the store has mapped its share and must give way to a new one: by the file pages
 * that are resident since it began, or where the system does not tell, by what was read.
 */
export class MappedReads {
  readonly #run: ImportRun;
  readonly #residentBytesAtStart: number;
  #readBytes = 0;

  constructor(run: ImportRun) {
    this.#run = run;
    this.#residentBytesAtStart = run.residentFileBytes();
  }

  /** Notes one block; the answer is whether the share is used up. */
  note(block: Uint8Array): boolean {
    this.#readBytes += block.length + faultAroundBytes;
    if (this.#readBytes < this.#run.mappedBytesMax) return false;
    const residentBytes = this.#run.residentFileBytes();
    if (residentBytes === 0) return true;
    return residentBytes - this.#residentBytesAtStart >= this.#run.mappedBytesMax / 2;
  }
}
