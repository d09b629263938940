import { linkGatherMax } from "../kernel/index.js";
import type { CompiledEntity } from "../model/index.js";
import { candidates } from "./candidates.js";
import type { Where } from "./filter-ast.js";
import type { LiveRecord } from "./live-record.js";
import { Matcher } from "./match.js";
import { type Plan, planAll, planList, unite } from "./plan-parts.js";
import type { QueryStore } from "./query-store.js";
import { keyField } from "./record-keys.js";

/** Plans the conditions on the records at the other end. */
export type PlanWhere = (store: QueryStore, entity: CompiledEntity, where: Where) => Plan;

type LinkWhere = Extract<Where, { kind: "forward" | "back" }>;

/**
 * Turns a condition on linked records into ids of this entity by asking the other entity first. Null when too
 * many records match there: then links are followed from each candidate instead.
 */
export function planLink(
  store: QueryStore,
  entity: CompiledEntity,
  where: LinkWhere,
  plan: PlanWhere,
): Plan | null {
  return where.kind === "forward" ? planForward(store, where, plan) : planBack(store, entity, where, plan);
}

/** Records whose link holds the key of a matching target: a union of the link's posting lists. */
function planForward(
  store: QueryStore,
  where: Extract<Where, { kind: "forward" }>,
  plan: PlanWhere,
): Plan | null {
  const index = where.field.indexes.find(
    (candidate) => candidate.kind === "exact" || candidate.kind === "number",
  );
  const key = keyField(where.target);
  if (index === undefined || key === null) return null;
  const lists: Plan[] = [];
  for (const target of matching(store, where.target, where.part, plan)) {
    if (target === null || lists.length >= linkGatherMax) return null;
    const value = store.keys.asLink(where.field, key, target);
    if (value === undefined) continue;
    const { term } = store.terms.equal(where.field, index.kind, value);
    lists.push(
      planList(store, index.number, term, false, () => `${where.field.name} to ${where.target.name}`),
    );
  }
  return { ...unite(lists), isExact: false };
}

/** Records that a matching source points at. */
function planBack(
  store: QueryStore,
  entity: CompiledEntity,
  where: Extract<Where, { kind: "back" }>,
  plan: PlanWhere,
): Plan | null {
  const ids = new Set<number>();
  let seen = 0;
  for (const source of matching(store, where.source, where.part, plan)) {
    if (source === null || ++seen > linkGatherMax) return null;
    for (const id of store.links.targets(where.field, source)) ids.add(id);
  }
  const sorted = Float64Array.from(ids).sort();
  const label = () => `${entity.name} records that ${where.source.name}.${where.field.name} points at`;
  return { kind: "ids", label, ids: sorted, isExact: false, length: sorted.length };
}

/** Matching records of another entity; null first of all when finding them would cost a scan of too many. */
export function* matching(
  store: QueryStore,
  entity: CompiledEntity,
  where: Where,
  planWhere: PlanWhere,
): Generator<LiveRecord | null> {
  const plan = planWhere(store, entity, where);
  if (Math.min(plan.length, planAll(store, entity, false).length) > linkGatherMax * 4) {
    yield null;
    return;
  }
  const matcher = new Matcher(store);
  for (const id of candidates(store, entity, plan).ids(0)) {
    const record = store.records.live(id);
    if (record !== undefined && matcher.matches(where, entity, record)) yield record;
  }
}
