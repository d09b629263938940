import { resultsMax, resultsStep } from "../limits.js";

/** What a person asks: words, and a filter as JSON. */
export interface Question {
  words: string;
  filterText: string;
  /** The entity to search, of stores that have several; empty for stores of Nostr events. */
  entity: string;
  isNostr: boolean;
}

export type QueryBody = { nostr: Filter | Filter[] } | { filter: Filter };
type Filter = Record<string, unknown>;

/** The filter that was typed cannot be sent. The message says how to mend it. */
export class FilterFault extends Error {}

/** The question as the server takes it, for one more step of results behind those that are shown. */
export function queryBody(question: Question, shown: number): QueryBody {
  const asked = filterOf(question);
  if (question.isNostr) {
    const filters = Array.isArray(asked) ? asked : [asked];
    // Events that come in meanwhile move the others: all shown ones are asked for again, and passed over by
    // their id.
    const bounded = filters.map((filter) => ({
      ...filter,
      limit: boundedLimit(filter.limit, shown + resultsStep + 1),
    }));
    return { nostr: Array.isArray(asked) ? bounded : bounded[0]! };
  }
  if (Array.isArray(asked)) throw new FilterFault('A filter is one object here: {"where":{"field":"value"}}');
  const offset = Number(asked.offset ?? 0);
  const left = asked.limit === undefined ? resultsMax : Number(asked.limit) - shown;
  const limit = Math.max(0, Math.min(resultsStep + 1, left));
  return { filter: { ...asked, offset: offset + shown, limit } };
}

/** The same question for a count: order and limits do not matter to it. */
export function countBody(question: Question): QueryBody & { count: true } {
  const asked = filterOf(question);
  return question.isNostr ? { nostr: asked, count: true } : { filter: asked as Filter, count: true };
}

function filterOf(question: Question): Filter | Filter[] {
  const typed = parse(question.filterText);
  const extra: Filter = {};
  if (question.words.trim() !== "") extra.search = question.words.trim();
  if (question.entity !== "") extra.entity = question.entity;
  return Array.isArray(typed) ? typed.map((one) => ({ ...extra, ...one })) : { ...extra, ...typed };
}

function parse(text: string): Filter | Filter[] {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FilterFault(`The filter is no JSON: ${reason}. Names and texts stand in double quotes.`);
  }
  const isFilter = (one: unknown) => typeof one === "object" && one !== null && !Array.isArray(one);
  if (isFilter(value)) return value as Filter;
  if (Array.isArray(value) && value.length > 0 && value.every(isFilter)) return value as Filter[];
  throw new FilterFault('The filter must be an object, such as {"limit":10}.');
}

function boundedLimit(asked: unknown, limit: number): number {
  const most = Math.min(limit, resultsMax + 1);
  return typeof asked === "number" ? Math.min(asked, most) : most;
}
