import { readerMappedBytesMax, readerUnmappedFraction } from "../kernel/index.js";
import type { MemoryGauge } from "../memory/index.js";
import type { MappedBound } from "../targets/lmdb/index.js";

/**
 * What of the line mapped pages of the store may take: a few megabytes beside an import, and else all but a
 * part of what is left.
 */
export class ReadingRoom implements MappedBound {
  readonly gauge: MemoryGauge;
  readonly #lineBytes: number;
  readonly #isShared: () => boolean;

  /** `isShared`: whether an import has its share of the line now. */
  constructor(gauge: MemoryGauge, lineBytes: number, isShared: () => boolean) {
    this.gauge = gauge;
    this.#lineBytes = lineBytes;
    this.#isShared = isShared;
  }

  residentFileBytes(): number {
    return this.gauge.read().fileBytes;
  }

  roomBytes(mappedBytes: number): number {
    if (this.#isShared()) return readerMappedBytesMax / 2 - mappedBytes;
    return this.#lineBytes * (1 - readerUnmappedFraction) - this.gauge.read().rssBytes;
  }
}
