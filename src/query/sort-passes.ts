import { sortEntriesMax, sortEntriesMin, sortTextBytesMax } from "../kernel/index.js";
import { compareText } from "./field-values.js";
import { TopHeap } from "./top-heap.js";

/** A record with what it is sorted by. */
export interface SortEntry {
  id: number;
  key: bigint | number;
}

/** Records of equal key, by rising id; many of them can only be gone through, any number of times. */
export interface SortGroup {
  key: bigint | number | null;
  ids: () => Iterable<number>;
}

/** Tells the source of entries which of them the pass has no room for any more. */
export class SortRoom {
  /** Key of the last entry that is kept, once there is room for no more; entries behind it need not come. */
  lastKey: bigint | number | null = null;
  /** Whether any was left out. */
  hasLeftOut = false;
}

export type SortSource = (room: SortRoom) => Iterable<SortEntry>;

export interface SortOptions {
  isDescending: boolean;
  /** How many are likely to be wanted: the size of the first pass. */
  wanted: number;
  /** Groups must be whole, because they are sorted further. */
  isGrouped: boolean;
  /** Entries of one pass. */
  entriesMax?: number;
  /** What comes before or is this entry has been given out already. */
  after?: SortEntry;
}

/**
 * Sorts any number of entries in bounded memory: each pass keeps the first `sortEntriesMax` of those that
 * come after what has been given out. A reader who stops early costs one pass over the entries.
 */
export function* sortPasses(entries: SortSource, options: SortOptions): Generator<SortGroup> {
  const sign = options.isDescending ? -1 : 1;
  const compare = (left: SortEntry, right: SortEntry) =>
    left.key === right.key ? left.id - right.id : left.key < right.key ? -sign : sign;
  const entriesMax = options.entriesMax ?? sortEntriesMax;
  let capacity = Math.min(entriesMax, Math.max(sortEntriesMin, options.wanted * 2));
  let after: SortEntry | null = options.after ?? null;
  for (;;) {
    const heap = new TopHeap<SortEntry>(capacity, compare);
    const room = new SortRoom();
    for (const entry of entries(room)) {
      if (after !== null && compare(entry, after) <= 0) continue;
      heap.offer(entry);
      room.lastKey = heap.worst?.key ?? null;
    }
    const isPartial = heap.turnedAway > 0 || room.hasLeftOut;
    const sorted = heap.takeSorted();
    const last = sorted.at(-1);
    if (last === undefined) return;
    // The last group may go on beyond what was kept, so it waits for the next pass, or comes as a stream.
    const whole = isPartial && options.isGrouped ? sorted.filter((entry) => entry.key !== last.key) : sorted;
    yield* groupsOf(whole);
    if (!isPartial) return;
    if (whole.length > 0) {
      after = whole.at(-1)!;
    } else {
      yield { key: last.key, ids: () => idsOfKey(entries, last.key) };
      after = { key: last.key, id: Number.POSITIVE_INFINITY };
    }
    capacity = Math.min(entriesMax, capacity * 8);
  }
}

function* groupsOf(sorted: SortEntry[]): Generator<SortGroup> {
  let start = 0;
  for (let at = 1; at <= sorted.length; at++) {
    if (at < sorted.length && sorted[at]!.key === sorted[start]!.key) continue;
    const { id, key } = sorted[start]!;
    // Most groups are of one record.
    const ids = at === start + 1 ? [id] : sorted.slice(start, at).map((entry) => entry.id);
    yield { key, ids: () => ids };
    start = at;
  }
}

function* idsOfKey(entries: SortSource, key: bigint | number): Generator<number> {
  for (const entry of entries(new SortRoom())) if (entry.key === key) yield entry.id;
}

interface TextEntry {
  id: number;
  text: string;
}

/**
 * Sorts the records of one group by a text, in passes that hold `sortTextBytesMax` bytes of it; a record for
 * which `textOf` has none is left out.
 */
export function* sortByText(
  ids: () => Iterable<number>,
  textOf: (id: number) => string | undefined,
  isDescending: boolean,
  bounds = { entries: sortEntriesMax, bytes: sortTextBytesMax },
): Generator<number> {
  const sign = isDescending ? -1 : 1;
  const compare = (left: TextEntry, right: TextEntry) =>
    sign * compareText(left.text, right.text) || left.id - right.id;
  let after: TextEntry | null = null;
  for (;;) {
    const heap = new TopHeap<TextEntry>(bounds.entries, compare);
    let bytes = 0;
    // What had to go for want of room bounds the pass: nothing behind it may come before it.
    let ceiling: TextEntry | null = null;
    for (const id of ids()) {
      const text = textOf(id);
      if (text === undefined) continue;
      const entry = { id, text };
      if (after !== null && compare(entry, after) <= 0) continue;
      if (ceiling !== null && compare(entry, ceiling) >= 0) continue;
      bytes += textBytes(entry) - textBytes(heap.offer(entry));
      while (bytes > bounds.bytes && heap.size > 1) {
        ceiling = heap.dropLargest();
        bytes -= textBytes(ceiling);
      }
    }
    const isPartial = heap.turnedAway > 0;
    for (const entry of heap.takeSorted()) {
      yield entry.id;
      after = entry;
    }
    if (!isPartial) return;
  }
}

function textBytes(entry: TextEntry | undefined): number {
  return entry === undefined ? 0 : entry.text.length * 2 + 64;
}
