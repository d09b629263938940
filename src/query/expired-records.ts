import { expiredRecentMax } from "../kernel/index.js";
import type { CompiledEntity, CompiledIndex } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { difference, type IdCursor, union } from "../postings/index.js";
import type { DeadRecords } from "./dead-records.js";
import { expirationSeconds } from "./field-values.js";
import { type GatherBounds, GatheredIds } from "./gathered-ids.js";
import { endOfIds } from "./ids.js";
import type { Lists } from "./lists.js";
import type { LiveRecord } from "./live-record.js";

/** Ids whose second lies in a span of time, and how many of them are alive, counted when it is asked. */
interface ExpiredSpan {
  index: number;
  /** The last second of the span. */
  last: bigint;
  ids: GatheredIds;
  live: number | null;
}

/**
 * Which records have expired by a given second. Time only goes on, so the ids up to some second are gathered
 * once and kept, and with every new second only those since then are read.
 */
export class ExpiredRecords {
  readonly #reader: StoreReader;
  readonly #lists: Lists;
  readonly #dead: DeadRecords;
  readonly #bounds: GatherBounds | undefined;
  #base: ExpiredSpan | null = null;
  #recent: ExpiredSpan | null = null;

  constructor(reader: StoreReader, lists: Lists, dead: DeadRecords, bounds?: GatherBounds) {
    this.#reader = reader;
    this.#lists = lists;
    this.#dead = dead;
    this.#bounds = bounds;
  }

  /** Null where nothing is to be hidden: without such an index, or before the first record expires. */
  at(entity: CompiledEntity, nowMs: number): ExpiredIds | null {
    const index = expirationIndex(entity);
    if (index === undefined || nowMs < 0) return null;
    const now = BigInt(Math.floor(nowMs / 1000));
    let base = this.#base;
    if (base === null || base.index !== index.number || base.last > now) {
      base = this.#rebase(index, now);
    }
    let recent = this.#recent;
    if (now > base.last && recent?.last !== now) {
      recent = this.#gather(index, base.last + 1n, now);
      this.#recent = recent;
      if (recent.ids.postingsRead > expiredRecentMax) base = this.#rebase(index, now);
    }
    const spans = now === base.last ? [base] : [base, recent!];
    const filled = spans.filter(({ ids }) => !ids.isEmpty);
    return filled.length === 0 ? null : new ExpiredIds(this.#dead, index, now, filled);
  }

  #rebase(index: CompiledIndex, now: bigint): ExpiredSpan {
    this.#recent = null;
    this.#base = null;
    this.#base = this.#gather(index, 0n, now);
    return this.#base;
  }

  #gather({ number }: CompiledIndex, first: bigint, last: bigint): ExpiredSpan {
    const ids = new GatheredIds(
      this.#reader,
      this.#lists,
      [{ index: number, low: first, high: last }],
      this.#bounds,
    );
    return { index: number, last, ids, live: null };
  }
}

/** The ids of one entity's records that have expired by one second. */
export class ExpiredIds {
  readonly #dead: DeadRecords;
  readonly #index: CompiledIndex;
  readonly #now: bigint;
  readonly #spans: ExpiredSpan[];

  constructor(dead: DeadRecords, index: CompiledIndex, now: bigint, spans: ExpiredSpan[]) {
    this.#dead = dead;
    this.#index = index;
    this.#now = now;
    this.#spans = spans;
  }

  /** Whether all of them are in memory; else they are for reading once through, in rising order. */
  get isHeld(): boolean {
    return this.#spans.every(({ ids }) => ids.isHeld);
  }

  open(from: number): IdCursor {
    return union(this.#spans.map(({ ids }) => ids.open(from)));
  }

  has(id: number): boolean {
    return this.#spans.some(({ ids }) => ids.has(id));
  }

  /** By the record itself, whatever the index says. */
  hides(entity: CompiledEntity, record: LiveRecord): boolean {
    const seconds = expirationSeconds(entity.fields[this.#index.slot]!, record);
    return seconds !== undefined && seconds <= this.#now;
  }

  /** How many of them are alive: those that a count by numbers alone would take for visible. */
  get live(): number {
    return this.#spans.reduce((sum, span) => {
      span.live ??= countLive(difference(span.ids.open(0), this.#dead.open(0)));
      return sum + span.live;
    }, 0);
  }
}

function countLive(ids: IdCursor): number {
  let count = 0;
  for (; ids.id !== endOfIds; ids.next()) count++;
  return count;
}

function expirationIndex(entity: CompiledEntity): CompiledIndex | undefined {
  for (const { indexes } of entity.fields) {
    const found = indexes.find(({ kind }) => kind === "expiration");
    if (found !== undefined) return found;
  }
  return undefined;
}
