import { assert, gradualityMax } from "../kernel/index.js";

export interface BatchMeasure {
  records: number;
  bytes: number;
  /** All that the batch took, input included; left out when that is its bytes. */
  leasedBytes?: number | undefined;
}

export interface GradualityOptions {
  bytesMax: number;
  /** Doublings from the first batch to the largest. */
  steps: number;
  /** What a batch may take in all, by byte of its input. */
  expansionMax?: number;
}

/** Bytes per record that lie within this factor of sizes seen before are no surprise. */
const surpriseRatio = 4;

/**
 * How large the next batch should be. Batches grow through soft thresholds while the measured bytes per
 * record lie within what was seen before; a surprise costs one threshold, once: records that alternate
 * between small and huge are soon known, and batches are cut by their bytes whatever the records are. A batch
 * is judged by its own leases alone: resident memory stays high after a flush, and a rule that waits for it
 * to fall ends in batches of one record.
 */
export class Graduality {
  readonly #bytesMax: number;
  readonly #steps: number;
  readonly #expansionMax: number;
  #step = 0;
  #recordBytesLeast = 0;
  #recordBytesMost = 0;
  #expansion = 0;

  constructor(options: GradualityOptions) {
    const { bytesMax, steps } = options;
    assert(
      Number.isInteger(steps) && steps >= 0 && steps <= gradualityMax,
      "graduality is a small whole number",
    );
    this.#bytesMax = bytesMax;
    this.#steps = steps;
    this.#expansionMax = options.expansionMax ?? 1;
  }

  get bytes(): number {
    const threshold = this.#threshold(this.#step);
    if (this.#expansion <= this.#expansionMax) return threshold;
    const fitting = Math.floor((this.#bytesMax * this.#expansionMax) / this.#expansion);
    return Math.max(this.#threshold(0), Math.min(threshold, fitting));
  }

  note(batch: BatchMeasure): void {
    if (batch.records <= 0 || batch.bytes <= 0) return;
    this.#step = this.#isSurprise(batch.bytes / batch.records)
      ? Math.max(0, this.#step - 1)
      : Math.min(this.#steps, this.#step + 1);
    const expansion = (batch.leasedBytes ?? batch.bytes) / batch.bytes;
    // A rise counts at once, a fall only slowly: the next batch may be like the worst of the last few.
    this.#expansion = Math.max(expansion, this.#expansion + (expansion - this.#expansion) / 8);
  }

  #isSurprise(recordBytes: number): boolean {
    const least = this.#recordBytesLeast || recordBytes;
    const most = this.#recordBytesMost || recordBytes;
    this.#recordBytesLeast = Math.min(least, recordBytes);
    this.#recordBytesMost = Math.max(most, recordBytes);
    return recordBytes * surpriseRatio < least || recordBytes > most * surpriseRatio;
  }

  #threshold(step: number): number {
    return Math.max(1, Math.floor(this.#bytesMax / 2 ** (this.#steps - step)));
  }
}
