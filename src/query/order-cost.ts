import { sortEntriesMax } from "../kernel/index.js";
import type { Query } from "./filter-ast.js";
import type { Plan } from "./plan-parts.js";
import type { QueryStore } from "./query-store.js";

/** A posting of the walk, which is met by a seek, costs about as much as so many candidates that are held. */
const walkPostingCost = 24;

/** Opening a list costs about as much as so many of its postings. */
const listCost = 200;

/**
 * A chunk of the column that must be read costs about as much as so many candidates; it has about so many
 * rows.
 */
const chunkCost = 2000;
const chunkRows = 1024;

/** A part that is longer is sought in rather than read. */
const seekRatio = 16;

/** How many postings a walk in order is likely to pass, and how many cost what collecting costs. */
export function affordableWalk(
  store: QueryStore,
  query: Query,
  plan: Plan,
): { likely: number; affordable: number } {
  const records = Math.max(1, store.liveRecords(query.entity));
  const wanted = query.limit === null ? Infinity : query.limit + query.offset;
  const passes = Math.ceil(Math.min(Math.max(1, plan.length), wanted) / sortEntriesMax);
  const affordable = ((readCost(plan) + columnCost(store, plan)) * passes) / walkPostingCost;
  return { likely: wanted / shareOf(plan, records), affordable };
}

/** Which share of the records the plan leaves, when its parts have nothing to do with one another. */
function shareOf(plan: Plan, records: number): number {
  const least = 1 / records;
  if (plan.kind !== "and") return Math.min(1, Math.max(least, plan.length / records));
  return Math.max(
    least,
    plan.parts.reduce((share, part) => share * shareOf(part, records), 1),
  );
}

/**
 * A column that its cache holds is there by and by; any other is read anew, and its pages mapped, every time.
 */
function columnCost(store: QueryStore, plan: Plan): number {
  const { nextId } = store.sealed;
  if (store.columns.holds(nextId)) return 0;
  return Math.min(plan.length, Math.ceil(nextId / chunkRows)) * chunkCost;
}

/** What meeting all of the plan's candidates costs, in postings that are read in a row. */
function readCost(plan: Plan): number {
  switch (plan.kind) {
    case "all":
    case "ids":
      return plan.length;
    case "list":
      return plan.length + listCost;
    case "gather":
      return plan.length + plan.spans.length * listCost;
    case "or":
      return plan.parts.reduce((sum, part) => sum + readCost(part), 0);
    case "and": {
      const most = plan.length * seekRatio;
      return plan.parts.reduce((sum, part) => sum + Math.min(most, readCost(part)), 0);
    }
  }
}
