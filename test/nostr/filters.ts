import fc from "fast-check";
import { type NostrEvent, testPubkeys } from "./events.js";
import type { NostrFilter } from "./naive-model.js";

const someWords = fc.constantFrom(
  "hello",
  "WORLD",
  "nostr world",
  "coffee privacy",
  "hello language:en",
  "domain:example.com include:spam",
  "emoji 東",
  "zürich",
  "absent",
  " ",
);

const tagNames = ["e", "p", "t", "T", "d", "z", "A"] as const;

/** Filters that ask for what some of the events have, and now and then for what none has. */
export function anyFilter(events: readonly NostrEvent[]): fc.Arbitrary<NostrFilter> {
  const times = events.map((event) => event.created_at);
  const first = Math.min(...times, 1_700_000_000);
  const last = Math.max(...times, first);
  const someIds = ["00".repeat(32), ...events.map(({ id }) => id)];
  const values = ["none", ...new Set(events.flatMap(({ tags }) => tags.flatMap((tag) => tag[1] ?? [])))];
  const someValues = fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
  const kinds = [...new Set(events.map(({ kind }) => kind)), 9];
  const time = fc.integer({ min: first - 1, max: last + 1 });
  const members = fc.record(
    {
      ids: fc.array(fc.constantFrom(...someIds), { maxLength: 12 }),
      authors: fc.array(fc.constantFrom(...testPubkeys, "dd".repeat(32)), { maxLength: 3 }),
      kinds: fc.array(fc.constantFrom(...kinds), { maxLength: 3 }),
      since: time,
      until: time,
      limit: fc.nat({ max: 12 }),
      search: someWords,
    },
    { requiredKeys: [] },
  );
  const tags = fc.array(fc.tuple(fc.constantFrom(...tagNames), someValues), { maxLength: 2 });
  const withTags = fc.tuple(members, tags).map(
    ([filter, pairs]): NostrFilter => ({
      ...filter,
      ...Object.fromEntries(pairs.map(([name, wanted]) => [`#${name}`, wanted])),
    }),
  );
  // Most filters of several members meet nothing, so that many have but one.
  return fc.oneof(
    { arbitrary: withTags, weight: 2 },
    { arbitrary: fc.record({ limit: fc.integer({ min: 1, max: 30 }) }), weight: 1 },
    { arbitrary: fc.record({ search: someWords, limit: fc.nat({ max: 9 }) }), weight: 1 },
    {
      arbitrary: fc
        .tuple(fc.constantFrom(...tagNames), someValues)
        .map(([name, wanted]): NostrFilter => ({ [`#${name}`]: wanted })),
      weight: 1,
    },
    {
      arbitrary: fc.record({ kinds: fc.constant(kinds), until: time, limit: fc.nat({ max: 9 }) }),
      weight: 1,
    },
  );
}
