import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { difference, gallop, type IdCursor, intersect, union } from "../../src/postings/index.js";

class ArrayCursor implements IdCursor {
  readonly payload = 0;
  readonly cost: number;
  readonly #ids: Float64Array;
  #at = 0;

  constructor(ids: number[]) {
    this.#ids = Float64Array.from(new Set(ids)).sort();
    this.cost = this.#ids.length;
  }

  get id(): number {
    return this.#ids[this.#at] ?? Number.POSITIVE_INFINITY;
  }

  next(): void {
    this.#at++;
  }

  seek(id: number): void {
    if (id > this.id) this.#at = gallop(this.#ids, this.#at, id);
  }
}

const ids = fc.array(fc.oneof(fc.nat(60), fc.nat(2 ** 31)), { maxLength: 60 });

/** Reads a cursor by steps and by seeks to ids a little ahead. */
function readOut(cursor: IdCursor, strides: number[]): number[] {
  const found: number[] = [];
  for (let i = 0; cursor.id !== Number.POSITIVE_INFINITY; i++) {
    found.push(cursor.id);
    const stride = strides[i % Math.max(1, strides.length)] ?? 0;
    if (stride === 0) cursor.next();
    else cursor.seek(cursor.id + stride);
  }
  return found;
}

/** The same on a plain set. */
function readOutTwin(set: Set<number>, strides: number[]): number[] {
  const sorted = [...set].sort((a, b) => a - b);
  const found: number[] = [];
  for (let i = 0, id = sorted[0]; id !== undefined; i++) {
    found.push(id);
    const target = id + (strides[i % Math.max(1, strides.length)] || 1);
    id = sorted.find((other) => other >= target);
  }
  return found;
}

const strides = fc.array(fc.nat(9), { maxLength: 4 });
const lists = fc.array(ids, { minLength: 1, maxLength: 5 });

describe("set algebra on cursors", () => {
  test("intersect", () => {
    fc.assert(
      fc.property(lists, strides, (parts, steps) => {
        const set = new Set(parts[0]!.filter((id) => parts.every((part) => part.includes(id))));
        expect(readOut(intersect(parts.map((part) => new ArrayCursor(part))), steps)).toEqual(
          readOutTwin(set, steps),
        );
      }),
    );
  });

  test("union", () => {
    fc.assert(
      fc.property(lists, strides, (parts, steps) => {
        expect(readOut(union(parts.map((part) => new ArrayCursor(part))), steps)).toEqual(
          readOutTwin(new Set(parts.flat()), steps),
        );
      }),
    );
    expect(union([]).id).toBe(Number.POSITIVE_INFINITY);
  });

  test("difference", () => {
    fc.assert(
      fc.property(ids, ids, strides, (base, without, steps) => {
        const set = new Set(base.filter((id) => !without.includes(id)));
        const cursor = difference(new ArrayCursor(base), new ArrayCursor(without));
        expect(readOut(cursor, steps)).toEqual(readOutTwin(set, steps));
      }),
    );
  });

  test("nested", () => {
    fc.assert(
      fc.property(ids, ids, ids, ids, (a, b, c, d) => {
        const [left, right] = [
          union([new ArrayCursor(a), new ArrayCursor(b)]),
          union([new ArrayCursor(b), new ArrayCursor(c)]),
        ];
        const cursor = difference(intersect([left, right]), new ArrayCursor(d));
        const set = [...a, ...b].filter((id) => (b.includes(id) || c.includes(id)) && !d.includes(id));
        expect(readOut(cursor, [])).toEqual(readOutTwin(new Set(set), []));
      }),
    );
  });
});
