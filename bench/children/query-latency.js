// Times nostr filters on a store through the library; one JSON line a kind of filter.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { nostrQuery, openStoreReader } from "../../dist/index.js";
import { Random } from "../../scripts/lib/random.js";
import { quantile } from "../lib/sizes.js";

const [storePath, inputPath] = process.argv.slice(2);
const timesEach = 200;
const warmups = 5;
const random = new Random(7);

/** Events from all over the archive, to ask for what is there. */
function sampleEvents(path, count) {
  const file = openSync(path, "r");
  const { size } = fstatSync(file);
  const buffer = Buffer.alloc(256 * 1024);
  const events = [];
  for (let attempt = 0; events.length < count && attempt < count * 4; attempt++) {
    const start = Math.floor(random.fraction() * Math.max(1, size - buffer.length));
    const text = buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, start));
    const [, line, rest] = text.split("\n", 3);
    if (rest !== undefined) events.push(JSON.parse(line));
  }
  closeSync(file);
  if (events.length === 0) throw new Error(`no event could be sampled from ${path}`);
  return events;
}

const events = sampleEvents(inputPath, 500);
const tagged = (name) =>
  events.flatMap((event) => event.tags.filter((tag) => tag[0] === name).map((tag) => tag[1]));
const tags = { e: tagged("e"), p: tagged("p"), t: tagged("t") };
const pickEvent = () => random.pick(events);

const filters = [
  ["one id", () => ({ ids: [pickEvent().id] })],
  ["newest notes, limit 20", () => ({ kinds: [1], limit: 20 })],
  ["an author's notes, limit 20", () => ({ authors: [pickEvent().pubkey], kinds: [1], limit: 20 })],
  [
    "feed: notes of 50 authors, limit 50",
    () => ({ authors: Array.from({ length: 50 }, () => pickEvent().pubkey), kinds: [1], limit: 50 }),
  ],
  [
    "profiles of 20 authors",
    () => ({ authors: Array.from({ length: 20 }, () => pickEvent().pubkey), kinds: [0] }),
  ],
  ["thread: replies to an event, limit 100", () => ({ "#e": [random.pick(tags.e)], kinds: [1], limit: 100 })],
  ["notifications: events that name a person, limit 50", () => ({ "#p": [random.pick(tags.p)], limit: 50 })],
  ["topic, limit 50", () => ({ "#t": [random.pick(tags.t)], kinds: [1], limit: 50 })],
  [
    "an hour of everything, limit 100",
    () => {
      const since = pickEvent().created_at;
      return { since, until: since + 3600, limit: 100 };
    },
  ],
  ["search: two words, limit 20", () => ({ search: "coffee privacy", limit: 20 })],
];

const reader = await openStoreReader(storePath);
for (const [title, make] of filters) {
  const times = [];
  let found = 0;
  for (let number = -warmups; number < timesEach; number++) {
    const filter = make();
    const startedMs = performance.now();
    let records = 0;
    for (const _event of nostrQuery(reader, filter)) records++;
    if (number < 0) continue;
    times.push(performance.now() - startedMs);
    found += records;
  }
  const result = {
    title,
    p50Ms: Number(quantile(times, 0.5).toFixed(3)),
    p99Ms: Number(quantile(times, 0.99).toFixed(3)),
    times: times.length,
    recordsPerQuery: Number((found / times.length).toFixed(1)),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await reader[Symbol.asyncDispose]();
