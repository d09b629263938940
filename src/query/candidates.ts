import type { CompiledEntity } from "../model/index.js";
import { difference, type IdCursor, intersect, union } from "../postings/index.js";
import { GatheredIds } from "./gathered-ids.js";
import { ArrayIds } from "./ids.js";
import type { Plan } from "./plan-parts.js";
import type { QueryStore } from "./query-store.js";

/** A plan made ready to be read from any id on, any number of times; sets are gathered once. */
export class Candidates {
  readonly plan: Plan;
  readonly #store: QueryStore;
  readonly #entity: CompiledEntity;
  readonly #gathered = new Map<Plan, GatheredIds>();

  constructor(store: QueryStore, entity: CompiledEntity, plan: Plan) {
    this.#store = store;
    this.#entity = entity;
    this.plan = plan;
  }

  /** Live candidates at or above `from`. */
  open(from: number): IdCursor {
    const ids = this.#open(this.plan, from);
    return this.#store.sealed.deadRecords === 0 ? ids : difference(ids, this.#store.dead.open(from));
  }

  *ids(from: number): Generator<number> {
    const end = this.#store.sealed.nextId;
    for (const ids = this.open(from); ids.id < end; ids.next()) yield ids.id;
  }

  /** Whether everything is a candidate: membership need not be tested. */
  get isAll(): boolean {
    return this.plan.kind === "all";
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
      set = new GatheredIds(this.#store.reader, plan.spans);
      this.#gathered.set(plan, set);
    }
    return set;
  }
}

export function candidates(store: QueryStore, entity: CompiledEntity, plan: Plan): Candidates {
  return new Candidates(store, entity, plan);
}
