import type { SnapshotEntry } from "../snapshot-entry.js";
import { compareForwards } from "../wire/key-order.js";
import { WireEntry } from "../wire/wire-entry.js";

/**
 * The order among entries of one key, of which the highest wins: the later one; at the same time the one with
 * the lower value, a deleted one having the lowest; and of two without a value the deleted one. Entries that
 * are equal in this order are equal in all that is kept: so one state is the end, whichever comes first and
 * however often (docs/adr/0023-snapshots.md).
 */
export function compareEntries(a: SnapshotEntry, b: SnapshotEntry): number {
  if (a instanceof WireEntry && b instanceof WireEntry) return compareWireEntries(a, b);
  if (a.timestampNano !== b.timestampNano) return a.timestampNano < b.timestampNano ? -1 : 1;
  const [aEnd, bEnd] = [keptBytes(a), keptBytes(b)];
  return compareForwards(b.value, 0, bEnd, a.value, 0, aEnd) || Number(a.isDeleted) - Number(b.isDeleted);
}

/** The entry that stays: `old` where the two are equal, so that nothing needs to be written. */
export function winnerOf<Old extends SnapshotEntry, New extends SnapshotEntry>(
  old: Old,
  entry: New,
): Old | New {
  return compareEntries(old, entry) >= 0 ? old : entry;
}

/**
 * The time of a value that was read without one, where `old` is what is known of its key: the time of `old`
 * as long as nothing about it is new, and otherwise now.
 */
export function timestampOfUntimed(old: SnapshotEntry | null, entry: SnapshotEntry, nowNano: bigint): bigint {
  if (old === null || old.isDeleted !== entry.isDeleted) return nowNano;
  const isSame = compareForwards(old.value, 0, keptBytes(old), entry.value, 0, keptBytes(entry)) === 0;
  return isSame ? old.timestampNano : nowNano;
}

function keptBytes(entry: SnapshotEntry): number {
  return entry.isDeleted ? 0 : entry.value.length;
}

/** The same without making views and 64-bit numbers. */
function compareWireEntries(a: WireEntry, b: WireEntry): number {
  const time = a.timestampHigh - b.timestampHigh || a.timestampLow - b.timestampLow;
  if (time !== 0) return time;
  const value = compareForwards(b.bytes, b.valueStart, b.valueEnd, a.bytes, a.valueStart, a.valueEnd);
  return value || Number(a.isDeleted) - Number(b.isDeleted);
}
