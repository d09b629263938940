import { keyEntries } from "../../src/query/key-entries.js";
import type { MemoryParts } from "../support/memory-store.js";

/** Every byte of a store that says something, so that a change of it must be found. */
export function placesOf({
  records,
  tuples,
  keys,
  columns,
}: MemoryParts): { bytes: Uint8Array; offset: number }[] {
  const places: { bytes: Uint8Array; offset: number }[] = [];
  const add = (bytes: Uint8Array, says: (offset: number) => boolean) => {
    for (let offset = 0; offset < bytes.length; offset++) if (says(offset)) places.push({ bytes, offset });
  };
  for (const { block } of records) add(block, () => true);
  for (const { index, block } of [...tuples.values()].flat()) {
    // Byte 16 of a head is the payload of its first tuple, which is not that of the posting when two were
    // united; and why the one dead record of a segment is dead cannot be told from the records.
    const deadReasonAt = index === 0 ? 28 : 16;
    add(block, (offset) => offset !== 16 && offset !== deadReasonAt);
  }
  for (const { block } of [...keys.values()].flat()) {
    const spare = new Set<number>();
    for (const { key } of keyEntries(block)) {
      const start = key.byteOffset - block.byteOffset - 18;
      // Flags without a meaning, and a byte that is kept free.
      for (const at of [10, 11]) spare.add(start + at);
    }
    add(block, (offset) => !spare.has(offset));
  }
  for (const { chunk } of [...columns.values()].flat()) {
    const count = new DataView(chunk.buffer).getUint32(0, true);
    const isThere = (row: number) => (chunk[4 + count * 8 + (row >> 3)]! & (1 << (row & 7))) !== 0;
    add(chunk, (offset) => {
      if (offset < 4) return true;
      return offset < 4 + count * 8 ? isThere((offset - 4) >> 3) : offset < 4 + count * 8 + (count >> 3);
    });
  }
  return places;
}
