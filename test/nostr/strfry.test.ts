import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StoreReader } from "../../src/ports/index.js";
import { nostrCount, nostrQuery } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { type Folder, importInto, makeFolder } from "../support/cli.js";
import { jsonl } from "../support/imports.js";
import { type NostrEvent, nostrEvent, testPubkeys } from "./events.js";
import type { NostrFilter } from "./naive-model.js";

const program = process.env.STRFRY;
const why = program === undefined ? " (skipped: STRFRY does not name a strfry program)" : "";

const eventCount = 3000;
const deletionCount = 150;
const filterCount = 400;
const outputBytesMax = 64 << 20;

/**
 * What the two mean alike: strfry takes a tag without a value for an empty one, gives replaceable events a
 * `d` tag of its own and wants 64 digits in `e` and `p`, so none of this is asked. Texts are no beginnings of
 * each other, for some of its versions match those too, and each event has a second of its own, because it
 * puts events of one second in the order in which they came. Deletions are later than all else, mean no other
 * deletion, and by address only addressable events of their author: with it, what is visible depends on the
 * order in other cases, and some are refused.
 */
const topics = ["bitcoin", "nostr", "größe", "a longer topic"];
const hexes = Array.from({ length: 30 }, (_, at) => (at + 16).toString(16).repeat(32));
const hexTag = fc.tuple(fc.constantFrom("e", "p"), fc.constantFrom(...hexes));
const topicTag = fc.tuple(fc.constantFrom("t", "T", "r"), fc.constantFrom(...topics));
const otherTag = fc.constantFrom<string[]>(["client", "one"], ["t", "nostr", "more"], ["alt", ""]);
const firstSecond = 1_700_000_000;
const lastSecond = firstSecond + 10_007;

const someParts = fc.record({
  pubkey: fc.constantFrom(...testPubkeys, ...hexes.slice(0, 10)),
  kind: fc.constantFrom(0, 1, 1, 1, 7, 7, 1063, 10002, 30023),
  tags: fc.array(fc.oneof(hexTag, topicTag, otherTag), { maxLength: 5 }),
  content: fc.constantFrom("", "hello world", 'a "quote"\n and 東京 👍'),
  name: fc.constantFrom("x", "y", "z"),
});

function sampleEvents(): NostrEvent[] {
  const parts = fc.sample(someParts, { seed: 5, numRuns: eventCount });
  const made = parts.map(({ name, tags, ...event }, at) => {
    const own = event.kind === 30023 ? [["d", name], ...tags] : tags;
    return nostrEvent({ ...event, tags: own, created_at: firstSecond + ((at * 7919) % 10_007) });
  });
  return [...made, ...deletionsOf(made), ...made.slice(0, 20)];
}

/** Some of one event, by its author or another; some of an address, which is still empty or holds an event. */
function deletionsOf(made: readonly NostrEvent[]): NostrEvent[] {
  const someDeletion = fc.record({
    event: fc.constantFrom(...made),
    isForeign: fc.boolean(),
    isByAddress: fc.boolean(),
    name: fc.constantFrom("x", "y", "z", "unused"),
  });
  const drawn = fc.sample(someDeletion, { seed: 8, numRuns: deletionCount });
  return drawn.map(({ event, isForeign, isByAddress, name }, at) => {
    const author = isForeign && !isByAddress ? testPubkeys[0]! : event.pubkey;
    const tag = isByAddress ? ["a", `30023:${author}:${name}`] : ["e", event.id];
    const parts = { pubkey: author, kind: 5, tags: [tag], content: "", created_at: lastSecond + 1 + at };
    return nostrEvent(parts);
  });
}

function anyOracleFilter(events: readonly NostrEvent[]): fc.Arbitrary<NostrFilter> {
  const time = fc.integer({ min: firstSecond - 5, max: lastSecond + deletionCount });
  const some = <T>(value: fc.Arbitrary<T>, maxLength: number) => fc.array(value, { minLength: 1, maxLength });
  const members = {
    ids: some(fc.constantFrom("ff".repeat(32), ...events.map(({ id }) => id)), 30),
    authors: some(fc.constantFrom(...testPubkeys, ...hexes), 6),
    kinds: some(fc.constantFrom(0, 1, 5, 7, 9, 1063, 10002, 30023), 3),
    "#e": some(fc.constantFrom(...hexes), 5),
    "#t": some(fc.constantFrom(...topics), 2),
    since: time,
    until: time,
    limit: fc.integer({ min: 1, max: 200 }),
  };
  // Few members at a time: most filters of many meet nothing.
  const names = fc.shuffledSubarray(Object.keys(members) as (keyof typeof members)[], {
    minLength: 1,
    maxLength: 3,
  });
  return names.chain((chosen) =>
    fc.record(Object.fromEntries(chosen.map((name) => [name, members[name] as fc.Arbitrary<unknown>]))),
  ) as fc.Arbitrary<NostrFilter>;
}

function idsIn(lines: string): string[] {
  const found = lines.split("\n").filter((line) => line !== "");
  return found.map((line) => (JSON.parse(line) as NostrEvent).id);
}

describe.skipIf(program === undefined)(`the same events in strfry${why}`, () => {
  const events = sampleEvents();
  let folder: Folder;
  let config: string;
  let reader: StoreReader & AsyncDisposable;

  function strfry(args: readonly string[], input = ""): string {
    const options = { input, encoding: "utf8" as const, maxBuffer: outputBytesMax };
    const ended = spawnSync(program!, [`--config=${config}`, ...args], options);
    if (ended.status !== 0) throw new Error(`strfry ${args.join(" ")} failed: ${ended.stderr}`);
    return ended.stdout;
  }

  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(folder.file("db"));
    // It asks for more open files than most machines grant, unless it is told to leave that as it is.
    const limits = "events { rejectEventsOlderThanSeconds = 946080000 }\nrelay { nofiles = 0 }";
    config = folder.write(
      "strfry.conf",
      `db = "${folder.file("db")}/"\ndbParams { mapsize = 1073741824 }\n${limits}\n`,
    );
    const lines = jsonl(events);
    // The signatures are none.
    strfry(["import", "--no-verify"], lines);
    folder.write("events.jsonl", lines);
    const imported = await importInto(folder, [
      "events.jsonl",
      "--preset",
      "nostr",
      "--into",
      folder.file("store"),
    ]);
    if (imported.code !== 0) throw new Error(imported.error);
    reader = await openStoreReader(folder.file("store"));
  });

  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
    folder?.remove();
  });

  const ours = (filter: unknown) => {
    const found = [...nostrQuery(reader, filter)];
    return idsIn(found.map(({ bytes }) => Buffer.from(bytes).toString("utf8")).join("\n"));
  };

  test("show the same events in all", () => {
    const theirs = idsIn(strfry(["scan", "{}"]));
    expect(ours({})).toEqual(theirs);
    expect(theirs.length).toBeLessThan(eventCount);
    expect(theirs.length).toBeGreaterThan(eventCount / 2);
  });

  test("answer hundreds of filters alike, in the same order", () => {
    const filters = fc.sample(anyOracleFilter(events), { seed: 6, numRuns: filterCount });
    let found = 0;
    for (const filter of filters) {
      const theirs = idsIn(strfry(["scan", JSON.stringify(filter)]));
      expect(ours(filter), JSON.stringify(filter)).toEqual(theirs);
      const { limit: _limit, ...unlimited } = filter;
      if (filter.limit === undefined) expect(nostrCount(reader, unlimited)).toBe(theirs.length);
      found += theirs.length;
    }
    expect(found).toBeGreaterThan(filterCount);
  }, 300_000);

  test("answer lists of filters with the same events", () => {
    const lists = fc.sample(fc.array(anyOracleFilter(events), { minLength: 2, maxLength: 4 }), {
      seed: 7,
      numRuns: 60,
    });
    for (const list of lists) {
      const theirs = idsIn(strfry(["scan", JSON.stringify(list)]));
      expect(ours(list).toSorted(), JSON.stringify(list)).toEqual(theirs.toSorted());
    }
  }, 300_000);
});
