import { verifyCellsMax } from "../kernel/index.js";
import type { QueryStore } from "./query-store.js";
import type { IdRange } from "./verification.js";

const cellBytes = 16;
const wordsPerCell = 2;

/**
 * Where the cells lie by which sets are compared: a row for every index (that of 0 for the keys), a row for
 * the column of every index, and in each a cell for every bucket of ids.
 */
export interface CellLayout {
  rows: number;
  bucketsLog: number;
  bucketShift: number;
  nextId: number;
  bytes: number;
}

export function cellLayout(store: QueryStore): CellLayout {
  const indexes = store.mapping.entities.flatMap((entity) => entity.fields.flatMap((field) => field.indexes));
  const rows = 1 + indexes.reduce((most, { number }) => Math.max(most, number), 0);
  const { nextId } = store.sealed;
  const idBits = Math.max(1, Math.ceil(Math.log2(nextId + 1)));
  const room = Math.max(0, Math.floor(Math.log2(verifyCellsMax / (2 * rows))));
  const bucketsLog = Math.min(room, idBits);
  const bytes = 2 * rows * 2 ** bucketsLog * cellBytes;
  return { rows, bucketsLog, bucketShift: idBits - bucketsLog, nextId, bytes };
}

/** Ranges of ids in which the sets of a row differ, neighbours joined. */
export function differingRanges(words: BigUint64Array, layout: CellLayout, row: number): IdRange[] {
  const ranges: IdRange[] = [];
  const buckets = 2 ** layout.bucketsLog;
  const width = 2 ** layout.bucketShift;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const at = (row * buckets + bucket) * wordsPerCell;
    if (words[at] === 0n && words[at + 1] === 0n) continue;
    const start = bucket * width;
    // The last bucket also stands for ids that the store does not have.
    const end = bucket === buckets - 1 ? Number.POSITIVE_INFINITY : start + width;
    const last = ranges.at(-1);
    if (last?.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}

/** Adds the cells of one kernel to those of another, and clears them. */
export function moveCells(from: BigUint64Array, into: BigUint64Array): void {
  for (let at = 0; at < from.length; at++) {
    if (from[at] !== 0n) into[at] = into[at]! + from[at]!;
  }
  from.fill(0n);
}
