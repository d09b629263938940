import { describe, expect, test } from "vitest";
import { distinctAt, listsAt, postingBytesAt } from "../../src/pipeline/posting-growth.js";
import { type IndexSizes, TupleSizes } from "../../src/postings/index.js";
import { blocksOf, makeKernel, type Tuple } from "../postings/twin.js";
import { seeded } from "../support/people.js";

const kernel = makeKernel(64);
const places = 12;
const records = 120_000;
const sampled = 12_000;

/** A vocabulary: the term of each record's posting. */
const vocabularies: Record<string, (record: number, random: () => number) => number> = {
  "a new term in every record": (record) => record * 1_000_003,
  "a few terms": (_, random) => Math.floor(random() * 50),
  "a closed vocabulary that a sample does not exhaust": (_, random) => Math.floor(random() * 20_000),
  "words with a power law": (_, random) => Math.floor(random() ** -1.4),
  "a time that advances": (record, random) => Math.floor(record / 3 + random() * 2),
};

function tuplesOf(term: (record: number, random: () => number) => number): Tuple[] {
  const random = seeded(5);
  return Array.from({ length: records }, (_, id) => ({
    index: 1,
    term: (BigInt(term(id, random)) * 0x9e37_79b9_7f4a_7c15n) & (2n ** 64n - 1n),
    id,
    payload: 0,
  }));
}

function sizesOf(tuples: Tuple[]): { sizes: IndexSizes; bytes: number } {
  const blocks = blocksOf(kernel, tuples);
  const all = new TupleSizes(sampled / places);
  for (const block of blocks) all.add(block);
  const bytes = blocks.reduce((sum, block) => sum + block.length - 24, 0);
  return { sizes: all.finish().get(1)!, bytes };
}

/** A tenth of the records, out of evenly spread places, with ids that follow one another. */
function sampleOf(tuples: readonly Tuple[]): Tuple[] {
  const each = sampled / places;
  const starts = Array.from({ length: places }, (_, place) => (place * records) / places);
  return starts.flatMap((start) => tuples.slice(start, start + each)).map((tuple, id) => ({ ...tuple, id }));
}

describe.each(Object.entries(vocabularies))("%s", (_, term) => {
  const tuples = tuplesOf(term);
  const whole = sizesOf(tuples);
  const sample = sizesOf(sampleOf(tuples));

  test("the whole follows from a tenth of it", () => {
    const growth = { sampled, records, idMax: records, places };
    expect(listsAt(sample.sizes, growth) / whole.sizes.lists).toBeGreaterThan(0.85);
    expect(listsAt(sample.sizes, growth) / whole.sizes.lists).toBeLessThan(1.15);
    const ratio = postingBytesAt(sample.sizes, growth) / whole.bytes;
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });

  test("a run follows from a sample that is larger", () => {
    const run = sizesOf(tuples.slice(0, sampled));
    const growth = { sampled: records, records: sampled, idMax: sampled, places };
    const ratio = postingBytesAt(whole.sizes, growth) / run.bytes;
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.15);
  });

  test("the sample itself is met exactly", () => {
    const growth = { sampled, records: sampled, idMax: sampled, places };
    expect(listsAt(sample.sizes, growth)).toBeCloseTo(sample.sizes.lists, 6);
    expect(postingBytesAt(sample.sizes, growth)).toBeCloseTo(sample.bytes, 6);
  });
});

test("repeats of keys that lie anywhere are drawn out", () => {
  const random = seeded(9);
  const keys = Array.from({ length: records }, () => Math.floor(random() * 70_000));
  const distinct = new Set(keys).size;
  const step = records / sampled;
  const few = keys.filter((_, index) => index % step === 0);
  const estimated = distinctAt(few.length, new Set(few).size, records);
  expect(estimated / distinct).toBeGreaterThan(0.9);
  expect(estimated / distinct).toBeLessThan(1.1);
  expect(distinctAt(1000, 1000, 50_000)).toBe(50_000);
});
