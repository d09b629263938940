import { gatheredSetsMax, orderRangeIdsMax, queryCursorsMax } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, CompiledIndex } from "../model/index.js";
import type { Area } from "./area.js";
import { meets } from "./field-values.js";
import {
  anyValue,
  type Comparable,
  conjunction,
  everything,
  type Query,
  type ValueTest,
  type Where,
} from "./filter-ast.js";
import { fixedRule, wordForms } from "./index-words.js";
import { planJoin } from "./plan-joins.js";
import { planLink } from "./plan-links.js";
import {
  gatheredSets,
  type Label,
  openCursors,
  type Plan,
  planAll,
  planList,
  testText,
  unite,
  valueText,
} from "./plan-parts.js";
import { areaSpans } from "./plan-places.js";
import { planTrigrams } from "./plan-trigrams.js";
import type { QueryStore } from "./query-store.js";
import { keyField } from "./record-keys.js";
import { numberSpan, textSpan } from "./spans.js";
import type { Span } from "./term-walk.js";

/** A record costs about this many postings to fetch, unpack and parse. */
const recordCost = 2000;

/**
 * The plan of a query. Ranges on the field that it is ordered by are left out: the walk through that field's
 * index keeps to them, and so does the column; gathering them would cost a posting for every record inside.
 * Where these are few, other conditions need be met by them alone.
 */
export function planQuery(store: QueryStore, { entity, where, order }: Query): Plan {
  if (order === null || order.index.kind !== "number") return planWhere(store, entity, where);
  const parts = where.kind === "and" ? where.parts : [where];
  const isRange = (part: Where) =>
    part.kind === "value" && part.field.slot === order.field.slot && part.test.anyOf === null;
  const rest = parts.filter((part) => !isRange(part));
  if (rest.length === parts.length) return planWhere(store, entity, where);
  const spanOf = (test: ValueTest) => numberSpan(store.terms, order.field, order.index, test).span;
  const isFew = (part: Where) =>
    part.kind === "value" && isRange(part) && store.lists.isWithin(spanOf(part.test), orderRangeIdsMax);
  if (rest.length > 0 && parts.some(isFew)) return planWhere(store, entity, where);
  const plan = planWhere(store, entity, rest.length === 0 ? everything : conjunction(rest));
  return { ...plan, isExact: false };
}

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
      return part.isExact
        ? { kind: "and", parts: [all], without: [part], isExact: true, length: all.length }
        : all;
    }
    case "value":
      return planValue(store, entity, where.field, where.test);
    case "exists":
      return planExists(store, entity, where.field);
    case "place":
      return planPlace(store, entity, where.field, where.area);
    case "pair":
      return planPair(store, entity, where);
    case "words":
      return planWords(store, entity, where);
    case "forward":
    case "back":
      return planLink(store, entity, where, planWhere) ?? planAll(store, entity, false);
    case "join":
      return planJoin(store, entity, where, planWhere) ?? planAll(store, entity, false);
  }
}

function planAnd(store: QueryStore, entity: CompiledEntity, parts: Where[]): Plan {
  const plans = parts.map((part) => planWhere(store, entity, part));
  const byPredicate = planByPredicate(store, entity, parts);
  return planAndParts(store, entity, byPredicate === null ? plans : [...plans, byPredicate]);
}

/** A literal asked for beside its predicate: where all literals have no index, the predicate may have one. */
function planByPredicate(store: QueryStore, entity: CompiledEntity, parts: Where[]): Plan | null {
  if (entity.quads === undefined) return null;
  const testOf = (name: string) =>
    parts.flatMap((part) => (part.kind === "value" && part.field.name === name ? [part] : []))[0];
  const [predicate, value] = [testOf("predicate"), testOf("value")];
  if (predicate === undefined || value?.test.anyOf == null || indexOf(value.field, "exact")) return null;
  const [iri, ...others] = predicate.test.anyOf ?? [];
  const field = entity.fields.find((one) => one.predicate?.iri === iri && one.indexes.length > 0);
  if (field === undefined || others.length > 0) return null;
  const values = value.test.anyOf.flatMap((text) => store.terms.literal(field.type, String(text)) ?? []);
  return { ...planValue(store, entity, field, { ...anyValue, anyOf: values }), isExact: false };
}

/** Rarest first; what costs more to meet than to check on the remaining records is left to the records. */
function planAndParts(store: QueryStore, entity: CompiledEntity, plans: Plan[]): Plan {
  const removed = plans.flatMap((plan) => (plan.kind === "and" ? plan.without : []));
  const parts = plans.flatMap((plan) => (plan.kind === "and" ? plan.parts : [plan]));
  const narrowing = parts
    .filter((plan) => plan.kind !== "all")
    .sort((left, right) => left.length - right.length);
  const [lead] = narrowing;
  const budget = new ReadBudget();
  if (lead !== undefined) budget.take(lead);
  const kept = narrowing.filter((plan) => {
    if (plan === lead) return true;
    const isCostly = gatheredSets(plan) > 0 && plan.length >= narrowing[0]!.length * recordCost;
    return !isCostly && budget.take(plan);
  });
  const without = removed.filter((plan) => budget.take(plan));
  const isComplete = kept.length === narrowing.length && without.length === removed.length;
  const isExact = isComplete && plans.every((plan) => plan.isExact);
  if (lead === undefined) {
    const all = planAll(store, entity, isExact);
    return without.length === 0 ? all : { kind: "and", parts: [all], without, isExact, length: all.length };
  }
  if (kept.length === 1 && without.length === 0) return { ...lead, isExact };
  return { kind: "and", parts: kept, without, isExact, length: lead.length };
}

/** Bounds what one query holds in memory: decoded blocks of lists, and gathered sets. */
class ReadBudget {
  #cursors = 0;
  #sets = 0;

  /** Whether the plan fits what is left, which it then takes. */
  take(plan: Plan): boolean {
    const cursors = this.#cursors + openCursors(plan);
    const sets = this.#sets + gatheredSets(plan);
    if (cursors > queryCursorsMax || sets > gatheredSetsMax) return false;
    this.#cursors = cursors;
    this.#sets = sets;
    return true;
  }
}

function planOr(store: QueryStore, entity: CompiledEntity, wheres: Where[]): Plan {
  const plans = wheres.map((where) => planWhere(store, entity, where));
  return uniteOrAll(store, entity, plans);
}

function uniteOrAll(store: QueryStore, entity: CompiledEntity, plans: Plan[]): Plan {
  const union = unite(plans);
  const isWide = plans.some((plan) => plan.kind === "all") || !new ReadBudget().take(union);
  return isWide ? planAll(store, entity, false) : union;
}

function planValue(store: QueryStore, entity: CompiledEntity, field: CompiledField, test: ValueTest): Plan {
  const plan = planIndexed(store, entity, field, test);
  if (field.predicate === undefined || plan.kind !== "all") return plan;
  return planPredicate(store, entity, field, test) ?? plan;
}

/** What a field by predicate has no index for: the quads of the predicate, among those with the value. */
function planPredicate(
  store: QueryStore,
  entity: CompiledEntity,
  field: CompiledField,
  test: ValueTest | null,
): Plan | null {
  const { iri, holds } = field.predicate!;
  const memberNamed = (name: string) => entity.fields.find((one) => one.name === name)!;
  const predicate = memberNamed("predicate");
  const index = indexOf(predicate, "exact");
  if (index === undefined) return null;
  const quads = planEqual(store, predicate, index, iri);
  if (test === null) return quads;
  const isEqual = test.anyOf !== null && field.type === "string";
  if (!isEqual) return { ...quads, isExact: false };
  const texts = uniteOrAll(
    store,
    entity,
    test.anyOf!.map((text) => planParts(store, entity, field, String(text))),
  );
  if (texts.kind !== "all") return texts;
  return planAndParts(store, entity, [quads, planIndexed(store, entity, memberNamed(holds), test)]);
}

/** A text that is equal has the same words, and the same parts. */
function planParts(store: QueryStore, entity: CompiledEntity, field: CompiledField, text: string): Plan {
  const trigrams = indexOf(field, "trigram");
  const parts = trigrams === undefined ? [] : planTrigrams(store, trigrams, { ...anyValue, contains: text });
  const words = indexOf(field, "text") ?? indexOf(field, "stems");
  const tokens = [...new Set(store.fields.tokens(text))];
  if (words !== undefined && tokens.length > 0)
    parts.push(planWords(store, entity, { kind: "words", indexes: [words], tokens }));
  const all = planAll(store, entity, false);
  return planAndParts(store, entity, [...parts, all]);
}

function planIndexed(store: QueryStore, entity: CompiledEntity, field: CompiledField, test: ValueTest): Plan {
  if (test.anyOf !== null) {
    const values = test.anyOf.filter((value) => meets(test, value));
    const index = indexOf(field, "number") ?? indexOf(field, "exact") ?? indexOf(field, "prefix");
    if (index === undefined) return planKeys(store, entity, field, values) ?? planAll(store, entity, false);
    return uniteOrAll(
      store,
      entity,
      values.map((value) => planEqual(store, field, index, value)),
    );
  }
  const number = indexOf(field, "number");
  if (number !== undefined) return planNumberRange(store, field, number, test);
  const plans = planText(store, field, test);
  return plans.length === 0 ? planAll(store, entity, false) : planAndParts(store, entity, plans);
}

/** What the indexes of a text narrow; nothing when they have no say in the test. */
function planText(store: QueryStore, field: CompiledField, test: ValueTest): Plan[] {
  const { prefix, lower, upper } = test;
  const ranges = indexOf(field, "prefix");
  const trigrams = indexOf(field, "trigram");
  const plans =
    trigrams === undefined
      ? []
      : planTrigrams(store, trigrams, ranges === undefined ? test : { ...test, prefix: null });
  if (ranges === undefined || (prefix === null && lower === null && upper === null)) return plans;
  const label = () => `${field.name} ${testText({ ...test, contains: null, pattern: null })}`;
  return [...plans, gather(store, textSpan(store.terms, ranges, test), label, false)];
}

/** Records by their keys, when the field is the key and its values have one form each. */
function planKeys(
  store: QueryStore,
  entity: CompiledEntity,
  field: CompiledField,
  values: Comparable[],
): Plan | null {
  const hasOneForm = field.type === "string" || field.type === "int" || field.type === "hex";
  if (keyField(entity) !== field || !hasOneForm) return null;
  const ids = new Set<number>();
  for (const value of values) {
    const key = store.keys.ofOperands(entity, [value]);
    const id = key === null ? undefined : store.links.find(entity, key);
    if (id !== undefined) ids.add(id);
  }
  const sorted = Float64Array.from(ids).sort();
  const shown = values.length === 1 ? valueText(values[0]!) : `${values.length} values`;
  const label = () => `${field.name} = ${shown}, by key`;
  return { kind: "ids", label, ids: sorted, isExact: false, length: sorted.length };
}

function planEqual(store: QueryStore, field: CompiledField, index: CompiledIndex, value: Comparable): Plan {
  const { term, isExact } = store.terms.equal(field, index.kind, value);
  return planList(store, index.number, term, isExact, () => `${field.name} = ${valueText(value)}`);
}

function planNumberRange(
  store: QueryStore,
  field: CompiledField,
  index: CompiledIndex,
  test: ValueTest,
): Plan {
  const { span, isExact } = numberSpan(store.terms, field, index, test);
  return gather(store, span, () => `${field.name} ${testText(test)}`, isExact);
}

function gather(store: QueryStore, span: Span, label: Label, isExact: boolean): Plan {
  const length = span.low > span.high ? 0 : store.lists.spanLength(span).postings;
  return { kind: "gather", label, spans: span.low > span.high ? [] : [span], isExact, length };
}

function planExists(store: QueryStore, entity: CompiledEntity, field: CompiledField): Plan {
  if (field.required && entity.keySlots.includes(field.slot)) return planAll(store, entity, true);
  const index = indexOf(field, "number") ?? indexOf(field, "prefix");
  const quads = field.predicate === undefined ? null : planPredicate(store, entity, field, null);
  if (index === undefined || quads !== null) return quads ?? planAll(store, entity, false);
  return gather(
    store,
    { index: index.number, low: 0n, high: 2n ** 64n - 1n },
    () => `${field.name} exists`,
    true,
  );
}

function planPlace(store: QueryStore, entity: CompiledEntity, field: CompiledField, area: Area): Plan {
  const index = indexOf(field, "place");
  if (index === undefined) {
    const quads = field.predicate === undefined ? null : planPredicate(store, entity, field, null);
    return { ...(quads ?? planAll(store, entity, false)), isExact: false };
  }
  const spans = areaSpans(area, index.number);
  const length = spans.reduce((sum, span) => sum + store.lists.spanLength(span).postings, 0);
  return { kind: "gather", label: () => `${field.name} ${area.label}`, spans, isExact: false, length };
}

function planPair(store: QueryStore, entity: CompiledEntity, where: Extract<Where, { kind: "pair" }>): Plan {
  const index = indexOf(where.field, "pairs");
  const { test } = where;
  if (index === undefined || test === null || test.anyOf === null) return planAll(store, entity, false);
  const values = test.anyOf.filter((value) => meets(test, value));
  const plans = values.map((value): Plan => {
    const { term, isExact } = store.terms.pair(where.name, String(value));
    return planList(
      store,
      index.number,
      term,
      isExact,
      () => `${where.field.name}.${where.name} = ${valueText(value)}`,
    );
  });
  return uniteOrAll(store, entity, plans);
}

/** Words that some records leave out are left to the records. */
function planWords(
  store: QueryStore,
  entity: CompiledEntity,
  where: Extract<Where, { kind: "words" }>,
): Plan {
  const plans = where.tokens.flatMap((token) => planToken(store, where.indexes, token) ?? []);
  if (plans.length === 0) return planAll(store, entity, false);
  const plan = planAndParts(store, entity, plans);
  return plans.length === where.tokens.length ? plan : { ...plan, isExact: false };
}

function planToken(store: QueryStore, indexes: CompiledIndex[], token: string): Plan | null {
  const plans: Plan[] = [];
  for (const index of indexes) {
    const forms = wordForms(index, token);
    if (forms === null) return null;
    const isFixed = fixedRule(index) !== undefined;
    for (const form of forms) {
      const { term, isExact } = store.terms.token(form);
      const label = () => `word ${valueText(form)} in ${index.field}`;
      plans.push(planList(store, index.number, term, isExact && isFixed, label));
    }
  }
  return unite(plans);
}

function indexOf(field: CompiledField, kind: CompiledIndex["kind"]): CompiledIndex | undefined {
  return field.indexes.find((index) => index.kind === kind);
}
