// Times nostr filters on a store through the library; one JSON line a kind of filter.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { nostrCount, nostrQuery, openStoreReader, setQueryCaches } from "../../dist/index.js";
import { Random } from "../../scripts/lib/random.js";
import { nostrFilters } from "../lib/nostr-filters.js";
import { quantile } from "../lib/sizes.js";

const [storePath, inputPath] = process.argv.slice(2);
const timesEach = 300;
/** A slow filter is asked less often, so that the bench comes to its end. */
const timesMin = 10;
const secondsEach = 4;
const warmups = 5;
const random = new Random(7);

/** Events from all over the archive, to ask for what is there. */
function sampleEvents(path, count) {
  const file = openSync(path, "r");
  const { size } = fstatSync(file);
  const buffer = Buffer.alloc(64 * 1024);
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

const reader = await openStoreReader(storePath);
setQueryCaches(reader, { blockBytes: 32 * 2 ** 20, indexBytes: 32 * 2 ** 20, columnBytes: 16 * 2 ** 20 });
const filters = nostrFilters(sampleEvents(inputPath, 2000), random);

function ask({ make, isCount }) {
  const filter = make();
  const startedMs = performance.now();
  let records = 0;
  if (isCount) records = nostrCount(reader, filter);
  else for (const _event of nostrQuery(reader, filter)) records++;
  return { ms: performance.now() - startedMs, records };
}

// A server has long been running when it is asked: its code is compiled, and its caches hold what others asked.
for (const filter of filters) for (let number = 0; number < warmups; number++) ask(filter);
for (const filter of filters) {
  const times = [];
  let found = 0;
  const startedMs = performance.now();
  while (times.length < timesEach) {
    if (times.length >= timesMin && performance.now() - startedMs > secondsEach * 1000) break;
    const { ms, records } = ask(filter);
    times.push(ms);
    found += records;
  }
  const result = {
    title: filter.title,
    isHeavy: filter.isHeavy,
    p50Ms: Number(quantile(times, 0.5).toFixed(3)),
    p99Ms: Number(quantile(times, 0.99).toFixed(3)),
    maxMs: Number(Math.max(...times).toFixed(3)),
    times: times.length,
    recordsPerQuery: Number((found / times.length).toFixed(1)),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await reader[Symbol.asyncDispose]();
