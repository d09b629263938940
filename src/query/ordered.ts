import { orderBatchMax, orderBatchMin, sortEntriesMax } from "../kernel/index.js";
import type { CompiledField } from "../model/index.js";
import { intersect } from "../postings/index.js";
import type { Candidates } from "./candidates.js";
import { RoughBounds, scanHeld, scanMet } from "./column-scan.js";
import { Column } from "./columns.js";
import type { Order, Query, Where } from "./filter-ast.js";
import type { LiveRecord } from "./live-record.js";
import type { Matcher } from "./match.js";
import { affordableWalk } from "./order-cost.js";
import type { QueryStore } from "./query-store.js";
import { RecordsAhead } from "./records-ahead.js";
import { type SortEntry, type SortGroup, type SortRoom, sortByText, sortPasses } from "./sort-passes.js";
import { numberSpan, textSpan } from "./spans.js";
import { TermBatch } from "./term-batch.js";
import { type Span, WalkUp } from "./term-walk.js";
import { WalkDown } from "./walk-down.js";

export type OrderStrategy = "walk" | "collect";

/**
 * Matching records in the order of a field. Either the field's index is walked in order and its ids are held
 * against the candidates, or the candidates are collected and sorted by their column; records without the
 * field come last.
 */
export class OrderedRecords {
  readonly #store: QueryStore;
  readonly #query: Query;
  readonly #order: Order;
  readonly #candidates: Candidates;
  readonly #matcher: Matcher;
  readonly #column: Column;
  readonly #ahead: RecordsAhead;
  readonly span: Span;
  /** Whether the conditions leave out every record without the field. */
  readonly isBounded: boolean;
  #cost: ReturnType<typeof affordableWalk> | null = null;
  /** Postings that the walk may still pass before collecting has become the cheaper. */
  #walkLeft = Infinity;

  constructor(store: QueryStore, query: Query, order: Order, candidates: Candidates, matcher: Matcher) {
    this.#store = store;
    this.#query = query;
    this.#order = order;
    this.#candidates = candidates;
    this.#matcher = matcher;
    this.#column = new Column(store.columns, order.index.number);
    this.#ahead = new RecordsAhead(store.records, wantedOf(query));
    const full = { index: order.index.number, low: 0n, high: 2n ** 64n - 1n };
    this.span = rangesOf(query.where, order).reduce(
      (span, where) => narrowed(store, order, span, where),
      full,
    );
    this.isBounded = this.span.low > 0n || this.span.high < full.high;
  }

  /** The cheaper way by estimate. */
  get strategy(): OrderStrategy {
    if (this.#candidates.isAll) return "walk";
    if (this.#isRangeMet) return "collect";
    const { likely, affordable } = this.#walkCost;
    if (likely <= affordable) return "walk";
    if (!this.isBounded && this.#isInAll) {
      return this.#store.liveRecords(this.#query.entity) > affordable ? "collect" : "walk";
    }
    // The span is only measured as far as a walk through it would pay.
    return this.#store.lists.isLonger(this.span, affordable) ? "collect" : "walk";
  }

  /** Without a strategy that was asked for, a walk that finds less than was likely gives way. */
  *records(strategy?: OrderStrategy): Generator<LiveRecord> {
    yield* this.#sorted(this.#groups(strategy));
    if (!this.isBounded && !this.#isInAll) yield* this.#without();
  }

  /** Whether the plan has met the range, because it is short. */
  get #isRangeMet(): boolean {
    const { plan } = this.#candidates;
    const parts = plan.kind === "and" ? plan.parts : [plan];
    const { number } = this.#order.index;
    return parts.some((part) => part.kind === "gather" && part.spans.every(({ index }) => index === number));
  }

  /** Whether no record lacks the field. */
  get #isInAll(): boolean {
    return this.#store.singleValues.isInAll(this.#order.index.number);
  }

  *#groups(asked: OrderStrategy | undefined): Generator<SortGroup> {
    let after: SortEntry | undefined;
    if ((asked ?? this.strategy) === "walk") {
      const isLimited = asked === undefined && !this.#candidates.isAll;
      this.#walkLeft = isLimited ? Math.max(orderBatchMin, this.#walkCost.affordable) : Infinity;
      for (const group of this.#walkGroups()) {
        yield group;
        // Without a tie field a group is one id, and others of its key come behind it.
        const id = this.#order.tieField === null ? lastOf(group.ids()) : Infinity;
        after = { key: group.key!, id };
      }
      if (this.#walkLeft > 0) return;
    }
    yield* this.#collectGroups(after);
  }

  get #walkCost() {
    this.#cost ??= affordableWalk(this.#store, this.#query, this.#candidates.plan);
    return this.#cost;
  }

  *#sorted(groups: Iterable<SortGroup>): Generator<LiveRecord> {
    const { tieField, isDescending, field } = this.#order;
    for (const group of this.#ahead.groups(groups)) {
      const ids = group.ids();
      if (tieField === null || (Array.isArray(ids) && ids.length === 1)) {
        for (const id of ids) {
          const record = this.#checked(id);
          if (record === undefined) continue;
          this.#ahead.found();
          yield record;
        }
      } else {
        yield* this.#tied(group, tieField, tieField === field && isDescending);
      }
    }
  }

  *#tied(group: SortGroup, tieField: CompiledField, isDescending: boolean): Generator<LiveRecord> {
    const textOf = (id: number) => {
      const record = this.#checked(id);
      return record && String(this.#store.fields.first(tieField, record) ?? "");
    };
    for (const id of sortByText(group.ids, textOf, isDescending)) {
      this.#ahead.found();
      yield this.#ahead.live(id)!;
    }
  }

  /** The record when it matches: nothing leaves that was not held against itself. */
  #checked(id: number): LiveRecord | undefined {
    const record = this.#ahead.live(id);
    if (record === undefined || record.entity !== this.#query.entity.number) return undefined;
    if (this.#candidates.isHidden(record)) return undefined;
    return this.#matcher.matches(this.#query.where, this.#query.entity, record) ? record : undefined;
  }

  /** Groups of the walk; one that is too large to hold is read again from its list. */
  *#walkGroups(): Generator<SortGroup> {
    let key: bigint | null = null;
    let ids: number[] = [];
    let isStreamed = false;
    for (const { term, id } of this.#walkMembers()) {
      if (term !== key) {
        if (key !== null && !isStreamed) yield { key, ids: arrayOf(ids) };
        key = term;
        ids = [];
        isStreamed = false;
      }
      if (isStreamed) continue;
      ids.push(id);
      // Without a tie field the order within a group is that of the walk, so that nothing need be held back.
      if (this.#order.tieField === null) {
        yield { key, ids: arrayOf(ids) };
        ids = [];
      } else if (ids.length > sortEntriesMax) {
        isStreamed = true;
        yield { key, ids: () => this.#listMembers(term) };
      }
    }
    // The group at which a walk was given up may not be whole.
    if (this.#walkLeft <= 0) return;
    if (key !== null && !isStreamed && ids.length > 0) yield { key, ids: arrayOf(ids) };
  }

  /**
   * Candidates in the order of the index. The walk is tested in batches sorted by id, so that lists are read
   * forwards.
   */
  *#walkMembers(): Generator<{ term: bigint; id: number }> {
    const { reader } = this.#store;
    const walk = this.#order.isDescending ? new WalkDown(reader, this.span) : new WalkUp(reader, this.span);
    for (let size = orderBatchMin; ; size = Math.min(orderBatchMax, size * 2)) {
      const batch = new TermBatch(size);
      walk.fill(batch);
      yield* this.#members(batch);
      if (!batch.isFull || this.#walkLeft <= 0) return;
    }
  }

  *#members(batch: TermBatch): Generator<{ term: bigint; id: number }> {
    this.#walkLeft -= batch.count;
    const { isAll } = this.#candidates;
    const members = new Set<number>();
    if (!isAll && batch.count > 0) {
      for (const id of this.#candidates.among(batch.sortedIds())) members.add(id);
    }
    for (let at = 0; at < batch.count; at++) {
      const id = batch.ids[at]!;
      if (isAll ? this.#candidates.isGone(id) : !members.has(id)) continue;
      const term = batch.term(at);
      if (this.#orderTerm(id) === term) yield { term, id };
    }
  }

  *#listMembers(term: bigint): Generator<number> {
    const list = this.#store.lists.open(this.#order.index.number, term, 0);
    const met = this.#candidates.isAll ? list : intersect([list, this.#candidates.open(0)]);
    for (; met.id < this.#store.sealed.nextId; met.next()) {
      if (!this.#candidates.isGone(met.id) && this.#orderTerm(met.id) === term) yield met.id;
    }
  }

  /** What a record is ordered by: its first value, or the first within the conditions on that same field. */
  #orderTerm(id: number): bigint | undefined {
    const term = this.#firstTerm(id);
    if (term === undefined || (term >= this.span.low && term <= this.span.high)) return term;
    const { field, index } = this.#order;
    if (!index.hasColumn || this.#store.singleValues.has(index.number)) return undefined;
    const record = this.#store.records.any(id);
    if (record === undefined) return undefined;
    return this.#store.fields
      .values(field, record)
      .map((value) => this.#store.terms.equal(field, index.kind, value).term)
      .find((other) => other >= this.span.low && other <= this.span.high);
  }

  /** The term of a record's first value. What has no column has one value, and the record is asked for it. */
  #firstTerm(id: number): bigint | undefined {
    const { field, index } = this.#order;
    if (index.hasColumn) return this.#column.term(id);
    const record = this.#store.records.any(id);
    const value = record && this.#store.fields.first(field, record);
    return value === undefined ? undefined : this.#store.terms.equal(field, index.kind, value).term;
  }

  #collectGroups(after: SortEntry | undefined): Generator<SortGroup> {
    const wanted = Math.min(sortEntriesMax, wantedOf(this.#query));
    const isGrouped = this.#order.tieField !== null;
    const { isDescending } = this.#order;
    const start = after === undefined ? {} : { after };
    return sortPasses((room) => this.#entries(room), { isDescending, wanted, isGrouped, ...start });
  }

  *#entries(room: SortRoom): Generator<SortEntry> {
    for (const id of this.#likelyIds(room)) {
      const key = this.#orderTerm(id);
      if (key !== undefined) yield { id, key };
    }
  }

  /** Candidates that the pass may have room for: others are mostly told without their whole term. */
  #likelyIds(room: SortRoom): Iterable<number> {
    // Where a record may have several values, the column's one does not tell which of them lies in the span.
    const { hasColumn } = this.#order.index;
    const isTold = hasColumn && (!this.isBounded || this.#store.singleValues.has(this.#order.index.number));
    if (!isTold) return this.#candidates.held() ?? this.#candidates.ids(0);
    const { isDescending } = this.#order;
    const bounds = new RoughBounds(this.span, isDescending, room);
    const pieces = this.#candidates.pieces();
    if (pieces !== null) return this.#alive(scanHeld(this.#column, pieces, bounds, isDescending));
    const held = this.#candidates.held();
    return held === null
      ? scanMet(this.#column, this.#candidates.ids(0), bounds)
      : scanHeld(this.#column, [held], bounds, isDescending);
  }

  *#alive(ids: Iterable<number>): Generator<number> {
    for (const id of ids) if (!this.#candidates.isGone(id)) yield id;
  }

  *#without(): Generator<LiveRecord> {
    for (const id of this.#candidates.ids(0)) {
      if (this.#firstTerm(id) !== undefined) continue;
      const record = this.#checked(id);
      if (record !== undefined) yield record;
    }
  }
}

function wantedOf({ limit, offset }: Query): number {
  return limit === null ? Infinity : limit + offset;
}

function lastOf(ids: Iterable<number>): number {
  let last = Infinity;
  for (const id of ids) last = id;
  return last;
}

function arrayOf(ids: number[]): () => number[] {
  return () => ids;
}

/** Conditions on the ordering field that every match must meet. */
function rangesOf(where: Where, order: Order): Extract<Where, { kind: "value" }>[] {
  const parts = where.kind === "and" ? where.parts : [where];
  return parts.filter((part) => part.kind === "value").filter((part) => part.field.slot === order.field.slot);
}

function narrowed(
  store: QueryStore,
  order: Order,
  span: Span,
  where: Extract<Where, { kind: "value" }>,
): Span {
  const { index, field } = order;
  const range =
    index.kind === "number"
      ? numberSpan(store.terms, field, index, where.test).span
      : textSpan(store.terms, index, where.test);
  const narrow = { ...span };
  if (range.low > span.low) narrow.low = range.low;
  if (range.high < span.high) narrow.high = range.high;
  return narrow;
}
