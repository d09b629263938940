import { gatheredIdsMax, recordIdMax } from "../kernel/index.js";
import type { CompiledEntity } from "../model/index.js";
import { GatheredIds } from "./gathered-ids.js";
import { difference, type IdCursor, intersect, union } from "../postings/index.js";
import { ArrayIds, endOfIds } from "./ids.js";
import type { Plan } from "./plan.js";
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

/** The list of dead records: later segments also name ids of former ones, so the segments are united, not joined. */
export class DeadRecords {
  readonly #store: QueryStore;
  /** All of them, while they are few enough to be held. */
  #all: GatheredIds | null = null;
  readonly #windows = new Map<number, { from: number; to: number; ids: Float64Array }>();

  constructor(store: QueryStore) {
    this.#store = store;
  }

  open(from: number): IdCursor {
    const { segments } = this.#store.sealed;
    return union(segments.map((segment) => this.#store.lists.openSegment(segment.number, 0, 0n, from)));
  }

  /** Whether one record is dead, by the block that would name it. */
  has(id: number): boolean {
    const { deadRecords, segments } = this.#store.sealed;
    if (deadRecords === 0) return false;
    if (deadRecords <= gatheredIdsMax) {
      this.#all ??= new GatheredIds(this.#store.reader, [{ index: 0, low: 0n, high: 0n }]);
      if (this.#all.isArray) return this.#all.open(id).id === id;
    }
    return segments.some(({ number }) => this.#segmentHas(number, id));
  }

  #segmentHas(segment: number, id: number): boolean {
    let window = this.#windows.get(segment);
    if (window === undefined || id < window.from || id > window.to) {
      window = this.#readWindow(segment, id);
      this.#windows.set(segment, window);
    }
    return new ArrayIds(window.ids, id).id === id;
  }

  /** The dead ids of the block around `id`, and the span of ids that it decides on. */
  #readWindow(segment: number, id: number) {
    let ids: Float64Array | undefined;
    let from = 0;
    for (const entry of this.#store.reader.tupleBlocks(segment, 0, 0n, id)) {
      const isDeadList = entry.index === 0 && entry.term === 0n;
      if (ids === undefined && entry.id <= id && isDeadList) {
        from = entry.id;
        ids = this.#store.decoder.decode(entry.block, 0, 0n).ids;
        continue;
      }
      const to = isDeadList && entry.id > id ? entry.id - 1 : recordIdMax;
      return { from, to, ids: ids ?? new Float64Array(0) };
    }
    return { from, to: endOfIds, ids: ids ?? new Float64Array(0) };
  }
}
