import { queryTermsMax, systemClock } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, CompiledMapping } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import {
  countQuery,
  countSteps,
  type Found,
  foundRecords,
  type QueryOptions,
  type QueryResult,
  runQuery,
} from "./evaluate.js";
import { explainQuery } from "./explain.js";
import { parseCount, parseText, wordsOf } from "./filter.js";
import {
  anyValue,
  type Comparable,
  conjunction,
  everything,
  type Query,
  type ValueTest,
  type Where,
} from "./filter-ast.js";
import type { FilterContext } from "./filter-where.js";
import { searchIndexes } from "./index-words.js";
import { isObject, queryFault } from "./query-fault.js";
import { openQueryStore, type QueryStore } from "./query-store.js";

const memberNames = ["ids", "authors", "kinds", "since", "until", "limit", "search"];

/**
 * A NIP-01 filter on the preset's Event entity: lists are OR within and AND across. Newest first, events of
 * one second by lowest id. A list of filters is OR-ed and each event comes once.
 */
export function* nostrQuery(
  reader: StoreReader,
  filter: unknown,
  options: QueryOptions = {},
): Generator<QueryResult> {
  const store = openQueryStore(reader);
  const queries = parseNostr(store, filter);
  const [only] = queries;
  if (queries.length === 1 && only !== undefined) {
    yield* runQuery(store, only, options);
    return;
  }
  // One time for all of them: what one filter shows no other may hide.
  yield* mergeNewest(store, queries, { ...options, nowMs: options.nowMs ?? systemClock.wallMs() });
}

export function nostrCount(reader: StoreReader, filter: unknown, options: QueryOptions = {}): number {
  const store = openQueryStore(reader);
  return countQuery(store, parseNostrAsOne(store, filter), options);
}

/** The same in steps, for those who have other things to do between them. */
export function nostrCountSteps(
  reader: StoreReader,
  filter: unknown,
  options: QueryOptions = {},
): Generator<void, number> {
  const store = openQueryStore(reader);
  return countSteps(store, parseNostrAsOne(store, filter), options);
}

/** A list of filters as one condition: for what has no order and no limit. */
export function parseNostrAsOne(store: QueryStore, filter: unknown): Query {
  const queries = parseNostr(store, filter);
  const [first] = queries;
  if (queries.length === 1) return first!;
  return { ...first!, where: { kind: "or", parts: queries.map((asked) => asked.where) } };
}

export function nostrExplain(reader: StoreReader, filter: unknown): string[] {
  const store = openQueryStore(reader);
  return parseNostr(store, filter).flatMap((asked) => explainQuery(store, asked));
}

function parseNostr(store: QueryStore, filter: unknown): Query[] {
  const value = typeof filter === "string" ? parseText(filter) : filter;
  const filters = Array.isArray(value) ? value : [value];
  if (filters.length === 0) throw queryFault("", "is an empty list", 'Write {"kinds":[1]}');
  return filters.map((one, at) => parseOne(store, one, Array.isArray(value) ? `[${at}]` : ""));
}

function parseOne(store: QueryStore, filter: unknown, path: string): Query {
  if (!isObject(filter))
    throw queryFault(path, "must be an object", 'Write for instance {"kinds":[1],"limit":10}');
  const entity = eventEntity(store.mapping);
  const context: FilterContext = { mapping: store.mapping, reader: store.fields, patterns: 0 };
  const parts: Where[] = [];
  const field = (name: string) => fieldNamed(entity, name);
  for (const [name, value] of Object.entries(filter)) {
    const here = memberPath(path, name);
    const tag = /^#([A-Za-z])$/.exec(name)?.[1];
    if (tag !== undefined) {
      const test = anyOf(store, field("tags"), value, here);
      parts.push({ kind: "pair", field: field("tags"), name: tag, test });
    } else if (name === "ids") parts.push(oneOf(store, field("id"), wholeHex(value, here), here));
    else if (name === "authors") parts.push(oneOf(store, field("pubkey"), wholeHex(value, here), here));
    else if (name === "kinds") parts.push(oneOf(store, field("kind"), value, here));
    else if (name === "search") parts.push(...words(context, entity, value, here));
    else if (!memberNames.includes(name)) {
      const mend = "Use ids, authors, kinds, since, until, limit, search and #x with one letter";
      throw queryFault(here, "is not a member of a NIP-01 filter", mend);
    }
  }
  const range = timeRange(store, field("created_at"), filter, path);
  if (range !== null) parts.push(range);
  const created = field("created_at");
  const index = created.indexes.find((candidate) => candidate.hasColumn);
  if (index === undefined) throw queryFault("created_at", "has no index", "Import with --preset nostr");
  return {
    entity,
    where: parts.length === 0 ? everything : conjunction(parts),
    order: { field: created, index, isDescending: true, tieField: field("id") },
    isRanked: false,
    limit: filter.limit === undefined ? null : parseCount(filter.limit, memberPath(path, "limit")),
    offset: 0,
  };
}

function memberPath(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** Ids and keys are whole: NIP-01 knows no beginnings of them. */
function wholeHex(values: unknown, path: string): unknown {
  const list = Array.isArray(values) ? (values as unknown[]) : [];
  const at = list.findIndex((value) => typeof value !== "string" || !/^[0-9a-f]{64}$/i.test(value));
  if (at < 0) return values;
  throw queryFault(`${path}[${at}]`, "must be 64 hexadecimal digits", "Write the whole of it");
}

function words(context: FilterContext, entity: CompiledEntity, value: unknown, path: string): Where[] {
  if (typeof value !== "string")
    throw queryFault(path, "must be a string of words", 'Write "search":"words"');
  const indexes = searchIndexes(entity);
  const text = searchWords(value);
  return text === "" ? [] : [wordsOf(context, indexes, text, path)];
}

/**
 * NIP-50 lets a search carry extensions as key:value, to be passed over by those who do not know them. An
 * address such as https://example.com is none: its words are searched.
 */
export function searchWords(search: string): string {
  return search.replace(/(^|\s)[a-z]+:(?!\/)\S+/gi, " ").trim();
}

function timeRange(
  store: QueryStore,
  field: CompiledField,
  filter: Record<string, unknown>,
  path: string,
): Where | null {
  const { since, until } = filter;
  if (since === undefined && until === undefined) return null;
  const bound = (value: unknown, name: string) => {
    if (value === undefined) return null;
    const operand = typeof value === "number" ? store.fields.operand(field, value) : undefined;
    if (operand === undefined)
      throw queryFault(memberPath(path, name), "must be a time in seconds", `Write "${name}":1700000000`);
    return { value: operand, isInclusive: true };
  };
  const test = { ...anyValue, lower: bound(since, "since"), upper: bound(until, "until") };
  return { kind: "value", field, test };
}

function oneOf(store: QueryStore, field: CompiledField, value: unknown, path: string): Where {
  return { kind: "value", field, test: anyOf(store, field, value, path) };
}

function anyOf(store: QueryStore, field: CompiledField, value: unknown, path: string): ValueTest {
  if (!Array.isArray(value) || value.length > queryTermsMax) {
    throw queryFault(path, `must be a list of at most ${queryTermsMax} values`, "Write [a, b]");
  }
  const values = value.map((item, at): Comparable => {
    const operand = store.fields.operand(field, item);
    if (operand === undefined)
      throw queryFault(`${path}[${at}]`, "does not fit", store.fields.example(field));
    return operand;
  });
  return { ...anyValue, anyOf: [...new Set(values)] };
}

function eventEntity(mapping: CompiledMapping): CompiledEntity {
  const entity = mapping.entities.find((candidate) => candidate.name === "Event");
  if (entity !== undefined) return entity;
  throw queryFault("", "asks for nostr events, which this store does not hold", "Import with --preset nostr");
}

function fieldNamed(entity: CompiledEntity, name: string): CompiledField {
  const field = entity.fields.find((candidate) => candidate.name === name);
  if (field !== undefined) return field;
  throw queryFault(
    "",
    `needs the field ${name} of Event, which the mapping lacks`,
    "Import with --preset nostr",
  );
}

interface MergeHead {
  result: QueryResult;
  createdAt: Comparable;
  eventId: string;
  stream: Generator<Found>;
}

/** Streams of several filters side by side: each is in order already, and equal events meet at the front. */
function* mergeNewest(store: QueryStore, queries: Query[], options: QueryOptions): Generator<QueryResult> {
  const heads: MergeHead[] = [];
  const take = (stream: Generator<Found>) => {
    const next = stream.next();
    if (next.done === true) return;
    const { order } = queries[0]!;
    const { record, score } = next.value;
    heads.push({
      result: { id: record.id, bytes: record.bytes, score },
      createdAt: store.fields.first(order!.field, record) ?? 0,
      eventId: String(store.fields.first(order!.tieField!, record)),
      stream,
    });
  };
  for (const asked of queries) take(foundRecords(store, asked, options));
  let lastId = -1;
  while (heads.length > 0) {
    let first = 0;
    for (let at = 1; at < heads.length; at++) if (isNewer(heads[at]!, heads[first]!)) first = at;
    const [head] = heads.splice(first, 1);
    if (head!.result.id !== lastId) yield head!.result;
    lastId = head!.result.id;
    take(head!.stream);
  }
}

function isNewer(left: MergeHead, right: MergeHead): boolean {
  if (left.createdAt !== right.createdAt) return left.createdAt > right.createdAt;
  if (left.eventId !== right.eventId) return left.eventId < right.eventId;
  return left.result.id < right.result.id;
}
