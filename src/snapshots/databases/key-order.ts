import { dbiFlags } from "./page-layout.js";

/** Below zero, zero or above it as for sorting. The ends lie behind the last byte. */
export type CompareKeys = (
  left: Uint8Array,
  leftStart: number,
  leftEnd: number,
  right: Uint8Array,
  rightStart: number,
  rightEnd: number,
) => number;

/** The order in which LMDB keeps the keys of a database with these flags. */
export function keyOrderOf(flags: number): CompareKeys {
  if ((flags & dbiFlags.integerKey) !== 0) return compareIntegers;
  return (flags & dbiFlags.reverseKey) !== 0 ? compareReversed : compareBytes;
}

/** The order of several values of one key. */
export function valueOrderOf(flags: number): CompareKeys {
  if ((flags & dbiFlags.integerDup) !== 0) return compareIntegers;
  return (flags & dbiFlags.reverseDup) !== 0 ? compareReversed : compareBytes;
}

export const compareBytes: CompareKeys = (left, leftStart, leftEnd, right, rightStart, rightEnd) => {
  const leftBytes = leftEnd - leftStart;
  const rightBytes = rightEnd - rightStart;
  const bytes = leftBytes < rightBytes ? leftBytes : rightBytes;
  for (let at = 0; at < bytes; at += 1) {
    const difference = left[leftStart + at]! - right[rightStart + at]!;
    if (difference !== 0) return difference;
  }
  return leftBytes - rightBytes;
};

/** From the last byte to the first. */
const compareReversed: CompareKeys = (left, leftStart, leftEnd, right, rightStart, rightEnd) => {
  const bytes = Math.min(leftEnd - leftStart, rightEnd - rightStart);
  for (let at = 1; at <= bytes; at += 1) {
    const difference = left[leftEnd - at]! - right[rightEnd - at]!;
    if (difference !== 0) return difference;
  }
  return leftEnd - leftStart - (rightEnd - rightStart);
};

/** Numbers of the machine, four or eight bytes, the lowest byte first. All keys of a database are as long. */
const compareIntegers: CompareKeys = (left, leftStart, leftEnd, right, rightStart, rightEnd) => {
  const longer = leftEnd - leftStart - (rightEnd - rightStart);
  return longer !== 0 ? longer : compareReversed(left, leftStart, leftEnd, right, rightStart, rightEnd);
};
