import { keptBatchBytesMax } from "../../kernel/index.js";
import type { RowBatch } from "../../ports/index.js";
import type { RowPage } from "../../tables/index.js";

/** Keeps one batch beyond the call that brought it, in a buffer that each batch uses anew. */
export class BatchKeeper {
  #buffer: ArrayBuffer | null = null;

  /** Null when the batch is too large. The batch before it is no longer there. */
  keep({ place, pages }: RowBatch): RowBatch | null {
    const bytes = pages.reduce((sum, page) => sum + bytesOf(page), 0);
    if (bytes > keptBatchBytesMax) return null;
    this.#buffer ??= new ArrayBuffer(keptBatchBytesMax);
    let at = 0;
    const kept = pages.map((page) => {
      const copy = copyTo(this.#buffer!, at, page);
      at += bytesOf(page);
      return copy;
    });
    return { place: { ...place }, pages: kept };
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
