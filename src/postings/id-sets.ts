import { assert } from "../kernel/index.js";
import type { IdCursor } from "./posting-list.js";

/** Ids that stand in every cursor (leapfrog); the payload is that of the cheapest. */
export function intersect(cursors: IdCursor[]): IdCursor {
  assert(cursors.length > 0, "an intersection has at least one part");
  return cursors.length === 1 ? cursors[0]! : new Intersection(cursors);
}

/** Ids that stand in any cursor, each once; payloads of equal ids come from the first such cursor. */
export function union(cursors: IdCursor[]): IdCursor {
  return cursors.length === 1 ? cursors[0]! : new Union(cursors);
}

/** Ids of `base` that do not stand in `without`. */
export function difference(base: IdCursor, without: IdCursor): IdCursor {
  return new Difference(base, without);
}

class Intersection implements IdCursor {
  readonly #parts: IdCursor[];
  readonly #lead: IdCursor;

  constructor(cursors: IdCursor[]) {
    this.#parts = cursors.toSorted((a, b) => a.cost - b.cost);
    this.#lead = this.#parts[0]!;
    this.#settle();
  }

  get id(): number {
    return this.#lead.id;
  }

  get payload(): number {
    return this.#lead.payload;
  }

  get cost(): number {
    return this.#lead.cost;
  }

  next(): void {
    this.#lead.next();
    this.#settle();
  }

  seek(id: number): void {
    this.#lead.seek(id);
    this.#settle();
  }

  /** Every part in turn is sought to the lead's id; the first that passes it sets a new one. */
  #settle(): void {
    const lead = this.#lead;
    for (let i = 1; i < this.#parts.length; ) {
      const part = this.#parts[i]!;
      part.seek(lead.id);
      if (part.id === lead.id) {
        i++;
        continue;
      }
      lead.seek(part.id);
      i = 1;
    }
  }
}

/** A cursor of a union; its id is kept here, since it is compared more often than it changes. */
interface UnionPart {
  cursor: IdCursor;
  order: number;
  id: number;
}

/** A binary heap of cursors by (id, order given). */
class Union implements IdCursor {
  readonly cost: number;
  id = Number.POSITIVE_INFINITY;
  readonly #heap: UnionPart[];

  constructor(cursors: IdCursor[]) {
    this.cost = cursors.reduce((sum, cursor) => sum + cursor.cost, 0);
    this.#heap = cursors.map((cursor, order) => ({ cursor, order, id: cursor.id }));
    for (let i = this.#heap.length >> 1; i >= 0; i--) this.#siftDown(i);
    this.id = this.#heap[0]?.id ?? Number.POSITIVE_INFINITY;
  }

  get payload(): number {
    return this.#heap[0]?.cursor.payload ?? 0;
  }

  next(): void {
    const { id } = this;
    if (id === Number.POSITIVE_INFINITY) return;
    const heap = this.#heap;
    do {
      const top = heap[0]!;
      top.cursor.next();
      top.id = top.cursor.id;
      this.#siftDown(0);
    } while (heap[0]!.id === id);
    this.id = heap[0]!.id;
  }

  seek(id: number): void {
    while (this.id < id) {
      const top = this.#heap[0]!;
      top.cursor.seek(id);
      top.id = top.cursor.id;
      this.#siftDown(0);
      this.id = this.#heap[0]!.id;
    }
  }

  #siftDown(root: number): void {
    const heap = this.#heap;
    const part = heap[root];
    if (part === undefined) return;
    let at = root;
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBelow(heap[child + 1]!, heap[child]!)) child++;
      if (!isBelow(heap[child]!, part)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = part;
  }
}

function isBelow(a: UnionPart, b: UnionPart): boolean {
  return a.id !== b.id ? a.id < b.id : a.order < b.order;
}

class Difference implements IdCursor {
  readonly #base: IdCursor;
  readonly #without: IdCursor;

  constructor(base: IdCursor, without: IdCursor) {
    this.#base = base;
    this.#without = without;
    this.#settle();
  }

  get id(): number {
    return this.#base.id;
  }

  get payload(): number {
    return this.#base.payload;
  }

  get cost(): number {
    return this.#base.cost;
  }

  next(): void {
    this.#base.next();
    this.#settle();
  }

  seek(id: number): void {
    this.#base.seek(id);
    this.#settle();
  }

  #settle(): void {
    while (this.#base.id !== Number.POSITIVE_INFINITY) {
      this.#without.seek(this.#base.id);
      if (this.#without.id !== this.#base.id) return;
      this.#base.next();
    }
  }
}
