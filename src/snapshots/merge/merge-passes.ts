import {
  mergeBytes,
  mergePassBytesMax,
  snapshotCarryKeepBytes,
  snapshotStreamBytes,
  snapshotStreamsMax,
} from "../../kernel/index.js";
import type { DatabaseSchema } from "../wire/key-order.js";

/** A snapshot that was looked over: what it takes to read it depends on its largest entry alone. */
export interface PassSource {
  /** Of its largest entry. */
  entryBytesMax: number;
}

/**
 * How often the largest entry is in memory while it is written: among the changes, on the pages that LMDB
 * makes for it, and where it is compared with what is there, once before the transaction and once within. A
 * shadow is written and compared beside the application's own database.
 */
const copiesWritten = { native: 4, shadow: 6 } as const;

/** What one pass takes: each is read as a stream, with a buffer for its large entries. */
export function passBytes(sources: readonly PassSource[], schema: DatabaseSchema): number {
  let bytes = mergeBytes;
  let largest = 0;
  for (const { entryBytesMax } of sources) {
    const entryBytes = entryBytesMax > snapshotCarryKeepBytes ? entryBytesMax : 0;
    bytes += snapshotStreamBytes + entryBytes;
    largest = Math.max(largest, entryBytes);
  }
  return bytes + copiesWritten[schema] * largest;
}

/**
 * The first of these that are merged in one pass: as many as fit, and at least one. Merging in several passes
 * comes to the same state as in one, so memory does not grow with the number of snapshots.
 */
export function firstPass<Source extends PassSource>(
  sources: readonly Source[],
  { bytesMax, schema }: { bytesMax: number; schema: DatabaseSchema },
): readonly Source[] {
  const most = Math.min(bytesMax, mergePassBytesMax);
  let count = 1;
  while (count < Math.min(sources.length, snapshotStreamsMax)) {
    if (passBytes(sources.slice(0, count + 1), schema) > most) break;
    count += 1;
  }
  return sources.slice(0, count);
}
