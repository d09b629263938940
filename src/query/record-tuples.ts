import { type CompiledEntity, type CompiledField, type CompiledIndex, placeTerm } from "../model/index.js";
import { expirationSeconds, pairEntries } from "./field-values.js";
import { readableText, recordRule } from "./index-words.js";
import type { LiveRecord } from "./live-record.js";
import type { QueryStore } from "./query-store.js";

/** An index entry as the record itself calls for it. */
export interface RecordTuple {
  index: number;
  term: bigint;
  payload: number;
}

/** How often a word occurs takes the low nibble of its payload. */
const frequencyMax = 15;

/** All index entries of a record, worked out from its text alone; each term of an index comes once. */
export function recordTuples(store: QueryStore, entity: CompiledEntity, record: LiveRecord): RecordTuple[] {
  return entity.fields.flatMap((field) =>
    field.indexes.flatMap((index) => tuplesOf(store, field, index, record)),
  );
}

export function tuplesOf(
  store: QueryStore,
  field: CompiledField,
  index: CompiledIndex,
  record: LiveRecord,
): RecordTuple[] {
  if (index.kind === "text" || index.kind === "stems") return textTuples(store, field, index, record);
  const tuples = termsOf(store, field, index, record).map((term) => ({
    index: index.number,
    term,
    payload: 0,
  }));
  return tuples.length < 2 ? tuples : [...new Map(tuples.map((tuple) => [tuple.term, tuple])).values()];
}

/** Terms of the field's values in source order: the first is the one that the column holds. */
export function termsOf(
  store: QueryStore,
  field: CompiledField,
  index: CompiledIndex,
  record: LiveRecord,
): bigint[] {
  if (index.kind === "pairs") {
    return pairEntries(field, record).map(({ name, value }) => store.terms.pair(name, value).term);
  }
  if (index.kind === "place") {
    return store.fields.places(store.mapping.entities[index.entity]!, field, record).map(placeTerm);
  }
  if (index.kind === "expiration") {
    const seconds = expirationSeconds(field, record);
    return seconds === undefined ? [] : [seconds];
  }
  if (index.kind === "trigram") {
    return store.fields.values(field, record).flatMap((value) => trigramsOf(store, String(value)));
  }
  return store.fields.values(field, record).map((value) => store.terms.equal(field, index.kind, value).term);
}

function trigramsOf(store: QueryStore, text: string): bigint[] {
  const bytes = store.terms.folded(text);
  const trigrams = new Set<bigint>();
  for (let at = 0; at + 3 <= bytes.length; at++) trigrams.add(store.terms.trigram(bytes, at));
  return [...trigrams];
}

function textTuples(
  store: QueryStore,
  field: CompiledField,
  index: CompiledIndex,
  record: LiveRecord,
): RecordTuple[] {
  const rule = recordRule(store.fields, store.mapping.entities[index.entity]!, index, record);
  const frequencies = new Map<bigint, number>();
  let words = 0;
  for (const value of store.fields.values(field, record)) {
    for (const { text } of store.terms.tokenTerms(readableText(index, value))) {
      const form = rule(text);
      if (form === null) continue;
      const { term } = store.terms.token(form);
      words++;
      frequencies.set(term, Math.min(frequencyMax, (frequencies.get(term) ?? 0) + 1));
    }
  }
  const length = Math.min(15, Math.floor(Math.log2(Math.max(1, words)))) << 4;
  return [...frequencies].map(([term, frequency]) => ({
    index: index.number,
    term,
    payload: length | frequency,
  }));
}
