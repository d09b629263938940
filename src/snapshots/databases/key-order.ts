import { compareForwards, type KeyComparison, keyComparison } from "../wire/key-order.js";
import { dbiFlags } from "./page-layout.js";

export type CompareKeys = KeyComparison;
export const compareBytes = compareForwards;

/** The order in which LMDB keeps the keys of a database with these flags. */
export function keyOrderOf(flags: number): CompareKeys {
  if ((flags & dbiFlags.integerKey) !== 0) return keyComparison("integer");
  return keyComparison((flags & dbiFlags.reverseKey) !== 0 ? "reverse" : "bytes");
}
