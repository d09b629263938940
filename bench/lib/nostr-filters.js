// The filters that clients of a relay send, with other authors, tags and times from one to the next.

const hourSeconds = 3600;
const daySeconds = 86_400;

/** The busiest of the values, by how often they are among them. */
function busiestOf(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((left, right) => right[1] - left[1])[0][0];
}

/** What a client seldom sends: without a limit, or to count what only the records themselves can tell. */
const heavy = { isHeavy: true };
const count = { isCount: true };

/**
 * A title, a maker of filters and what is special about them. `events` are drawn from all over the archive, so that busy authors
 * and topics come up as often as they occur.
 */
export function nostrFilters(events, random) {
  const tagged = (name) =>
    events.flatMap((event) => event.tags.filter((tag) => tag[0] === name).map((tag) => tag[1]));
  const tags = { e: tagged("e"), p: tagged("p"), t: tagged("t") };
  const hot = {
    author: busiestOf(events.map((event) => event.pubkey)),
    p: busiestOf(tags.p),
    t: busiestOf(tags.t),
  };
  const event = () => random.pick(events);
  const many = (size, pick) => [...new Set(Array.from({ length: size }, pick))];
  const authors = (size) => many(size, () => event().pubkey);
  const ids = (size) => many(size, () => event().id);
  const tagValues = (name, size) => many(size, () => random.pick(tags[name]));
  const within = (seconds) => {
    const since = event().created_at;
    return { since, until: since + seconds };
  };
  const filters = [
    ["one id", () => ({ ids: ids(1) })],
    ["100 ids", () => ({ ids: ids(100) })],
    ["newest of everything, limit 500", () => ({ limit: 500 })],
    ["newest notes, limit 20", () => ({ kinds: [1], limit: 20 })],
    ["newest notes, limit 500", () => ({ kinds: [1], limit: 500 })],
    ["notes before a time, limit 100", () => ({ kinds: [1], until: event().created_at, limit: 100 })],
    [
      "rare kinds before a time, limit 50",
      () => ({ kinds: [30023, 1984], until: event().created_at, limit: 50 }),
    ],
    ["an author's notes, limit 20", () => ({ authors: authors(1), kinds: [1], limit: 20 })],
    [
      "the busiest author before a time, limit 500",
      () => ({ authors: [hot.author], until: event().created_at, limit: 500 }),
    ],
    ["feed: notes of 50 authors, limit 50", () => ({ authors: authors(50), kinds: [1], limit: 50 })],
    [
      "feed: notes and reposts of 500 authors before a time, limit 100",
      () => ({ authors: authors(500), kinds: [1, 6], until: event().created_at, limit: 100 }),
    ],
    [
      "feed: 500 authors since a day, limit 500",
      () => ({ authors: authors(500), kinds: [1, 6], ...within(daySeconds), limit: 500 }),
    ],
    ["profiles of 20 authors", () => ({ authors: authors(20), kinds: [0], limit: 500 })],
    [
      "profiles and follows of 200 authors",
      () => ({ authors: authors(200), kinds: [0, 3, 10002], limit: 500 }),
    ],
    ["thread: replies to an event, limit 100", () => ({ "#e": tagValues("e", 1), kinds: [1], limit: 100 })],
    ["reactions to 50 events", () => ({ "#e": tagValues("e", 50), kinds: [7, 9735], limit: 500 })],
    ["notifications: events that name a person, limit 50", () => ({ "#p": tagValues("p", 1), limit: 50 })],
    [
      "the most named person, four kinds, limit 500",
      () => ({ "#p": [hot.p], kinds: [1, 6, 7, 9735], limit: 500 }),
    ],
    [
      "the most named person before a time, limit 50",
      () => ({ "#p": [hot.p], until: event().created_at, limit: 50 }),
    ],
    ["topic, limit 50", () => ({ "#t": tagValues("t", 1), kinds: [1], limit: 50 })],
    [
      "the busiest topic before a time, limit 100",
      () => ({ "#t": [hot.t], until: event().created_at, limit: 100 }),
    ],
    [
      "20 authors on 5 topics and 50 persons, no limit",
      () => ({ authors: authors(20), "#t": tagValues("t", 5), "#p": tagValues("p", 50) }),
      heavy,
    ],
    ["an hour of everything, limit 100", () => ({ ...within(hourSeconds), limit: 100 })],
    ["a day of everything, limit 500", () => ({ ...within(daySeconds), limit: 500 })],
    ["search: two words, limit 20", () => ({ search: "coffee privacy", limit: 20 })],
    ["search: a common word, limit 100", () => ({ search: "the", limit: 100 })],
    [
      "search: a word in notes of a month, limit 20",
      () => ({ search: "coffee", kinds: [1], ...within(30 * daySeconds), limit: 20 }),
    ],
    ["search: a word by 50 authors, limit 20", () => ({ search: "coffee", authors: authors(50), limit: 20 })],
    [
      "start of a client: three filters OR-ed",
      () => {
        const [self] = authors(1);
        return [
          { authors: authors(100), kinds: [1, 6], limit: 50 },
          { "#p": [self], kinds: [1, 6, 7, 9735], limit: 50 },
          { authors: [self], kinds: [0, 3, 10002], limit: 50 },
        ];
      },
    ],
    [
      "ten filters of one author each OR-ed, limit 20 each",
      () => authors(10).map((pubkey) => ({ authors: [pubkey], limit: 20 })),
    ],
    ["count: reactions to an event", () => ({ "#e": tagValues("e", 1), kinds: [7] }), count],
    ["count: followers of a person", () => ({ "#p": tagValues("p", 1), kinds: [3] }), { ...count, ...heavy }],
    [
      "count: the busiest author's notes",
      () => ({ authors: [hot.author], kinds: [1] }),
      { ...count, ...heavy },
    ],
    ["count: everything", () => ({}), count],
  ];
  return filters.map(([title, make, traits]) => ({ title, make, isCount: false, isHeavy: false, ...traits }));
}
