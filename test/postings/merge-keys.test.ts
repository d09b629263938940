import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type KeyRule,
  type MergeKeysOptions,
  mergeKeys as mergeKeysInSteps,
  runToEnd,
  streamOfBlocks,
} from "../../src/postings/index.js";
import { blocksOfEntries, type Entry, entriesTwin, settleTwin, sortTwin } from "./key-twin.js";
import { makeKernel } from "./twin.js";

const kernel = makeKernel(16);
const rules: KeyRule[] = ["keep", "replace", "newest", "reject"];

const mergeKeys = (options: MergeKeysOptions) => runToEnd(mergeKeysInSteps(options));

interface Input {
  entries: Entry[];
  emit: boolean;
}

function settle(inputs: Input[], firstNewId: number) {
  const output: Entry[] = [];
  const dead = new Map<number, number>();
  const counts = mergeKeys({
    kernel,
    inputs: inputs.map(({ entries, emit }) => ({
      stream: streamOfBlocks(blocksOfEntries(kernel, entries)),
      emit,
    })),
    rules,
    firstNewId,
    output(block, first, count) {
      const entries = entriesTwin(block);
      expect(block.length).toBeLessThanOrEqual(kernel.exports.BLOCK_BYTES_MAX.value);
      expect(entries.length).toBe(count);
      expect(entries[0]!.hash).toBe(first.hash);
      output.push(...entries);
    },
    dead(tuples, count) {
      const view = new DataView(tuples.buffer, tuples.byteOffset, tuples.byteLength);
      for (let i = 0; i < count; i++) {
        expect(view.getBigUint64(i * 16, true)).toBe(0n);
        const word = view.getBigUint64(i * 16 + 8, true);
        expect(dead.has(Number(word >> 8n))).toBe(false);
        dead.set(Number(word >> 8n), Number(word & 255n));
      }
    },
  });
  return { output: output.map(text), dead, counts };
}

function text({ keyspace, isReference, id, key }: Entry): string {
  return `${isReference ? "ref" : "def"} ${keyspace} ${key} ${id}`;
}

function groupBy(entries: Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = `${entry.keyspace}|${entry.key}`;
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return groups;
}

/** The same told key by key. */
function settleAll(inputs: Input[], firstNewId: number) {
  const emitted = new Set(inputs.filter((input) => input.emit).flatMap((input) => input.entries));
  const output: Entry[] = [];
  const dead = new Map<number, number>();
  const counts = rules.map(() => ({
    stored: 0,
    replacing: 0,
    danglingNew: 0,
    danglingExisting: 0,
    resolved: 0,
  }));
  for (const group of groupBy(inputs.flatMap((input) => input.entries)).values()) {
    const sorted = group.toSorted((a, b) => a.id - b.id);
    const definitions = sorted.filter((entry) => !entry.isReference);
    const references = sorted.filter((entry) => entry.isReference);
    const count = counts[sorted[0]!.keyspace]!;
    if (definitions.length === 0) {
      output.push(...references.filter((entry) => emitted.has(entry)));
      for (const { id } of references) count[id < firstNewId ? "danglingExisting" : "danglingNew"]++;
      continue;
    }
    const settled = settleTwin(definitions, rules[sorted[0]!.keyspace]!, firstNewId);
    const hadExisting = definitions[0]!.id < firstNewId;
    for (const [id, reason] of settled.dead) dead.set(id, reason);
    if (emitted.has(settled.best)) output.push(settled.best);
    if (settled.best.id >= firstNewId) count[hadExisting ? "replacing" : "stored"]++;
    if (!hadExisting) count.resolved += references.filter((entry) => entry.id < firstNewId).length;
  }
  return { output: sortTwin(kernel, output).map(text), dead, counts };
}

const anyRecords = fc.array(
  fc.record({
    keyspace: fc.integer({ min: 0, max: 3 }),
    isReference: fc.boolean(),
    version: fc.option(fc.bigInt({ min: 0n, max: 2n })),
    key: fc.oneof(fc.constantFrom("a", "b", "c", "x".repeat(900)), fc.string({ maxLength: 3 })),
    input: fc.integer({ min: 0, max: 5 }),
  }),
  { maxLength: 150 },
);

describe("mergeKeys", () => {
  test("settles every key by its rule, counts what became of each and puts out winners and open references", () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(150), (records, firstNewId) => {
        const inputs = Array.from({ length: 6 }, (_, i): Input => ({ entries: [], emit: i % 3 !== 0 }));
        for (const [id, { input, ...entry }] of records.entries()) {
          // New entries come from runs, which are always put out.
          const place = id >= firstNewId ? 1 + (input % 2) : input;
          inputs[place]!.entries.push({ ...entry, id });
        }
        const found = settle(inputs, firstNewId);
        const expected = settleAll(inputs, firstNewId);
        expect(found.output).toEqual(expected.output);
        expect(found.dead).toEqual(expected.dead);
        expect(found.counts).toMatchObject(expected.counts);
        const buried = found.counts.reduce(
          (sum, c) => sum + c.duplicates + c.superseded + c.replaced + c.rejected,
          0,
        );
        expect(buried).toBe(expected.dead.size);
      }),
    );
  });

  test("takes a key repeated very often in its stride, and drains the dead", () => {
    const entries = (first: number) =>
      Array.from(
        { length: 12_000 },
        (_, i): Entry => ({
          keyspace: 0,
          isReference: i % 3 === 2,
          id: first + i,
          version: null,
          key: "same",
        }),
      );
    const found = settle(
      [
        { entries: entries(0), emit: true },
        { entries: entries(12_000), emit: true },
      ],
      0,
    );
    expect(found.output).toEqual(["def 0 same 0"]);
    expect(found.dead.size).toBe(15_999);
    expect(found.counts[0]).toMatchObject({ stored: 1, duplicates: 15_999, danglingNew: 0 });
  });

  test("puts out many blocks", () => {
    const entries = Array.from(
      { length: 3000 },
      (_, i): Entry => ({
        keyspace: 1,
        isReference: i % 7 === 0,
        id: i,
        version: 1n,
        key: `key ${i} ${"y".repeat(i % 300)}`,
      }),
    );
    const inputs = [0, 1, 2].map((part) => ({
      entries: entries.filter((_, i) => i % 3 === part),
      emit: true,
    }));
    expect(settle(inputs, 0).output).toEqual(sortTwin(kernel, entries).map(text));
  });

  test("the rule `all` changes nothing but the number of runs, also beside key spaces that are settled", () => {
    const entries = Array.from(
      { length: 2000 },
      (_, id): Entry => ({
        keyspace: id % 2,
        isReference: id % 5 === 0,
        id,
        version: null,
        key: `k${id % 50}`,
      }),
    );
    const run = (mixed: KeyRule[]) => {
      const parts = [0, 1, 2].map((part) => entries.filter((_, i) => i % 3 === part));
      const inputs = parts.map((part) => ({
        stream: streamOfBlocks(blocksOfEntries(kernel, part)),
        emit: true,
      }));
      const output: Entry[] = [];
      mergeKeys({
        kernel,
        inputs,
        rules: mixed,
        firstNewId: 0,
        output: (block) => output.push(...entriesTwin(block)),
        dead: () => {},
      });
      return output.map(text);
    };
    expect(run(["all", "all"])).toEqual(sortTwin(kernel, entries).map(text));
    const first = new Set<string>();
    // In the settled key space the first definition of a key stays, and references whose key has none.
    const settled = entries.filter(({ keyspace, isReference, key }) => {
      if (keyspace === 1) return true;
      if (isReference || first.has(key)) return false;
      first.add(key);
      return true;
    });
    const open = entries.filter(
      ({ keyspace, isReference, key }) => keyspace === 0 && isReference && !first.has(key),
    );
    expect(run(["keep", "all"])).toEqual(sortTwin(kernel, [...settled, ...open]).map(text));
  });

  /** Blocks whose entries all have one hash, as if the keys had been made on purpose. */
  function blocksUnderOneHash(keys: string[], isReference: boolean, firstId: number): Uint8Array[] {
    return keys.map((key, i) => {
      const entry: Entry = { keyspace: 0, isReference, id: firstId + i, version: null, key };
      const block = blocksOfEntries(kernel, [entry])[0]!;
      const view = new DataView(block.buffer, block.byteOffset);
      for (const at of [8, 16, 24]) view.setBigUint64(at, 2n ** 63n + BigInt(isReference), true);
      return block;
    });
  }

  test("keys that share a hash are told apart, and too many of them are refused", () => {
    const run = (defined: string[], referenced: string[]) => {
      const blocks = [...blocksUnderOneHash(defined, false, 0), ...blocksUnderOneHash(referenced, true, 500)];
      const output: Entry[] = [];
      mergeKeys({
        kernel,
        inputs: [{ stream: streamOfBlocks(blocks), emit: true }],
        rules,
        firstNewId: 0,
        output: (block) => output.push(...entriesTwin(block)),
        dead: () => expect.fail("no record is dead"),
      });
      return output.map(text);
    };
    const found = run(["a", "b", "d"], ["a", "b", "c", "d"]);
    expect(found).toEqual(["def 0 a 0", "def 0 b 1", "def 0 d 2", "ref 0 c 502"]);
    const many = Array.from({ length: 100 }, (_, i) => `${1000 + i}${"x".repeat(1020)}`);
    expect(() => run(many, [])).toThrow(expect.objectContaining({ code: "KEY_COLLISIONS" }));
    expect(run(many.slice(0, kernel.exports.KEY_COLLISIONS_MIN.value), []).length).toBe(32);
  });

  test("no inputs give no output; damaged blocks are refused", () => {
    expect(settle([], 0).output).toEqual([]);
    const block = blocksOfEntries(kernel, [
      { keyspace: 0, isReference: false, id: 1, version: null, key: "abc" },
    ])[0]!;
    block[24 + 17] = 100;
    const inputs = [{ stream: streamOfBlocks([block]), emit: true }];
    const merge = () => mergeKeys({ kernel, inputs, rules, firstNewId: 0, output: () => {}, dead: () => {} });
    expect(merge).toThrow(expect.objectContaining({ code: "BLOCK_DAMAGED" }));
  });
});
