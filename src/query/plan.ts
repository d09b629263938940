import { gatheredSetsMax, queryUnionCursorsMax } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, CompiledIndex } from "../model/index.js";
import { meets } from "./field-values.js";
import type { Comparable, ValueTest, Where } from "./filter-ast.js";
import { planLink } from "./plan-links.js";
import type { QueryStore } from "./query-store.js";
import type { Span } from "./term-walk.js";

/**
 * Which ids may match: always a superset of those that do. `isExact` says that it is no more than these, as far as
 * the index can tell without a hash; then counting needs no record.
 */
export type Plan = { isExact: boolean; /** Postings to be met, or a bound of them. */ length: number } & (
  | { kind: "all" }
  | { kind: "list"; label: string; index: number; term: bigint }
  | { kind: "gather"; label: string; spans: Span[] }
  | { kind: "ids"; label: string; ids: Float64Array }
  | { kind: "and"; parts: Plan[]; without: Plan[] }
  | { kind: "or"; parts: Plan[] }
);

/** A record costs about this many postings to fetch, unpack and parse. */
const recordCost = 200;

/** Lowers the conditions on records of `entity` to posting lists; what no list answers becomes `all`. */
export function planWhere(store: QueryStore, entity: CompiledEntity, where: Where): Plan {
  switch (where.kind) {
    case "and":
      return planAnd(store, entity, where.parts);
    case "or":
      return planOr(store, entity, where.parts);
    case "not": {
      const part = planWhere(store, entity, where.part);
      const all = planAll(store, entity, part.isExact);
      return part.isExact ? { kind: "and", parts: [all], without: [part], isExact: true, length: all.length } : all;
    }
    case "value":
      return planValue(store, entity, where.field, where.test);
    case "exists":
      return planExists(store, entity, where.field);
    case "pair":
      return planPair(store, entity, where);
    case "words":
      return planAndParts(
        store,
        entity,
        where.tokens.map((token) => planToken(store, where.indexes, token)),
      );
    case "forward":
    case "back":
      return planLink(store, entity, where) ?? planAll(store, entity, false);
  }
}

export function planAll(store: QueryStore, entity: CompiledEntity, isExact: boolean): Plan {
  return { kind: "all", isExact, length: store.liveRecords(entity) };
}

function planAnd(store: QueryStore, entity: CompiledEntity, parts: Where[]): Plan {
  return planAndParts(
    store,
    entity,
    parts.map((part) => planWhere(store, entity, part)),
  );
}

/** Rarest first; parts that cost more to meet than to check on the remaining records are left to the records. */
function planAndParts(store: QueryStore, entity: CompiledEntity, plans: Plan[]): Plan {
  const removed = plans.flatMap((plan) => (plan.kind === "and" ? plan.without : []));
  const parts = plans.flatMap((plan) => (plan.kind === "and" ? plan.parts : [plan]));
  const narrowing = parts.filter((plan) => plan.kind !== "all").sort((left, right) => left.length - right.length);
  let gathered = narrowing[0] === undefined ? 0 : gatheredSets(narrowing[0]);
  const without = removed.filter((plan) => {
    const sets = gatheredSets(plan);
    if (sets > 0 && gathered + sets > gatheredSetsMax) return false;
    gathered += sets;
    return true;
  });
  let isExact = plans.every((plan) => plan.isExact) && without.length === removed.length;
  const [lead] = narrowing;
  if (lead === undefined) {
    const all = planAll(store, entity, isExact);
    return without.length === 0 ? all : { kind: "and", parts: [all], without, isExact, length: all.length };
  }
  const kept = narrowing.filter((plan) => {
    const sets = gatheredSets(plan);
    if (plan === lead || sets === 0) return true;
    if (plan.length >= lead.length * recordCost || gathered + sets > gatheredSetsMax) return false;
    gathered += sets;
    return true;
  });
  if (kept.length < narrowing.length) isExact = false;
  if (kept.length === 1 && without.length === 0) return { ...lead, isExact: isExact && lead.isExact };
  return { kind: "and", parts: kept, without, isExact, length: lead.length };
}

function planOr(store: QueryStore, entity: CompiledEntity, wheres: Where[]): Plan {
  const plans = wheres.map((where) => planWhere(store, entity, where));
  return uniteOrAll(store, entity, plans);
}

function uniteOrAll(store: QueryStore, entity: CompiledEntity, plans: Plan[]): Plan {
  const union = unite(plans);
  const isWide = plans.some((plan) => plan.kind === "all") || gatheredSets(union) > gatheredSetsMax;
  return isWide ? planAll(store, entity, false) : union;
}

/** A union; many plain lists and ranges become one gathered set, which costs one buffer instead of one each. */
export function unite(plans: Plan[]): Plan {
  const parts = plans.flatMap((plan) => (plan.kind === "or" ? plan.parts : [plan]));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const length = parts.reduce((sum, plan) => sum + plan.length, 0);
  const isExact = parts.every((plan) => plan.isExact);
  const lists = parts.filter((plan) => plan.kind === "list" || plan.kind === "gather");
  if (lists.length <= queryUnionCursorsMax && lists.every((plan) => plan.kind === "list")) {
    return { kind: "or", parts, isExact, length };
  }
  const rest = parts.filter((plan) => plan.kind !== "list" && plan.kind !== "gather");
  const gather: Plan = {
    kind: "gather",
    label: lists.length > 3 ? `${lists[0]!.label} and ${lists.length - 1} more` : lists.map((plan) => plan.label).join(" or "),
    spans: lists.flatMap((plan) =>
      plan.kind === "list" ? [{ index: plan.index, low: plan.term, high: plan.term }] : plan.spans,
    ),
    isExact: lists.every((plan) => plan.isExact),
    length: lists.reduce((sum, plan) => sum + plan.length, 0),
  };
  return rest.length === 0 ? gather : { kind: "or", parts: [...rest, gather], isExact, length };
}

/** Sets that must be gathered before the plan can be read. */
export function gatheredSets(plan: Plan): number {
  if (plan.kind === "gather") return 1;
  if (plan.kind === "or") return plan.parts.reduce((sum, part) => sum + gatheredSets(part), 0);
  if (plan.kind !== "and") return 0;
  return [...plan.parts, ...plan.without].reduce((sum, part) => sum + gatheredSets(part), 0);
}

function planValue(store: QueryStore, entity: CompiledEntity, field: CompiledField, test: ValueTest): Plan {
  if (test.anyOf !== null) {
    const values = test.anyOf.filter((value) => meets(test, value));
    const index = indexOf(field, "number") ?? indexOf(field, "exact") ?? indexOf(field, "prefix");
    if (index === undefined) return planAll(store, entity, false);
    return uniteOrAll(store, entity, values.map((value) => planEqual(store, field, index, value)));
  }
  const number = indexOf(field, "number");
  if (number !== undefined) return planNumberRange(store, field, number, test);
  const prefix = indexOf(field, "prefix");
  if (prefix === undefined) return planAll(store, entity, false);
  return gather(store, textSpan(store, prefix, test), `${field.name} ${testText(test)}`, false);
}

function planEqual(store: QueryStore, field: CompiledField, index: CompiledIndex, value: Comparable): Plan {
  const { term, isExact } = store.terms.equal(field, index.kind, value);
  return planList(store, index.number, term, isExact, `${field.name} = ${valueText(value)}`);
}

export function planList(store: QueryStore, index: number, term: bigint, isExact: boolean, label: string): Plan {
  const { postings } = store.lists.length(index, term);
  return { kind: "list", label, index, term, isExact, length: postings };
}

/** Terms of a number range; `isExact` when no bound was widened. Null when nothing can lie between. */
export function numberSpan(
  store: QueryStore,
  field: CompiledField,
  index: CompiledIndex,
  test: ValueTest,
): { span: Span; isExact: boolean } {
  const span = { index: index.number, low: 0n, high: 2n ** 64n - 1n };
  let isExact = true;
  if (test.lower !== null) {
    const lower = store.terms.equal(field, "number", test.lower.value);
    isExact &&= lower.isExact;
    span.low = lower.term + (lower.isExact && !test.lower.isInclusive ? 1n : 0n);
  }
  if (test.upper !== null) {
    const upper = store.terms.equal(field, "number", test.upper.value);
    isExact &&= upper.isExact;
    span.high = upper.term - (upper.isExact && !test.upper.isInclusive ? 1n : 0n);
  }
  return { span, isExact };
}

function planNumberRange(store: QueryStore, field: CompiledField, index: CompiledIndex, test: ValueTest): Plan {
  const { span, isExact } = numberSpan(store, field, index, test);
  return gather(store, span, `${field.name} ${testText(test)}`, isExact);
}

/** Terms that texts between the bounds may have: their first eight bytes. */
export function textSpan(store: QueryStore, index: CompiledIndex, test: ValueTest): Span {
  let low = 0n;
  let high = 2n ** 64n - 1n;
  const atLeast = (term: bigint) => (low = term > low ? term : low);
  const atMost = (term: bigint) => (high = term < high ? term : high);
  if (test.lower !== null) atLeast(store.terms.prefix(String(test.lower.value)).low);
  if (test.upper !== null) atMost(store.terms.prefix(String(test.upper.value)).low);
  if (test.prefix !== null) {
    const prefix = store.terms.prefix(test.prefix);
    atLeast(prefix.low);
    atMost(prefix.high);
  }
  return { index: index.number, low, high };
}

function gather(store: QueryStore, span: Span, label: string, isExact: boolean): Plan {
  const length = span.low > span.high ? 0 : store.lists.spanLength(span).postings;
  return { kind: "gather", label, spans: span.low > span.high ? [] : [span], isExact, length };
}

function planExists(store: QueryStore, entity: CompiledEntity, field: CompiledField): Plan {
  if (entity.keySlots.includes(field.slot)) return planAll(store, entity, true);
  const index = indexOf(field, "number") ?? indexOf(field, "prefix");
  if (index === undefined) return planAll(store, entity, false);
  return gather(store, { index: index.number, low: 0n, high: 2n ** 64n - 1n }, `${field.name} exists`, true);
}

function planPair(store: QueryStore, entity: CompiledEntity, where: Extract<Where, { kind: "pair" }>): Plan {
  const index = indexOf(where.field, "pairs");
  const { test } = where;
  if (index === undefined || test === null || test.anyOf === null) return planAll(store, entity, false);
  const values = test.anyOf.filter((value) => meets(test, value));
  const plans = values.map((value): Plan => {
    const { term, isExact } = store.terms.pair(where.name, String(value));
    return planList(store, index.number, term, isExact, `${where.field.name}.${where.name} = ${valueText(value)}`);
  });
  return uniteOrAll(store, entity, plans);
}

export function planToken(store: QueryStore, indexes: CompiledIndex[], token: string): Plan {
  return unite(
    indexes.map((index) => {
      const { term, isExact } = store.terms.token(token);
      return planList(store, index.number, term, isExact, `word ${valueText(token)} in ${index.field}`);
    }),
  );
}

function indexOf(field: CompiledField, kind: CompiledIndex["kind"]): CompiledIndex | undefined {
  return field.indexes.find((index) => index.kind === kind);
}

export function valueText(value: Comparable): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

export function testText(test: ValueTest): string {
  const parts: string[] = [];
  if (test.prefix !== null) parts.push(`starts with ${valueText(test.prefix)}`);
  if (test.lower !== null) parts.push(`${test.lower.isInclusive ? ">=" : ">"} ${valueText(test.lower.value)}`);
  if (test.upper !== null) parts.push(`${test.upper.isInclusive ? "<=" : "<"} ${valueText(test.upper.value)}`);
  return parts.join(" and ");
}
