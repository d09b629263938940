import { PlimsollError, searchListsMax, sortEntriesMax } from "../kernel/index.js";
import type { IdCursor } from "../postings/index.js";
import type { Candidates } from "./candidates.js";
import type { Query, Where } from "./filter-ast.js";
import { wordForms } from "./index-words.js";
import type { QueryStore } from "./query-store.js";
import { type SortEntry, type SortGroup, sortPasses } from "./sort-passes.js";

/** BM25's usual constants: how fast repeats wear off, and how much long texts are held back. */
const saturation = 1.2;
const lengthWeight = 0.75;

/** Texts of about this many words are neither held back nor put forward. */
const wordsNominal = 64;

interface RankedList {
  index: number;
  term: bigint;
  weight: number;
}

/** Candidates by BM25, best first; equals by rising id. What a posting holds is enough: no record is read. */
export class RankedIds {
  readonly #store: QueryStore;
  readonly #candidates: Candidates;
  readonly #lists: RankedList[];
  readonly #wanted: number;

  constructor(store: QueryStore, query: Query, candidates: Candidates) {
    this.#store = store;
    this.#candidates = candidates;
    this.#wanted = query.limit === null ? sortEntriesMax : query.limit + query.offset;
    this.#lists = rankedLists(store, query);
  }

  groups(): Generator<SortGroup> {
    return sortPasses(() => this.#entries(), { isDescending: true, wanted: this.#wanted, isGrouped: false });
  }

  *#entries(): Generator<SortEntry> {
    const cursors = this.#lists.map((list) => ({
      weight: list.weight,
      cursor: this.#store.lists.open(list.index, list.term, 0),
    }));
    for (const id of this.#candidates.ids(0)) {
      let key = 0;
      for (const { weight, cursor } of cursors) key += scoreAt(cursor, id, weight);
      yield { id, key };
    }
  }
}

/** Share of one list in the score of a record. */
function scoreAt(cursor: IdCursor, id: number, weight: number): number {
  cursor.seek(id);
  return cursor.id === id ? weight * payloadScore(cursor.payload) : 0;
}

/** The payload holds how often the word occurs (low nibble) and the binary logarithm of the text's words. */
export function payloadScore(payload: number): number {
  const frequency = payload & 15;
  const words = 1.5 * 2 ** (payload >> 4);
  const norm = saturation * (1 - lengthWeight + (lengthWeight * words) / wordsNominal);
  return (frequency * (saturation + 1)) / (frequency + norm);
}

/** Weight of a word by how few records have it. */
export function wordWeight(records: number, postings: number): number {
  return Math.log(1 + (Math.max(records, postings) - postings + 0.5) / (postings + 0.5));
}

function rankedLists(store: QueryStore, query: Query): RankedList[] {
  const parts = query.where.kind === "and" ? query.where.parts : [query.where];
  const words = parts.filter((part): part is Extract<Where, { kind: "words" }> => part.kind === "words");
  const lists = words.flatMap(({ indexes, tokens }) =>
    tokens.flatMap((token) =>
      indexes.flatMap((index) =>
        (wordForms(index, token) ?? []).map((form) => ({
          index: index.number,
          term: store.terms.token(form).term,
        })),
      ),
    ),
  );
  if (lists.length > searchListsMax) {
    throw new PlimsollError("QUERY_INVALID", {
      path: "search",
      what: `needs ${lists.length} word lists, and ${searchListsMax} can be read at once`,
      mend: "Use fewer words, or name one field to search",
    });
  }
  const records = store.liveRecords(query.entity);
  return lists.map((list) => {
    const { postings } = store.lists.length(list.index, list.term, Number.POSITIVE_INFINITY);
    return { ...list, weight: wordWeight(records, postings) };
  });
}
