import { queryUnionCursorsMax } from "../kernel/index.js";
import type { CompiledEntity } from "../model/index.js";
import type { Comparable, ValueTest } from "./filter-ast.js";
import type { QueryStore } from "./query-store.js";
import type { Span } from "./term-walk.js";

/** What a part of a plan is, in words: made for explanations only, for a plan may have hundreds of parts. */
export type Label = () => string;

/**
 * Which ids may match: always a superset of those that do. `isExact` says that it is no more than these, as
 * far as the index can tell without a hash; then counting needs no record.
 */
export type Plan = { isExact: boolean /** Postings to be met, or a bound of them. */; length: number } & (
  | { kind: "all" }
  | { kind: "list"; label: Label; index: number; term: bigint }
  | { kind: "gather"; label: Label; spans: Span[] }
  | { kind: "ids"; label: Label; ids: Float64Array }
  | { kind: "and"; parts: Plan[]; without: Plan[] }
  | { kind: "or"; parts: Plan[] }
);

export function planAll(store: QueryStore, entity: CompiledEntity, isExact: boolean): Plan {
  return { kind: "all", isExact, length: store.liveRecords(entity) };
}

export function planList(
  store: QueryStore,
  index: number,
  term: bigint,
  isExact: boolean,
  label: Label,
): Plan {
  const { postings } = store.lists.length(index, term);
  return { kind: "list", label, index, term, isExact, length: postings };
}

/**
 * A union; many plain lists and ranges become one gathered set, which costs one buffer instead of one each.
 */
export function unite(plans: Plan[]): Plan {
  const parts = plans.flatMap((plan) => (plan.kind === "or" ? plan.parts : [plan]));
  const [only] = parts;
  // A part may be exact where the plan around it is not.
  const isExact = plans.every((plan) => plan.isExact);
  if (parts.length === 1 && only !== undefined) return { ...only, isExact };
  const length = parts.reduce((sum, plan) => sum + plan.length, 0);
  const lists = parts.filter((plan) => plan.kind === "list" || plan.kind === "gather");
  if (lists.length <= queryUnionCursorsMax && lists.every((plan) => plan.kind === "list")) {
    return { kind: "or", parts, isExact, length };
  }
  const rest = parts.filter((plan) => plan.kind !== "list" && plan.kind !== "gather");
  const gather: Plan = {
    kind: "gather",
    label: () =>
      lists.length > 3
        ? `${lists[0]!.label()} and ${lists.length - 1} more`
        : lists.map((plan) => plan.label()).join(" or "),
    spans: lists.flatMap((plan) =>
      plan.kind === "list" ? [{ index: plan.index, low: plan.term, high: plan.term }] : plan.spans,
    ),
    isExact,
    length: lists.reduce((sum, plan) => sum + plan.length, 0),
  };
  return rest.length === 0 ? gather : { kind: "or", parts: [...rest, gather], isExact, length };
}

/** Posting lists (and walks over all records) that the plan reads side by side. */
export function openCursors(plan: Plan): number {
  if (plan.kind === "list" || plan.kind === "all") return 1;
  if (plan.kind === "or") return plan.parts.reduce((sum, part) => sum + openCursors(part), 0);
  if (plan.kind !== "and") return 0;
  return [...plan.parts, ...plan.without].reduce((sum, part) => sum + openCursors(part), 0);
}

/** Sets that must be gathered before the plan can be read. */
export function gatheredSets(plan: Plan): number {
  if (plan.kind === "gather") return 1;
  if (plan.kind === "or") return plan.parts.reduce((sum, part) => sum + gatheredSets(part), 0);
  if (plan.kind !== "and") return 0;
  return [...plan.parts, ...plan.without].reduce((sum, part) => sum + gatheredSets(part), 0);
}

export function valueText(value: Comparable): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

export function testText(test: ValueTest): string {
  const parts: string[] = [];
  if (test.prefix !== null) parts.push(`starts with ${valueText(test.prefix)}`);
  if (test.contains !== null) parts.push(`contains ${valueText(test.contains)}`);
  if (test.pattern !== null) parts.push(`matches ${valueText(test.pattern.source)}`);
  if (test.lower !== null)
    parts.push(`${test.lower.isInclusive ? ">=" : ">"} ${valueText(test.lower.value)}`);
  if (test.upper !== null)
    parts.push(`${test.upper.isInclusive ? "<=" : "<"} ${valueText(test.upper.value)}`);
  return parts.join(" and ");
}
