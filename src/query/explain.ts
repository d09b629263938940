import type { StoreReader } from "../ports/index.js";
import { candidates } from "./candidates.js";
import { runQuery } from "./evaluate.js";
import { parseFilter } from "./filter.js";
import type { Query } from "./filter-ast.js";
import { Matcher } from "./match.js";
import { OrderedRecords } from "./ordered.js";
import { planQuery } from "./plan.js";
import type { Plan } from "./plan-parts.js";
import { openQueryStore, type QueryStore } from "./query-store.js";

/**
 * Which lists a filter meets, how long they are, which way was chosen, and what running it read: in plain
 * words.
 */
export function explain(reader: StoreReader, filter: unknown): string[] {
  const store = openQueryStore(reader);
  return explainQuery(store, parseFilter(store.mapping, store.fields, filter));
}

export function explainQuery(store: QueryStore, asked: Query): string[] {
  const plan = planQuery(store, asked);
  const lines = [`Entity ${asked.entity.name}: ${store.liveRecords(asked.entity)} live records.`];
  lines.push(...planLines(store, plan, ""));
  lines.push(
    plan.isExact
      ? "The lists answer the conditions; the records found are held against them all the same."
      : "The lists narrow the search; each record found is checked against all conditions.",
  );
  lines.push(orderLine(store, asked, plan));
  const before = { blocks: store.records.blocksRead, records: store.records.recordsRead };
  let found = 0;
  for (const _result of runQuery(store, asked)) found++;
  const records = store.records.recordsRead - before.records;
  const blocks = store.records.blocksRead - before.blocks;
  lines.push(`Read ${records} records in ${blocks} unpacked blocks; ${found} results.`);
  return lines;
}

function planLines(store: QueryStore, plan: Plan, indent: string): string[] {
  switch (plan.kind) {
    case "all":
      return [`${indent}scan: all ${plan.length} records, for want of an index that narrows the conditions`];
    case "list":
      return [`${indent}list: ${plan.label()}, ${lengthText(store, plan)}`];
    case "gather":
      return [`${indent}range: ${plan.label()}, ${lengthText(store, plan)}, gathered by id`];
    case "ids":
      return [`${indent}ids: ${plan.label()}, ${plan.length} found`];
    case "or":
      return [`${indent}any of:`, ...plan.parts.flatMap((part) => planLines(store, part, `${indent}  `))];
    case "and": {
      const lines = [
        `${indent}all of:`,
        ...plan.parts.flatMap((part) => planLines(store, part, `${indent}  `)),
      ];
      if (plan.without.length === 0) return lines;
      return [
        ...lines,
        `${indent}without:`,
        ...plan.without.flatMap((part) => planLines(store, part, `${indent}  `)),
      ];
    }
  }
}

function lengthText(store: QueryStore, plan: Extract<Plan, { kind: "list" | "gather" }>): string {
  const spans = plan.kind === "list" ? [{ index: plan.index, low: plan.term, high: plan.term }] : plan.spans;
  const isWhole = spans.every((span) => store.lists.spanLength(span).isWhole);
  return isWhole ? `${plan.length} postings` : `more than ${plan.length} postings`;
}

function orderLine(store: QueryStore, asked: Query, plan: Plan): string {
  if (asked.order !== null) {
    const found = candidates(store, asked.entity, plan);
    const ordered = new OrderedRecords(store, asked, asked.order, found, new Matcher(store));
    const name = `${asked.order.field.name}, ${asked.order.isDescending ? "largest" : "smallest"} first`;
    return ordered.strategy === "walk"
      ? `Order by ${name}: its index is walked in order and held against the lists.`
      : `Order by ${name}: candidates are collected and sorted by their column.`;
  }
  if (asked.isRanked) return "Order by rank: BM25 from the word lists, best first.";
  return "Order of import: lists are met by rising id.";
}
