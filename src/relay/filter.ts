import { PlimsollError, relayFiltersMax, relayFilterValuesMax } from "../kernel/index.js";
import { searchWords } from "../query/index.js";
import type { RelayEvent } from "./event.js";

/** A NIP-01 filter as it came: what the query engine takes. */
export type NostrFilter = Record<string, unknown> & { until?: number; limit?: number };

/** Splits text into words as the text index of the store does. */
export type Tokens = (text: string) => string[];

/** A filter that events are held against in memory; what is null asks for nothing. */
export interface CompiledFilter {
  ids: ReadonlySet<string> | null;
  authors: ReadonlySet<string> | null;
  kinds: ReadonlySet<number> | null;
  tags: readonly (readonly [name: string, values: ReadonlySet<string>])[];
  since: number;
  until: number;
  words: readonly string[];
}

/** The filters of a REQ or COUNT, held to what NIP-01 says before anything is asked by them. */
export function parseFilters(values: readonly unknown[]): NostrFilter[] {
  if (values.length === 0) throw wrong("a REQ or COUNT needs a filter");
  if (values.length > relayFiltersMax) throw wrong(`there may be ${relayFiltersMax} filters`);
  return values.map((value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw wrong("a filter must be an object");
    }
    return value as NostrFilter;
  });
}

export function compileFilter(filter: NostrFilter, tokens: Tokens): CompiledFilter {
  const tags: [string, ReadonlySet<string>][] = [];
  const found: Partial<CompiledFilter> = {};
  for (const [name, value] of Object.entries(filter)) {
    const tag = /^#([A-Za-z])$/.exec(name)?.[1];
    if (tag !== undefined) tags.push([tag, new Set(texts(name, value))]);
    else if (name === "ids" || name === "authors") found[name] = new Set(keys(name, value));
    else if (name === "kinds") found.kinds = new Set(list(name, value, isCount, "whole numbers"));
    else if (name === "search") found.words = wordsOf(value, tokens);
    else if (name === "since" || name === "until") found[name] = whole(name, value);
    else if (name === "limit") whole(name, value);
    else throw new UnsupportedFilter(name);
  }
  const { ids = null, authors = null, kinds = null, words = [] } = found;
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = found;
  return { ids, authors, kinds, tags, since, until, words };
}

export function matches(filter: CompiledFilter, event: RelayEvent, tokens: Tokens): boolean {
  const { ids, authors, kinds, tags, since, until, words } = filter;
  if (event.created_at < since || event.created_at > until) return false;
  if (kinds?.has(event.kind) === false || authors?.has(event.pubkey) === false) return false;
  if (ids?.has(event.id) === false) return false;
  for (const [name, wanted] of tags) {
    if (!event.tags.some((tag) => tag[0] === name && tag[1] !== undefined && wanted.has(tag[1])))
      return false;
  }
  if (words.length === 0) return true;
  const present = new Set(tokens(event.content));
  return words.every((word) => present.has(word));
}

/** A member that is not known here: NIP-01 has a word of its own for that. */
export class UnsupportedFilter extends Error {
  constructor(name: string) {
    super(`unsupported: a filter has the member ${name.slice(0, 32)}`);
  }
}

function wordsOf(value: unknown, tokens: Tokens): string[] {
  if (typeof value !== "string") throw wrong("search must be a string of words");
  const text = searchWords(value);
  const words = [...new Set(tokens(text))];
  if (text !== "" && words.length === 0) throw wrong("search has no word in it");
  return words;
}

function keys(name: string, value: unknown): string[] {
  const isKey = (item: unknown): item is string => typeof item === "string" && /^[0-9a-f]{64}$/i.test(item);
  return list(name, value, isKey, "64 hex digits each").map((item) => item.toLowerCase());
}

function texts(name: string, value: unknown): string[] {
  return list(name, value, (item): item is string => typeof item === "string", "strings");
}

function list<T>(name: string, value: unknown, fits: (item: unknown) => item is T, what: string): T[] {
  if (!Array.isArray(value) || !value.every(fits)) throw wrong(`${name} must be a list of ${what}`);
  if (value.length > relayFilterValuesMax) throw wrong(`${name} may have ${relayFilterValuesMax} values`);
  return value;
}

function whole(name: string, value: unknown): number {
  if (isCount(value)) return value;
  throw wrong(`${name} must be a whole number`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function wrong(what: string): PlimsollError {
  return new PlimsollError("RELAY_MESSAGE", { what });
}
