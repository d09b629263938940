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

/** Bytes per record that differ by less than this factor from those before count as settled. */
const settledRatio = 4;

/**
 * How large the next batch should be. Batches grow through soft thresholds while the measured bytes per
 * record stay settled; a jump costs one threshold, not all of them. A batch is judged by its own leases
 * alone: resident memory stays high after a flush, and a rule that waits for it to fall ends in batches of
 * one record.
 */
export class Graduality {
  readonly #bytesMax: number;
  readonly #steps: number;
  readonly #expansionMax: number;
  #step = 0;
  #bytesPerRecord = 0;
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
    const bytesPerRecord = batch.bytes / batch.records;
    const before = this.#bytesPerRecord || bytesPerRecord;
    const ratio = Math.max(bytesPerRecord / before, before / bytesPerRecord);
    const settled = ratio < settledRatio;
    this.#bytesPerRecord = settled ? before + (bytesPerRecord - before) / 2 : bytesPerRecord;
    this.#step = settled ? Math.min(this.#steps, this.#step + 1) : Math.max(0, this.#step - 1);
    const expansion = (batch.leasedBytes ?? batch.bytes) / batch.bytes;
    // A rise counts at once, a fall only slowly: the next batch may be like the worst of the last few.
    this.#expansion = Math.max(expansion, this.#expansion + (expansion - this.#expansion) / 8);
  }

  #threshold(step: number): number {
    return Math.max(1, Math.floor(this.#bytesMax / 2 ** (this.#steps - step)));
  }
}
