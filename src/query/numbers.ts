import type { Comparable } from "./filter-ast.js";

/** Integers as plain numbers wherever these are exact, so that equal values are `===`. */
export function narrow(value: bigint): Comparable {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}
