import { readerMappedBytesMax, readerUnmappedFraction } from "../kernel/index.js";
import type { MemoryGauge, MemoryReading } from "../memory/index.js";
import type { MappedBound } from "../targets/lmdb/index.js";

/**
 * What of the line mapped pages of the store may take: a few megabytes beside an import, and else all but a
 * part of what is left, or as much as beside an import.
 */
export class ReadingRoom implements MappedBound {
  readonly gauge: MemoryGauge;
  readonly #lineBytes: number;
  readonly #isShared: () => boolean;
  #reading: MemoryReading | null = null;

  /** `isShared`: whether an import has its share of the line now. */
  constructor(gauge: MemoryGauge, lineBytes: number, isShared: () => boolean) {
    this.gauge = gauge;
    this.#lineBytes = lineBytes;
    this.#isShared = isShared;
  }

  residentFileBytes(): number {
    this.#reading = this.gauge.read();
    return this.#reading.fileBytes;
  }

  roomBytes(mappedBytes: number): number {
    const shareBytes = readerMappedBytesMax / 2 - mappedBytes;
    if (this.#isShared()) return shareBytes;
    const { rssBytes } = this.#reading ?? this.gauge.read();
    return Math.max(shareBytes, this.#lineBytes * (1 - readerUnmappedFraction) - rssBytes);
  }
}
