import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { TargetSession } from "../../src/ports/index.js";
import { keyFilterForm } from "../../src/postings/index.js";
import { openLiveSession, openStoreReader } from "../../src/targets/lmdb/index.js";
import { makeFolder } from "../support/cli.js";
import { importHere, jsonl, seenHere } from "../support/imports.js";
import { seeded } from "../support/people.js";
import { mergeLast, openLayer } from "./live-layers.js";

const folder = makeFolder();
afterAll(folder.remove);
let stores = 0;

const mapping = `version: 1
entities:
  Doc: { key: id, conflict: keep, fields: { id: int } }
`;

const recordOf = (id: number) => ({ entity: "Doc", bytes: Buffer.from(JSON.stringify({ id })) });
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at);

async function storeOf(ids: readonly number[]): Promise<string> {
  const name = `docs-${stores}.jsonl`;
  const store = folder.file(`store-${stores++}`);
  folder.write(name, jsonl(ids.map((id) => ({ id }))));
  await importHere({ cwd: folder.path, sources: [name], store, mapping });
  return store;
}

/** Readers of a store that count how often blocks of keys are looked into, and filters in the store. */
function countingReaders(store: string) {
  const looks = { keyBlocks: 0, keyFilter: 0 };
  const openReader = async (onWanted: () => void) => {
    const reader = await openStoreReader(store, { onWanted });
    return new Proxy(reader, {
      get(target, name) {
        if (name === "keyBlocks" || name === "keyFilter") looks[name]++;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  return { openReader, looks };
}

/**
 * What becomes of one write by a layer that has learned no keys yet, and how often it looked into segments.
 */
async function write(store: string, ids: readonly number[]): Promise<{ states: string[]; lookUps: number }> {
  const { openReader, looks } = countingReaders(store);
  await using layer = await openLayer(store, { openReader });
  const outcomes = await layer.write(ids.map(recordOf));
  return { states: outcomes.map(({ state }) => state), lookUps: looks.keyBlocks };
}

async function inSession(store: string, work: (session: TargetSession) => Promise<void>): Promise<void> {
  await using session = await openLiveSession(store);
  await work(session);
}

/** Filters that tell of every key that there is none. */
async function emptyFilters(store: string): Promise<void> {
  await inSession(store, async (session) => {
    const { segments } = session.sealed!;
    using reader = session.reader();
    for (const { number } of segments) {
      for (const { hash, ordinal, block } of [...reader.keyBlocks(number, 0n)]) {
        const filter = new Uint8Array(64);
        filter.set(block.subarray(16, 24));
        await session.appendKeyBlock(number, { hash, ordinal, block: Uint8Array.from(block), filter });
      }
    }
    await session.publish(session.sealed!, "live", null);
  });
}

test("a write meets exactly the keys that were written before, whatever was sealed and merged", async () => {
  const anyIds = fc.array(fc.nat(400), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      anyIds,
      fc.array(fc.tuple(anyIds, fc.boolean()), { maxLength: 4 }),
      async (ids, rounds) => {
        const store = await storeOf(ids);
        const there = new Set(ids);
        for (const [written, isMerging] of rounds) {
          const wanted = written.map((id) => {
            const state = there.has(id) ? "duplicate" : "stored";
            there.add(id);
            return state;
          });
          expect((await write(store, written)).states).toEqual(wanted);
          if (isMerging) await mergeLast(store);
        }
        const { lines, faults } = await seenHere(store);
        expect(faults).toEqual([]);
        expect(lines.length).toBe(there.size);
      },
    ),
    { numRuns: 8 },
  );
}, 60_000);

test("new keys are looked up in next to no segment, also when it was written live or merged", async () => {
  const store = await storeOf(numbers(0, 8000));
  const before = await write(store, numbers(10_000, 500));
  expect(new Set(before.states)).toEqual(new Set(["stored"]));
  // Some of 1,000 are mistaken, and some lie between two blocks.
  expect(before.lookUps).toBeLessThan(30);
  expect((await write(store, numbers(20_000, 500))).lookUps).toBeLessThan(45);
  await mergeLast(store);
  expect((await write(store, numbers(30_000, 500))).lookUps).toBeLessThan(60);
}, 60_000);

test("a filter that forgets its older keys has copies of filters tell of them", async () => {
  const store = await storeOf(numbers(0, 1000));
  const { openReader, looks } = countingReaders(store);
  const there = new Set(numbers(0, 1000));
  const draw = seeded(17);
  await using layer = await openLayer(store, {
    openReader,
    // Each half has room for 128 keys.
    filterScale: 2 ** -14,
    filterCopiesBytes: () => 2 ** 20,
    segmentsToMerge: (segments) => {
      return segments.length < 5 ? null : segments.slice(-3).map(({ number }) => number);
    },
  });
  for (let round = 0; round < 30; round++) {
    const ids = Array.from({ length: 40 }, () => Math.floor(draw() * 3000));
    const wanted = ids.map((id) => {
      const state = there.has(id) ? "duplicate" : "stored";
      there.add(id);
      return state;
    });
    expect((await layer.write(ids.map(recordOf))).map(({ state }) => state)).toEqual(wanted);
    if (round % 3 === 2) await layer.foldNow();
  }
  // Copied meanwhile, in the background.
  await sleep(100);
  looks.keyFilter = 0;
  const outcomes = await layer.write(numbers(10_000, 300).map(recordOf));
  expect(new Set(outcomes.map(({ state }) => state))).toEqual(new Set(["stored"]));
  expect(looks.keyFilter).toBeLessThan(100);
}, 60_000);

test("filters that the sealed state does not tell of are not believed, and dropped", async () => {
  const store = await storeOf(numbers(0, 2000));
  await emptyFilters(store);
  // So that it is known to be the filters which are asked.
  const sought = numbers(500, 20);
  expect((await write(store, sought)).states).toContain("stored");

  const older = await storeOf(numbers(0, 2000));
  await emptyFilters(older);
  await inSession(older, async (session) => {
    const segments = session.sealed!.segments.map(({ keyFilters, ...segment }) => {
      expect(keyFilters).toBe(keyFilterForm);
      return segment;
    });
    await session.publish({ ...session.sealed!, segments }, "live", null);
  });
  const found = await write(older, sought);
  expect(new Set(found.states)).toEqual(new Set(["duplicate"]));
  using reader = await openStoreReader(older);
  const [first] = reader.sealed.segments;
  expect(reader.keyFilter(first!.number, 2n ** 64n - 1n)).toBeUndefined();
}, 60_000);
