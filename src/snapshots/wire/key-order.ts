import type { DbiHead } from "../snapshot-entry.js";
import { dupSortTransform, lmdbFlags } from "./format.js";

/**
 * How LMDB orders the keys of a database: by their bytes, by their bytes from the last to the first, or as
 * integers of this machine's kind, which are little endian, four or eight bytes, and so compare from the last
 * byte too.
 */
export type KeyOrder = "bytes" | "reverse" | "integer";

/** Whether values of the application's own databases carry headers, or are shadowed by databases that do. */
export type DatabaseSchema = "native" | "shadow";

/**
 * The order of a database's entries in a snapshot. Shadow databases take only INTEGERKEY over from the
 * application's, and transformed keys are texts of their own.
 */
export function keyOrderOf(head: DbiHead, schema: DatabaseSchema): KeyOrder {
  if (head.transform === dupSortTransform) return "bytes";
  if (head.flags & lmdbFlags.integerKey) return "integer";
  return schema === "native" && head.flags & lmdbFlags.reverseKey ? "reverse" : "bytes";
}

/** Below, above or equal to zero, for two keys anywhere in two buffers. */
export type KeyComparison = (
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
) => number;

export function keyComparison(order: KeyOrder): KeyComparison {
  return order === "bytes" ? compareForwards : compareBackwards;
}

export const compareForwards: KeyComparison = (a, aStart, aEnd, b, bStart, bEnd) => {
  const shared = Math.min(aEnd - aStart, bEnd - bStart);
  for (let index = 0; index < shared; index++) {
    const difference = a[aStart + index]! - b[bStart + index]!;
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
};

const compareBackwards: KeyComparison = (a, aStart, aEnd, b, bStart, bEnd) => {
  const shared = Math.min(aEnd - aStart, bEnd - bStart);
  for (let index = 1; index <= shared; index++) {
    const difference = a[aEnd - index]! - b[bEnd - index]!;
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
};
