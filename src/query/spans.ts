import type { CompiledField, CompiledIndex } from "../model/index.js";
import type { ValueTest } from "./filter-ast.js";
import type { QueryTerms } from "./query-terms.js";
import type { Span } from "./term-walk.js";

/** Terms of a number range; `isExact` when no bound was widened. Null when nothing can lie between. */
export function numberSpan(
  terms: QueryTerms,
  field: CompiledField,
  index: CompiledIndex,
  test: ValueTest,
): { span: Span; isExact: boolean } {
  const span = { index: index.number, low: 0n, high: 2n ** 64n - 1n };
  let isExact = true;
  if (test.lower !== null) {
    const lower = terms.equal(field, "number", test.lower.value);
    isExact &&= lower.isExact;
    span.low = lower.term + (lower.isExact && !test.lower.isInclusive ? 1n : 0n);
  }
  if (test.upper !== null) {
    const upper = terms.equal(field, "number", test.upper.value);
    isExact &&= upper.isExact;
    span.high = upper.term - (upper.isExact && !test.upper.isInclusive ? 1n : 0n);
  }
  return { span, isExact };
}

/** Terms that texts between the bounds may have: their first eight bytes. */
export function textSpan(terms: QueryTerms, index: CompiledIndex, test: ValueTest): Span {
  let low = 0n;
  let high = 2n ** 64n - 1n;
  const atLeast = (term: bigint) => (low = term > low ? term : low);
  const atMost = (term: bigint) => (high = term < high ? term : high);
  if (test.lower !== null) atLeast(terms.prefix(String(test.lower.value)).low);
  if (test.upper !== null) atMost(terms.prefix(String(test.upper.value)).low);
  if (test.prefix !== null) {
    const prefix = terms.prefix(test.prefix);
    atLeast(prefix.low);
    atMost(prefix.high);
  }
  return { index: index.number, low, high };
}
