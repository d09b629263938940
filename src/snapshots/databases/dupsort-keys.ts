import { PlimsollError } from "../../kernel/index.js";
import { type HeaderPlace, shownKey } from "./native-value.js";

/**
 * `dupsort_hack_v1`: in a shadow and in snapshots a pair of key and value has a key of its own, made of both: the key,
 * four zero bytes, as much of the value as LMDB's longest key has room for, and the length of the key.
 */
export const dupSortTransform = "dupsort_hack_v1";
const pairKeyBytesMax = 511;
const keyBytesMax = 255;
const separatorBytes = 4;

/** Writes the key of a pair to the front of a buffer that has room for the longest one. */
export function writePairKey(target: Buffer, value: Uint8Array, place: HeaderPlace): number {
  const { key } = place;
  if (key.length > keyBytesMax) throw invalid(place, `is longer than the ${keyBytesMax} bytes of ${dupSortTransform}`);
  target.set(key, 0);
  target.fill(0, key.length, key.length + separatorBytes);
  const front = key.length + separatorBytes;
  const taken = Math.min(value.length, pairKeyBytesMax - front - 1);
  target.set(taken === value.length ? value : value.subarray(0, taken), front);
  target[front + taken] = key.length;
  return front + taken + 1;
}

/** The key within the key of a pair. */
export function keyOfPair(pairKey: Uint8Array, place: HeaderPlace): Uint8Array {
  const bytes = pairKey[pairKey.length - 1] ?? 0;
  const isWhole = bytes > 0 && pairKey.length >= bytes + separatorBytes + 1;
  const separator = pairKey.subarray(bytes, bytes + separatorBytes);
  if (!isWhole || separator.some((byte) => byte !== 0)) throw invalid(place, `was not made by ${dupSortTransform}`);
  return pairKey.subarray(0, bytes);
}

export function makePairBuffer(): Buffer {
  return Buffer.alloc(pairKeyBytesMax);
}

function invalid({ path, database, key }: HeaderPlace, what: string): PlimsollError {
  return new PlimsollError("LMDB_PAIR_INVALID", { path, dbi: database, key: shownKey(key), what });
}

/** Keys of pairs that do not rise as the pairs do, or are the same for two of them, cannot be kept apart. */
export function pairsCollide(place: HeaderPlace, isSame: boolean): PlimsollError {
  const what = isSame
    ? `has two values that differ only behind what ${dupSortTransform} has room for`
    : `does not keep its order under ${dupSortTransform}`;
  return invalid(place, what);
}
