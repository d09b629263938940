import { joinTermCharsMax, linkGatherMax } from "../kernel/index.js";
import type { CompiledEntity } from "../model/index.js";
import type { Where } from "./filter-ast.js";
import { matching, type PlanWhere } from "./plan-links.js";
import { type Plan, planList, unite } from "./plan-parts.js";
import { fieldOfTerm, type QuadTerm, termAt, termKey } from "./quad-terms.js";
import type { QueryStore } from "./query-store.js";

/**
 * Turns a join into posting lists by asking for the other quads first: a list for each term that they have
 * at the place. Null when there is too much of them: then each candidate is followed instead.
 */
export function planJoin(
  store: QueryStore,
  entity: CompiledEntity,
  where: Extract<Where, { kind: "join" }>,
  plan: PlanWhere,
): Plan | null {
  const terms = new Map<string, QuadTerm>();
  let chars = 0;
  for (const record of matching(store, entity, where.part, plan)) {
    if (record === null || terms.size >= linkGatherMax) return null;
    const term = termAt(record, where.other);
    if (term === null) continue;
    const key = termKey(term);
    if (terms.has(key)) continue;
    chars += key.length;
    if (chars > joinTermCharsMax) return null;
    terms.set(key, term);
  }
  const label = () => `${where.own} met as ${where.other} of another quad`;
  const lists = [...terms.values()].map((term) => {
    const { field, text } = fieldOfTerm(entity, where.own, term);
    const index = field.indexes.find(({ kind }) => kind === "exact");
    if (index === undefined) return null;
    return planList(store, index.number, store.terms.equal(field, index.kind, text).term, false, label);
  });
  const known = lists.filter((list) => list !== null);
  return known.length < lists.length ? null : { ...unite(known), isExact: false };
}
