import { countStepIds, systemClock } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { candidates } from "./candidates.js";
import type { ExpiredIds } from "./expired-records.js";
import { parseFilter } from "./filter.js";
import type { Query } from "./filter-ast.js";
import type { LiveRecord } from "./live-record.js";
import { Matcher } from "./match.js";
import { OrderedRecords, type OrderStrategy } from "./ordered.js";
import { planQuery, planWhere } from "./plan.js";
import { openQueryStore, type QueryStore } from "./query-store.js";
import { RankedIds } from "./ranked.js";

export interface QueryOptions {
  signal?: AbortSignal;
  /** The time, in milliseconds since 1970, by which records have expired or not; default: now. */
  nowMs?: number;
}

export interface QueryResult {
  id: number;
  /** The stored JSON text. */
  bytes: Uint8Array;
  /** How well the record fits a search; null without one. */
  score: number | null;
}

/** Records that match the filter, as they are found: nothing is held back but what an order needs. */
export function* query(
  reader: StoreReader,
  filter: unknown,
  options: QueryOptions = {},
): Generator<QueryResult> {
  const store = openQueryStore(reader);
  yield* runQuery(store, parseFilter(store.mapping, store.fields, filter), options);
}

/** How many records match the filter; its order, limit and offset do not count. */
export function count(reader: StoreReader, filter: unknown, options: QueryOptions = {}): number {
  const store = openQueryStore(reader);
  return countQuery(store, parseFilter(store.mapping, store.fields, filter), options);
}

/** The same in steps. */
export function filterCountSteps(
  reader: StoreReader,
  filter: unknown,
  options: QueryOptions = {},
): Generator<void, number> {
  const store = openQueryStore(reader);
  return countSteps(store, parseFilter(store.mapping, store.fields, filter), options);
}

export function* runQuery(
  store: QueryStore,
  asked: Query,
  options: QueryOptions = {},
  strategy?: OrderStrategy,
): Generator<QueryResult> {
  for (const { record, score } of foundRecords(store, asked, options, strategy)) {
    yield { id: record.id, bytes: record.bytes, score };
  }
}

/** The same with the records themselves. */
export function* foundRecords(
  store: QueryStore,
  asked: Query,
  options: QueryOptions = {},
  strategy?: OrderStrategy,
): Generator<Found> {
  if (asked.limit === 0) return;
  let toSkip = asked.offset;
  let left = asked.limit ?? Number.POSITIVE_INFINITY;
  for (const found of sortedRecords(store, asked, options, strategy)) {
    options.signal?.throwIfAborted();
    if (toSkip > 0) {
      toSkip--;
      continue;
    }
    yield found;
    left--;
    if (left === 0) return;
  }
}

export function countQuery(store: QueryStore, asked: Query, options: QueryOptions = {}): number {
  const steps = countSteps(store, asked, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Counts in steps, for those who have other things to do between them. */
export function* countSteps(
  store: QueryStore,
  asked: Query,
  options: QueryOptions = {},
): Generator<void, number> {
  const plan = planWhere(store, asked.entity, asked.where);
  const expired = expiredAt(store, asked, options);
  if (plan.kind === "all" && plan.isExact) return store.liveRecords(asked.entity) - (expired?.live ?? 0);
  const found = candidates(store, asked.entity, plan, expired);
  const matcher = new Matcher(store);
  let total = 0;
  let looked = 0;
  for (const id of found.ids(0)) {
    options.signal?.throwIfAborted();
    if (++looked % countStepIds === 0) yield;
    const record = plan.isExact ? undefined : store.records.any(id);
    const isMatch = record !== undefined && matcher.matches(asked.where, asked.entity, record);
    if (plan.isExact || isMatch) total++;
  }
  return total;
}

function expiredAt(
  store: QueryStore,
  { entity }: Pick<Query, "entity">,
  { nowMs }: QueryOptions,
): ExpiredIds | null {
  return store.expired.at(entity, nowMs ?? systemClock.wallMs());
}

/** Live records that match, by rising id from one on, whatever order was asked for. */
export function* matchingIds(
  store: QueryStore,
  asked: Pick<Query, "entity" | "where">,
  fromId: number,
  options: QueryOptions = {},
): Generator<number> {
  const plan = planWhere(store, asked.entity, asked.where);
  const found = candidates(store, asked.entity, plan, expiredAt(store, asked, options));
  const matcher = new Matcher(store);
  for (const id of found.ids(fromId)) {
    options.signal?.throwIfAborted();
    const record = plan.isExact ? undefined : store.records.any(id);
    const isMatch = record !== undefined && matcher.matches(asked.where, asked.entity, record);
    if (plan.isExact || isMatch) yield id;
  }
}

export interface Found {
  record: LiveRecord;
  score: number | null;
}

function* sortedRecords(
  store: QueryStore,
  asked: Query,
  options: QueryOptions,
  strategy: OrderStrategy | undefined,
): Generator<Found> {
  const found = candidates(store, asked.entity, planQuery(store, asked), expiredAt(store, asked, options));
  const matcher = new Matcher(store);
  if (asked.order !== null) {
    const ordered = new OrderedRecords(store, asked, asked.order, found, matcher);
    for (const record of ordered.records(strategy)) yield { record, score: null };
    return;
  }
  for (const { id, score } of asked.isRanked ? ranked(store, asked, found) : plain(found.ids(0))) {
    options.signal?.throwIfAborted();
    const record = store.records.any(id);
    if (record !== undefined && matcher.matches(asked.where, asked.entity, record)) yield { record, score };
  }
}

function* ranked(store: QueryStore, asked: Query, found: ReturnType<typeof candidates>) {
  for (const group of new RankedIds(store, asked, found).groups()) {
    for (const id of group.ids()) yield { id, score: Number(group.key) };
  }
}

function* plain(ids: Iterable<number>) {
  for (const id of ids) yield { id, score: null };
}
