import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  blocksOfTerm,
  difference,
  firstTupleOf,
  type IdCursor,
  intersect,
  PostingCursor,
  PostingDecoder,
  union,
} from "../../src/postings/index.js";
import { blocksOf, compareTuples, makeKernel, type Tuple } from "./twin.js";

const kernel = makeKernel(8);
const decoder = new PostingDecoder(kernel);

interface Segment {
  number: number;
  endId: number;
  blocks: Uint8Array[];
}

/** A store's reader over blocks in memory. */
function readerOf(segments: Segment[]) {
  return {
    *tupleBlocks(segment: number, index: number, term: bigint, id: number) {
      const { blocks } = segments.find(({ number }) => number === segment)!;
      const target = { index, term, id, payload: 255 };
      const after = blocks.findIndex(
        (block) => compareTuples({ ...firstTupleOf(block), payload: 0 }, target) > 0,
      );
      const start = Math.max(0, (after < 0 ? blocks.length : after) - 1);
      for (const block of blocks.slice(start)) yield { ...firstTupleOf(block), block };
    },
  };
}

function openList(segments: Segment[], index: number, term: bigint): IdCursor {
  return new PostingCursor({
    decoder,
    index,
    term,
    cost: 1,
    blocksFrom: blocksOfTerm(readerOf(segments), segments, index, term),
  });
}

/** Three segments: a long list of (2, 5) between other terms, with payloads on every third id. */
const stride = 3;
const tuples = [0, 1, 2].map((part) =>
  Array.from({ length: 40_000 }, (_, i): Tuple => {
    const id = part * 200_000 + i * stride;
    const isListed = i % 2 === 0 && part !== 1;
    return {
      index: isListed ? 2 : 1 + (i % 3),
      term: isListed ? 5n : BigInt(i % 11),
      id,
      payload: i % 3 === 0 ? i % 256 : 0,
    };
  }),
);
const segments = tuples.map(
  (list, i): Segment => ({ number: i + 7, endId: (i + 1) * 200_000, blocks: blocksOf(kernel, list) }),
);
const listed = tuples
  .flat()
  .filter((tuple) => tuple.index === 2 && tuple.term === 5n)
  .sort((a, b) => a.id - b.id);

describe("PostingCursor", () => {
  test("walks a list over blocks and segments with its payloads", () => {
    const cursor = openList(segments, 2, 5n);
    for (const tuple of listed) {
      if (cursor.id !== tuple.id || cursor.payload !== tuple.payload)
        expect([cursor.id, cursor.payload]).toEqual([tuple.id, tuple.payload]);
      cursor.next();
    }
    expect(cursor.id).toBe(Number.POSITIVE_INFINITY);
    cursor.next();
    cursor.seek(3);
    expect(cursor.id).toBe(Number.POSITIVE_INFINITY);
  });

  test("a list that is not there is empty", () => {
    expect(openList(segments, 2, 99n).id).toBe(Number.POSITIVE_INFINITY);
    expect(openList(segments, 9, 5n).id).toBe(Number.POSITIVE_INFINITY);
    expect(openList([], 2, 5n).id).toBe(Number.POSITIVE_INFINITY);
  });

  test("seeks anywhere ahead as a plain search does, and never back", () => {
    const move = fc.oneof(fc.constant(null), fc.nat(900), fc.nat(200_000));
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        const cursor = openList(segments, 2, 5n);
        let at = 0;
        for (const by of moves) {
          if (cursor.id === Number.POSITIVE_INFINITY) break;
          if (by === null) {
            at++;
            cursor.next();
          } else {
            const target = cursor.id + by - 5;
            while (at < listed.length && listed[at]!.id < target) at++;
            cursor.seek(target);
          }
          expect(cursor.id).toBe(listed[at]?.id ?? Number.POSITIVE_INFINITY);
          expect(cursor.payload).toBe(listed[at]?.payload ?? 0);
        }
      }),
    );
  });

  test("refuses a damaged block", () => {
    const block = segments[0]!.blocks[0]!.slice(0, -1);
    expect(() => decoder.decode(block, 2, 5n)).toThrow(expect.objectContaining({ code: "BLOCK_DAMAGED" }));
  });
});

/** Stretches of gaps that take one byte, two, some of each, and more. */
const gaps = fc
  .array(
    fc.oneof(
      fc.array(fc.integer({ min: 1, max: 127 }), { maxLength: 50 }),
      fc.array(fc.integer({ min: 128, max: 16_383 }), { maxLength: 40 }),
      fc.array(fc.constantFrom(1, 127, 128, 16_383, 16_384, 2 ** 21, 2 ** 33), { maxLength: 40 }),
    ),
    { maxLength: 12 },
  )
  .map((stretches) => stretches.flat());

function idsOf(steps: number[]): number[] {
  let id = 0;
  return steps.map((gap) => {
    id += gap;
    return id;
  });
}

describe("PostingDecoder", () => {
  test("gives the ids and payloads that went in, whatever the gaps are", () => {
    const payloads = fc.constantFrom<(id: number) => number>(
      () => 0,
      (id) => id % 256,
    );
    fc.assert(
      fc.property(gaps, payloads, (steps, payloadOf) => {
        const list = idsOf(steps).map((id): Tuple => ({ index: 2, term: 5n, id, payload: payloadOf(id) }));
        const beside = list.map((tuple): Tuple => ({ ...tuple, term: 6n }));
        const found = blocksOf(kernel, [...list, ...beside]).map((block) => decoder.decode(block, 2, 5n));
        expect(found.flatMap(({ ids }) => [...ids])).toEqual(list.map(({ id }) => id));
        expect(found.flatMap(({ payloads: all }) => [...all])).toEqual(list.map(({ payload }) => payload));
      }),
    );
  });
});

describe("sets of posting lists", () => {
  const terms = [1n, 2n, 3n];

  test("are those of plain sets, over blocks and segments", () => {
    // Of each id a mask says which of the lists have it.
    const step = fc.tuple(fc.oneof(fc.nat(126), fc.nat(16_382), fc.constant(2 ** 25)), fc.nat(7));
    const part = fc.array(step, { maxLength: 300, size: "max" });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        let id = 0;
        const ids = terms.map(() => [] as number[]);
        const stored = parts.map((steps, number): Segment => {
          const here: Tuple[] = [];
          for (const [gap, mask] of steps) {
            id += gap + 1;
            for (const [at, term] of terms.entries()) {
              if ((mask & (1 << at)) === 0) continue;
              here.push({ index: 1, term, id, payload: 0 });
              ids[at]!.push(id);
            }
          }
          return { number, endId: ++id, blocks: blocksOf(kernel, here) };
        });
        const [a, b, c] = terms.map((term) => () => openList(stored, 1, term));
        const has = ids.map((list) => new Set(list));
        const sorted = (list: Iterable<number>) => [...new Set(list)].sort((x, y) => x - y);
        expect(readOut(intersect([a!(), b!()]))).toEqual(ids[0]!.filter((id) => has[1]!.has(id)));
        expect(readOut(union([a!(), b!(), c!()]))).toEqual(sorted(ids.flat()));
        expect(readOut(difference(a!(), union([b!(), c!()])))).toEqual(
          ids[0]!.filter((id) => !has[1]!.has(id) && !has[2]!.has(id)),
        );
      }),
    );
  });
});

function readOut(cursor: IdCursor): number[] {
  const found: number[] = [];
  for (; cursor.id !== Number.POSITIVE_INFINITY; cursor.next()) found.push(cursor.id);
  return found;
}
