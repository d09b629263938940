import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  blocksOfTerm,
  firstTupleOf,
  type IdCursor,
  PostingCursor,
  PostingDecoder,
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
