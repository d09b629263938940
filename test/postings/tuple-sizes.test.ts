import fc from "fast-check";
import { expect, test } from "vitest";
import { TupleSizes } from "../../src/postings/index.js";
import { anyTuple, blocksOf, makeKernel, type Tuple, uniteTwin } from "./twin.js";

const kernel = makeKernel(16);
const closeSpan = 100;

/** Lists by index and term, with nothing but arrays. */
function listsTwin(tuples: readonly Tuple[]): Map<string, Tuple[]> {
  const lists = new Map<string, Tuple[]>();
  for (const tuple of tuples) {
    const key = `${tuple.index}:${tuple.term}`;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [tuple]);
    else list.push(tuple);
  }
  return lists;
}

function sizesOf(blocks: readonly Uint8Array[]): TupleSizes {
  const sizes = new TupleSizes(closeSpan);
  for (const block of blocks) sizes.add(block);
  sizes.finish();
  return sizes;
}

function expectRight(tuples: readonly Tuple[]): void {
  const sorted = uniteTwin([...tuples]);
  const blocks = blocksOf(kernel, sorted);
  const found = [...sizesOf(blocks).indexes.values()];
  const sum = (pick: (sizes: (typeof found)[number]) => number) =>
    found.reduce((total, sizes) => total + pick(sizes), 0);
  const lists = [...listsTwin(sorted).values()];
  const short = lists.filter((list) => list.length > 1 && list.length <= 8);
  const close = short.filter((list) => list.at(-1)!.id - list[0]!.id < closeSpan);
  expect({
    indexes: found.length,
    lists: sum((sizes) => sizes.lists),
    ones: sum((sizes) => sizes.lengths.get(1) ?? 0),
    postings: sum((sizes) => sizes.postings),
    short: sum((sizes) => sizes.shortLists),
    close: sum((sizes) => sizes.closeLists),
  }).toEqual({
    indexes: new Set(sorted.map(({ index }) => index)).size,
    lists: lists.length,
    ones: lists.filter((list) => list.length === 1).length,
    postings: sorted.length,
    short: short.length,
    close: close.length,
  });
  const bytes = sum((s) => s.headBytes + s.firstIdBytes + s.gapBytes + s.payloadBytes);
  expect(bytes).toBe(blocks.reduce((total, block) => total + block.length - 24, 0));
}

test("counts lists, postings and every byte as arrays would", () => {
  fc.assert(fc.property(fc.array(anyTuple, { minLength: 1, maxLength: 400 }), expectRight));
});

test("a list that goes on over several blocks is one list", () => {
  const long = Array.from(
    { length: 60_000 },
    (_, i): Tuple => ({ index: 3, term: 7n, id: i * 300, payload: 1 }),
  );
  const after = Array.from({ length: 9 }, (_, i): Tuple => ({ index: 3, term: 8n, id: i, payload: 0 }));
  expectRight([...long, ...after]);
});
