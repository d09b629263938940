import { heldIdsMax } from "../kernel/index.js";
import type { IdCursor } from "../postings/index.js";
import { GatheredIds, gatherBounds } from "./gathered-ids.js";
import { ArrayIds, endOfIds } from "./ids.js";
import { metIds } from "./met-ids.js";
import type { Plan } from "./plan-parts.js";
import type { QueryStore } from "./query-store.js";
import type { Span } from "./term-walk.js";

/** A list so many times as long as what is held against it is sought in; a shorter one is read through. */
const seekRatio = 16;

/** How a plan is read that cannot be held, and where ranges are that were gathered before. */
export interface PlanReader {
  open(plan: Plan, from: number): IdCursor;
  gather(plan: Extract<Plan, { kind: "gather" }>): GatheredIds;
}

/**
 * The ids of a plan as one rising array, made list by list in plain loops: a tenth of what cursors take that
 * meet id by id. Null when there are more than can be held.
 */
export function heldIds(store: QueryStore, plan: Plan, reader: PlanReader): Float64Array | null {
  if (plan.length > heldIdsMax) return null;
  switch (plan.kind) {
    case "all":
      return null;
    case "ids":
      return plan.ids;
    case "list":
      return gathered(store, [{ index: plan.index, low: plan.term, high: plan.term }], plan.length);
    case "gather":
      return arrayOf(reader.gather(plan));
    case "or":
      return heldUnion(store, plan);
    case "and":
      return heldIntersection(store, plan, reader);
  }
}

function gathered(store: QueryStore, spans: readonly Span[], likely: number): Float64Array | null {
  return arrayOf(new GatheredIds(store.reader, store.lists, spans, { ...gatherBounds, likely }));
}

/** A plan's length may be less than there is: what was read counts. */
function arrayOf(set: GatheredIds): Float64Array | null {
  return set.postingsRead > heldIdsMax ? null : set.toArray();
}

function heldUnion(store: QueryStore, plan: Extract<Plan, { kind: "or" }>): Float64Array | null {
  const spans = spansOf(plan);
  return spans === null ? null : gathered(store, spans, plan.length);
}

/** What a plan is the union of, when it is nothing but lists and ranges. */
export function spansOf(plan: Plan): readonly Span[] | null {
  if (plan.kind === "list") return [{ index: plan.index, low: plan.term, high: plan.term }];
  if (plan.kind === "gather") return plan.spans;
  if (plan.kind !== "or") return null;
  const spans = plan.parts.map(spansOf);
  return spans.includes(null) ? null : spans.flatMap((part) => part ?? []);
}

/** The shortest part, with whatever does not stand in the others taken out. */
function heldIntersection(
  store: QueryStore,
  plan: Extract<Plan, { kind: "and" }>,
  reader: PlanReader,
): Float64Array | null {
  const [lead, ...others] = plan.parts.toSorted((left, right) => left.length - right.length);
  let ids = lead === undefined ? null : heldIds(store, lead, reader);
  if (ids === null) return null;
  for (const part of others) {
    ids = metWith(store, part, ids) ?? inside(ids, setOf(store, part, ids.length, reader));
  }
  for (const part of plan.without) ids = outside(ids, reader.open(part, 0));
  return ids;
}

/** Those of the ids that a union holds; null where its parts are sooner sought in. */
function metWith(store: QueryStore, part: Plan, ids: Float64Array): Float64Array | null {
  if (part.kind === "list" || (part.kind === "or" && isSought(part, ids.length))) return null;
  const spans = spansOf(part);
  return spans === null ? null : metIds(store, ids, spans);
}

/** A cursor to seek in: of the part's lists where they are long, else of what they hold. */
function setOf(store: QueryStore, part: Plan, idsHeld: number, reader: PlanReader): IdCursor {
  const ids = isSought(part, idsHeld) || part.kind === "gather" ? null : heldIds(store, part, reader);
  return ids === null ? reader.open(part, 0) : new ArrayIds(ids, 0);
}

function isSought(part: Plan, idsHeld: number): boolean {
  return part.length > idsHeld * seekRatio;
}

/** Those of `ids` that stand in the set. */
export function inside(ids: Float64Array, set: IdCursor): Float64Array {
  const kept = new Float64Array(ids.length);
  let count = 0;
  for (let at = 0; at < ids.length && set.id !== endOfIds; at++) {
    const id = ids[at]!;
    if (set.id < id) set.seek(id);
    if (set.id === id) kept[count++] = id;
  }
  return kept.subarray(0, count);
}

/** Those of `ids` that do not stand in the set. */
export function outside(ids: Float64Array, set: IdCursor): Float64Array {
  if (set.id === endOfIds) return ids;
  const kept = new Float64Array(ids.length);
  let count = 0;
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    if (set.id < id) set.seek(id);
    if (set.id !== id) kept[count++] = id;
  }
  return kept.subarray(0, count);
}
