import { keptBatchBytesMax } from "../../kernel/index.js";
import type { RowBatch } from "../../ports/index.js";
import type { RowPage } from "../../tables/index.js";

/** Keeps batches beyond the calls that bring them, in two buffers that take turns. */
export class BatchKeeper {
  readonly #buffers = [new ArrayBuffer(keptBatchBytesMax), new ArrayBuffer(keptBatchBytesMax)];
  #turn = 0;
  #used = 0;
  #batches: RowBatch[] = [];

  /** What is kept now. */
  get bytes(): number {
    return this.#used;
  }

  /** False when there is no room left for the batch. */
  keep({ place, pages }: RowBatch): boolean {
    const bytes = pages.reduce((sum, page) => sum + bytesOf(page), 0);
    if (this.#used + bytes > keptBatchBytesMax) return false;
    const buffer = this.#buffers[this.#turn]!;
    const kept = pages.map((page) => {
      const copy = copyTo(buffer, this.#used, page);
      this.#used += bytesOf(page);
      return copy;
    });
    this.#batches.push({ place: { ...place }, pages: kept });
    return true;
  }

  /** What was kept since the last time; it stays until the next time but one. */
  take(): RowBatch[] {
    const batches = this.#batches;
    this.#batches = [];
    this.#used = 0;
    this.#turn = 1 - this.#turn;
    return batches;
  }
}

/** Numbers lie at multiples of four. */
function bytesOf({ rows, offsets, ordinals }: RowPage): number {
  return Math.ceil(rows.length / 4) * 4 + offsets.byteLength + ordinals.byteLength;
}

function copyTo(buffer: ArrayBuffer, at: number, page: RowPage): RowPage {
  const rows = Buffer.from(buffer, at, page.rows.length);
  const offsetsAt = at + Math.ceil(rows.length / 4) * 4;
  const offsets = new Uint32Array(buffer, offsetsAt, page.offsets.length);
  const ordinals = new Uint32Array(buffer, offsetsAt + offsets.byteLength, page.ordinals.length);
  rows.set(page.rows);
  offsets.set(page.offsets);
  ordinals.set(page.ordinals);
  return { ...page, rows, offsets, ordinals };
}
