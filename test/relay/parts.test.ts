import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as limits from "../../src/kernel/index.js";
import { TermEncoder } from "../../src/model/index.js";
import type { StoreReader } from "../../src/ports/index.js";
import { findPreset } from "../../src/presets/index.js";
import { QueryTerms } from "../../src/query/index.js";
import type { RelayEvent } from "../../src/relay/event.js";
import { compileFilter, type NostrFilter } from "../../src/relay/filter.js";
import { FilterIndex } from "../../src/relay/filter-index.js";
import { supportedNips } from "../../src/relay/information.js";
import { parseMessage } from "../../src/relay/messages.js";
import { StoredEvents } from "../../src/relay/stored-events.js";
import { anyEvents, type NostrEvent } from "../nostr/events.js";
import { anyFilter } from "../nostr/filters.js";
import { NaiveModel } from "../nostr/naive-model.js";
import { projectFile } from "../support/cli.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";

const words = new QueryTerms(new TermEncoder(new limits.Kernel({ memoryBytes: 2 ** 21 })));
const tokens = (text: string) => words.tokens(text);
const beforeAllExpire = 0;

const regularKinds = [1, 7, 1063];

const eventsAndFilters = anyEvents({ kinds: regularKinds, eventsMax: 30 }).chain((events) =>
  fc.tuple(
    fc.constant(events),
    fc.array(fc.array(anyFilter(events), { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
  ),
);

describe("filters in memory", () => {
  test("bring each event to the subscriptions that the twin says, through the index", () => {
    fc.assert(
      fc.property(eventsAndFilters, fc.nat({ max: 12 }), ([events, asked], removed) => {
        const index = new FilterIndex<number>(tokens);
        for (const [at, filters] of asked.entries()) {
          index.add(
            at,
            filters.map((filter) => compileFilter(filter as NostrFilter, tokens)),
          );
        }
        index.remove(removed);
        for (const event of events) {
          const twin = new NaiveModel().add([JSON.stringify(event)]);
          const wanted = asked.flatMap((filters, at) => {
            const plain = filters.map(({ limit: _limit, ...rest }) => rest);
            return at !== removed && twin.count(plain, beforeAllExpire) > 0 ? [at] : [];
          });
          // What expires is shown to nobody by the twin, and comes to the index before it has.
          if (twin.count({}, beforeAllExpire) === 0) continue;
          const found = index.ownersOf({ ...event, bytes: Buffer.alloc(0) } as RelayEvent);
          expect([...found].sort((left, right) => left - right)).toEqual(wanted);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("stored events", () => {
  test("read in turns, broken off anywhere, are those of one reading", () => {
    fc.assert(
      fc.property(
        eventsAndFilters,
        fc.array(fc.nat({ max: 7 }), { maxLength: 9 }),
        ([events, asked], breaks) => {
          const texts = events.map((event) => ({ entity: "Event", text: JSON.stringify(event) }));
          const builder = new MemoryStoreBuilder(findPreset("nostr")!, { blockTuples: 500, batchRecords: 9 });
          builder.addSegment(texts);
          const reader = builder.reader();
          for (const filters of asked) {
            const whole = readInTurns(reader, filters as NostrFilter[], []);
            expect(readInTurns(reader, filters as NostrFilter[], breaks)).toEqual(whole);
            const twin = new NaiveModel().add(texts.map(({ text }) => text));
            const now = Math.floor(Date.now() / 1000);
            expect(whole).toEqual(twin.query(filters, now).map(({ id }) => id));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Each turn but the last ends after so many events. */
function readInTurns(reader: StoreReader, filters: NostrFilter[], breaks: readonly number[]): string[] {
  const stored = new StoredEvents(filters);
  const ids: string[] = [];
  for (const count of [...breaks, Number.POSITIVE_INFINITY]) {
    let left = count;
    let last: Buffer | null = null;
    if (left === 0) continue;
    for (const bytes of stored.turn(reader, new AbortController().signal)) {
      last = Buffer.from(bytes);
      ids.push((JSON.parse(last.toString()) as NostrEvent).id);
      if (--left === 0) break;
    }
    if (last !== null) stored.leaveBehind(last);
  }
  return ids;
}

test("docs/relay.md tells the bounds as they are", () => {
  const page = readFileSync(projectFile("docs/relay.md"), "utf8");
  const table = page.slice(page.indexOf("| what | bound |"));
  const bounds = [...table.matchAll(/^\| (?!what|-)[^|]+ \| ([^|]+) \|$/gm)].map(([, bound]) =>
    [...bound!.matchAll(/\d+/g)].map(Number),
  );
  const { relayHeartbeatMs: beatMs } = limits;
  expect(bounds).toEqual([
    [limits.relayConnectionsMax],
    [limits.relayMessageBytesMax, limits.relayFragmentsMax],
    [limits.relaySubscriptionsMax],
    [limits.relaySubscriptionIdLengthMax],
    [limits.relayFiltersMax],
    [limits.relayFilterValuesMax],
    [limits.relayFilterBytesMax],
    [limits.relayEventsWaitingMax, limits.relayEventBytesWaitingMax],
    [limits.relayEventBytesTakenMax],
    [limits.relayEventsUnansweredMax],
    [limits.relayFutureSecondsMax],
    [limits.relayTurnsMax],
    [limits.relayPendingBytesMax],
    [limits.relayUnreadBytesMax],
    [limits.relayHeldBytesMax],
    [beatMs / 1000, (2 * beatMs) / 1000],
  ]);
  expect(page).toContain(`${limits.relayFixedBytes / limits.MiB} MiB of the line`);
  expect(page).toContain(`${limits.relayConnectionBytes / limits.KiB} KiB for each connection`);
  const nips = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, nip]) => Number(nip));
  expect(nips).toEqual(supportedNips);
});

test("an event is kept as it was written, on one line", () => {
  const text = '{ "id":"x",\n\t"content":"a \\" ] , \\\\", "n": 1.0 }';
  for (const message of [`["EVENT",${text}]`, ` [ "\\u0045VENT" ,\n ${text} ] \n`]) {
    const parsed = parseMessage(Buffer.from(message));
    expect(parsed.verb).toBe("EVENT");
    const { bytes } = (parsed as { event: RelayEvent }).event;
    expect(Buffer.from(bytes).toString()).toBe(text.replace(/[\n\t]/g, " "));
  }
});
