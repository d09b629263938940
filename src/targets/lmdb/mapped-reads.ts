import { join } from "node:path";
import { mappedReadsMax, unmapResident } from "../../kernel/index.js";
import { storeFiles } from "./store-files.js";

/** What is left of the worst reading at the next look: a store whose folios were mapped once maps no more. */
const forgotten = 0.75;

/** How many mapped pages a reader may leave resident. */
export interface MappedBound {
  /** File pages of this process that are resident now. */
  residentFileBytes(): number;
  /**
   * How much more the pages of the store may become, by that same reading; none or less: they are given back
   * now.
   */
  roomBytes(mappedBytes: number): number;
}

/**
 * Gives mapped pages back while a reader reads on. How much one reading maps is the kernel's choice: a page,
 * 64 KiB around it, or, where the page cache is made of large folios, megabytes. So the room is looked at
 * after a number of readings that would, by the worst seen of late, take a quarter of it.
 */
export class MappedReads {
  readonly #dataFile: string;
  readonly #bound: MappedBound;
  #baseBytes: number;
  #mappedBytes = 0;
  #perReadBytes = 1;
  #reads = 0;
  #readsBeforeLook = 1;
  #isPossible = true;

  constructor(dir: string, bound: MappedBound) {
    this.#dataFile = join(dir, storeFiles.data);
    this.#bound = bound;
    this.#baseBytes = bound.residentFileBytes();
  }

  /** To be called for each entry that is read. */
  note(): void {
    if (++this.#reads >= this.#readsBeforeLook && this.#isPossible) this.#look();
  }

  #look(): void {
    const residentBytes = this.#bound.residentFileBytes();
    // Another reader's pages are gone that were there when this one began: they do not count for this one.
    this.#baseBytes = Math.min(this.#baseBytes, residentBytes);
    const mappedBytes = residentBytes - this.#baseBytes;
    const perReadBytes = (mappedBytes - this.#mappedBytes) / this.#reads;
    this.#perReadBytes = Math.max(this.#perReadBytes * forgotten, perReadBytes, 1);
    this.#mappedBytes = mappedBytes;
    this.#reads = 0;
    let roomBytes = this.#bound.roomBytes(mappedBytes);
    if (roomBytes <= 0 && mappedBytes > 0) {
      this.#isPossible = unmapResident(this.#dataFile);
      this.#baseBytes = this.#bound.residentFileBytes();
      this.#mappedBytes = 0;
      roomBytes = this.#bound.roomBytes(0);
    }
    const reads = Math.floor(Math.max(0, roomBytes) / 4 / this.#perReadBytes);
    this.#readsBeforeLook = Math.min(Math.max(reads, 1), mappedReadsMax);
  }
}
