import { gatherFromIds, heldIdsMax } from "../kernel/index.js";
import type { CompiledEntity } from "../model/index.js";
import { difference, type IdCursor, intersect, union } from "../postings/index.js";
import type { ExpiredIds } from "./expired-records.js";
import { GatheredIds, gatherBounds } from "./gathered-ids.js";
import { heldIds, inside, outside, spansOf } from "./held-ids.js";
import { ArrayIds } from "./ids.js";
import type { LiveRecord } from "./live-record.js";
import { metByBits, metIds } from "./met-ids.js";
import type { Plan } from "./plan-parts.js";
import type { QueryStore } from "./query-store.js";

/** A plan made ready to be read from any id on, any number of times; sets are gathered once. */
export class Candidates {
  readonly plan: Plan;
  readonly #store: QueryStore;
  readonly #entity: CompiledEntity;
  readonly #expired: ExpiredIds | null;
  readonly #gathered = new Map<Plan, GatheredIds>();
  /** Not tried so far, then all of them or null. */
  #held: Float64Array | null | undefined;

  constructor(store: QueryStore, entity: CompiledEntity, plan: Plan, expired: ExpiredIds | null) {
    this.#store = store;
    this.#entity = entity;
    this.#expired = expired;
    this.plan = plan;
  }

  /**
   * Live candidates at or above `from`. Expired ones are among them when there are too many to be in memory:
   * `isHidden` tells them by their records.
   */
  open(from: number): IdCursor {
    const ids = this.#openLive(from);
    return this.#expired?.isHeld === true ? difference(ids, this.#expired.open(from)) : ids;
  }

  /** Those of some rising ids that `open` would give. */
  among(ids: Float64Array): Float64Array {
    const live = this.#store.dead.without(this.#meet(this.plan, ids));
    const expired = this.#expired;
    return expired?.isHeld === true && live.length > 0 ? outside(live, expired.open(live[0]!)) : live;
  }

  /**
   * Few ids pass by the lists of a union; where more and more are asked for, it is gathered once and for all.
   */
  #meet(plan: Plan, ids: Float64Array): Float64Array {
    if (ids.length === 0) return ids;
    if (plan.kind === "and") {
      const met = plan.parts.reduce((left, part) => this.#meet(part, left), ids);
      return plan.without.reduce((left, part) => outside(left, this.#open(part, left[0] ?? 0)), met);
    }
    if (plan.kind === "gather" && !this.#gathered.has(plan) && ids.length < gatherFromIds) {
      const met = metIds(this.#store, ids, plan.spans);
      if (met !== null) return met;
    }
    return this.#meetByBits(plan, ids) ?? inside(ids, this.#open(plan, ids[0]!));
  }

  #meetByBits(plan: Plan, ids: Float64Array): Float64Array | null {
    const spans = plan.kind === "list" || plan.kind === "or" ? spansOf(plan) : null;
    return spans === null ? null : metByBits(this.#store, ids, spans);
  }

  /** All that `ids` gives, in memory; null when they are too many. */
  held(): Float64Array | null {
    if (this.#held !== undefined) return this.#held;
    const reader = {
      open: (plan: Plan, from: number) => this.#open(plan, from),
      gather: (plan: Extract<Plan, { kind: "gather" }>) => this.#gather(plan),
    };
    let ids = heldIds(this.#store, this.plan, reader);
    if (ids !== null) ids = this.#store.dead.without(ids);
    if (ids !== null && this.#expired !== null) ids = outside(ids, this.#expired.open(0));
    this.#held = ids;
    return ids;
  }

  /**
   * All that `ids` gives, and gone ones among them, where it is one list that can be held: nothing is made of
   * it, for whoever scans it from its end passes over the most of it.
   */
  pieces(): Float64Array[] | null {
    const { plan } = this;
    if (plan.kind !== "list" || plan.length > heldIdsMax) return null;
    return this.#store.lists.pieces(plan.index, plan.term, heldIdsMax);
  }

  /** Candidates that are neither dead nor expired, read once through. */
  *ids(from: number): Generator<number> {
    const end = this.#store.sealed.nextId;
    const live = this.#openLive(from);
    const ids = this.#expired === null ? live : difference(live, this.#expired.open(from));
    for (; ids.id < end; ids.next()) yield ids.id;
  }

  /** Whether the record is dead or known to have expired. */
  isGone(id: number): boolean {
    return this.#store.dead.has(id) || (this.#expired?.isHeld === true && this.#expired.has(id));
  }

  /** Whether the record has expired, by the record itself. */
  isHidden(record: LiveRecord): boolean {
    return this.#expired?.hides(this.#entity, record) === true;
  }

  /** Whether everything is a candidate: membership need not be tested. */
  get isAll(): boolean {
    return this.plan.kind === "all";
  }

  #openLive(from: number): IdCursor {
    const ids = this.#open(this.plan, from);
    return this.#store.sealed.deadRecords === 0 ? ids : difference(ids, this.#store.dead.open(from));
  }

  #open(plan: Plan, from: number): IdCursor {
    switch (plan.kind) {
      case "all":
        return this.#store.records.entityIds(this.#entity.number, from);
      case "list":
        return this.#store.lists.open(plan.index, plan.term, from);
      case "ids":
        return new ArrayIds(plan.ids, from);
      case "gather":
        return this.#gather(plan).open(from);
      case "or":
        return union(plan.parts.map((part) => this.#open(part, from)));
      case "and": {
        const parts = plan.parts.map((part) => this.#open(part, from));
        const met = intersect(parts);
        if (plan.without.length === 0) return met;
        return difference(met, union(plan.without.map((part) => this.#open(part, from))));
      }
    }
  }

  #gather(plan: Extract<Plan, { kind: "gather" }>): GatheredIds {
    let set = this.#gathered.get(plan);
    if (set === undefined) {
      set = new GatheredIds(this.#store.reader, this.#store.lists, plan.spans, {
        ...gatherBounds,
        likely: plan.length,
      });
      this.#gathered.set(plan, set);
    }
    return set;
  }
}

/** What a plan finds; without `expired` nothing is hidden for its age. */
export function candidates(
  store: QueryStore,
  entity: CompiledEntity,
  plan: Plan,
  expired: ExpiredIds | null = null,
): Candidates {
  return new Candidates(store, entity, plan, expired);
}
