import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StoreReader } from "../../src/ports/index.js";
import { findPreset } from "../../src/presets/index.js";
import { nostrCount, nostrExplain, nostrQuery } from "../../src/query/index.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";

interface Event {
  id: string;
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
  sig: string;
}

interface Filter {
  ids?: string[];
  authors?: string[];
  kinds?: number[];
  "#e"?: string[];
  "#t"?: string[];
  since?: number;
  until?: number;
  limit?: number;
  search?: string;
}

const pubkeys = ["aa", "bb", "cc"].map((pair) => pair.repeat(32));
const idOf = (number: number) => ((number * 2654435761) >>> 0).toString(16).padStart(8, "0").repeat(8);

const anyEvent = fc.record({
  pubkey: fc.constantFrom(...pubkeys),
  created_at: fc.integer({ min: 100, max: 106 }),
  kind: fc.constantFrom(1, 2, 7),
  tags: fc.array(fc.tuple(fc.constantFrom("e", "t", "long"), fc.constantFrom("x", "bitcoin and more")), {
    maxLength: 3,
  }),
  content: fc.constantFrom("hello world", "World of nostr", "https world", ""),
});

const anyStore = fc
  .array(fc.array(anyEvent, { maxLength: 40 }), { minLength: 1, maxLength: 3 })
  .chain((segments) => fc.tuple(fc.constant(segments), fc.constantFrom(2, 500)))
  .map(([segments, blockTuples]) => {
    let number = 0;
    const builder = new MemoryStoreBuilder(findPreset("nostr")!, { blockTuples, batchRecords: 9 });
    const events: Event[] = [];
    for (const segment of segments) {
      const own = segment.map((event): Event => ({ id: idOf(number++), ...event, sig: "00".repeat(64) }));
      builder.addSegment(own.map((event) => ({ entity: "Event", text: JSON.stringify(event) })));
      events.push(...own);
    }
    return { reader: builder.reader(), events };
  });

const anyFilter: fc.Arbitrary<Filter> = fc.record(
  {
    ids: fc.array(fc.nat({ max: 30 }).map(idOf), { maxLength: 20 }),
    authors: fc.array(fc.constantFrom(...pubkeys, "dd".repeat(32)), { maxLength: 3 }),
    kinds: fc.array(fc.constantFrom(1, 2, 7, 9), { maxLength: 3 }),
    "#e": fc.array(fc.constantFrom("x", "y"), { maxLength: 2 }),
    "#t": fc.array(fc.constantFrom("x", "bitcoin and more"), { maxLength: 2 }),
    since: fc.integer({ min: 99, max: 107 }),
    until: fc.integer({ min: 99, max: 107 }),
    limit: fc.nat({ max: 12 }),
    search: fc.constantFrom("world", "WORLD nostr", "hello lang:en", "https://world"),
  },
  { requiredKeys: [] },
);

function naive(events: Event[], filter: Filter, isLimited = true): Event[] {
  const tagged = (event: Event, name: string, values?: string[]) =>
    values === undefined || event.tags.some((tag) => tag[0] === name && values.includes(tag[1]!));
  const words = (filter.search ?? "")
    .toLowerCase()
    .replace("//", " ")
    .split(" ")
    .filter((word) => word !== "" && !word.includes(":en"))
    .map((word) => word.replace(":", ""));
  const found = events.filter(
    (event) =>
      (filter.ids?.includes(event.id) ?? true) &&
      (filter.authors?.includes(event.pubkey) ?? true) &&
      (filter.kinds?.includes(event.kind) ?? true) &&
      tagged(event, "e", filter["#e"]) &&
      tagged(event, "t", filter["#t"]) &&
      event.created_at >= (filter.since ?? 0) &&
      event.created_at <= (filter.until ?? Infinity) &&
      words.every((word) => event.content.toLowerCase().split(" ").includes(word)),
  );
  const sorted = newestFirst(found);
  return isLimited ? sorted.slice(0, filter.limit) : sorted;
}

function newestFirst(events: Event[]): Event[] {
  return events.toSorted(
    (left, right) => right.created_at - left.created_at || (left.id < right.id ? -1 : 1),
  );
}

function idsOf(reader: StoreReader, filter: unknown): string[] {
  return [...nostrQuery(reader, filter)].map(
    ({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as Event).id,
  );
}

describe("NIP-01 filters", () => {
  test("give the events of the twin, newest first, equal times by lowest id", () => {
    fc.assert(
      fc.property(
        anyStore,
        fc.array(anyFilter, { minLength: 1, maxLength: 6 }),
        ({ reader, events }, filters) => {
          for (const filter of filters) {
            expect(idsOf(reader, filter)).toEqual(naive(events, filter).map(({ id }) => id));
            expect(nostrCount(reader, JSON.stringify(filter))).toBe(naive(events, filter, false).length);
          }
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);

  test("a list of filters is OR-ed, each with its own limit, and every event comes once", () => {
    fc.assert(
      fc.property(
        anyStore,
        fc.array(anyFilter, { minLength: 1, maxLength: 4 }),
        ({ reader, events }, filters) => {
          const found = new Set(filters.flatMap((filter) => naive(events, filter)));
          expect(idsOf(reader, filters)).toEqual(newestFirst([...found]).map(({ id }) => id));
          const all = new Set(filters.flatMap((filter) => naive(events, filter, false)));
          expect(nostrCount(reader, filters)).toBe(all.size);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  test("faults are named with their place", () => {
    const [store] = fc.sample(anyStore, { seed: 1, numRuns: 1 });
    const run = (filter: unknown) => () => nostrCount(store!.reader, filter);
    expect(run({ kind: [1] })).toThrow("kind is not a member of a NIP-01 filter");
    expect(run({ kinds: 1 })).toThrow("kinds must be a list");
    expect(run([{}, { ids: [5] }])).toThrow("[1].ids[0] must be 64 hexadecimal digits");
    expect(run({ since: "now" })).toThrow("since must be a time in seconds");
    expect(run("{")).toThrow("is not JSON");
    expect(run([])).toThrow("is an empty list");
    expect(nostrExplain(store!.reader, { kinds: [1] }).join("\n")).toContain("kind = 1");
  });
});
