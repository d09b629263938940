// How long usual filters take on a loaded store.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { measureImport, runChild } from "../lib/measure.js";
import { bin, cacheFolder, makeInput, root } from "../lib/project.js";
import { parseSize, quantile } from "../lib/sizes.js";

export const help = "latency of nostr filters on a loaded store (default 1,000,000 events)";

const coldStarts = 15;

export async function run({ count = 1_000_000, memory = "256MiB" }) {
  const input = makeInput("nostr", count);
  const store = join(cacheFolder(), `nostr-${count}-1-store`);
  await load(input, store, memory);
  process.stderr.write("Filters through the library ...\n");
  const child = join(root, "bench", "children", "query-latency.js");
  const ended = await runChild({ command: process.execPath, args: [child, store, input.path] });
  if (ended.code !== 0) throw new Error(`The queries failed: ${ended.error}`);
  const runs = ended.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  runs.push(await coldStart(store));
  const { records, bytes } = input;
  const what = `Nostr filters on a store that the command line loaded within ${memory}, other authors, tags and times from one to the next; through the library in one process with the store open and in the page cache, caches of 32 MiB for records and indexes, 16 MiB for the order. The bar is a p99 of 20 ms for usual filters; heavy ones have no limit, or count what only the records can tell`;
  return { table: "query", what, input: { records, bytes }, vmHwmBytes: ended.sampler.highWaterBytes, runs };
}

/** Always anew: what a former version of the code has loaded would be something else. */
async function load(input, store, memory) {
  process.stderr.write("Loading the store ...\n");
  rmSync(store, { recursive: true, force: true });
  const flags = ["--preset", "nostr"];
  const spec = {
    title: "load",
    input,
    memory,
    lineBytes: parseSize(memory),
    flags,
    isInCgroup: false,
    store,
  };
  const loaded = await measureImport(spec);
  if (loaded.state !== "complete") throw new Error(`The store could not be loaded: ${loaded.error}`);
}

async function coldStart(store) {
  process.stderr.write("Cold starts of the command line ...\n");
  const filter = '{"kinds":[1],"limit":20}';
  const times = [];
  for (let number = 0; number < coldStarts; number++) {
    const ended = await runChild({
      command: process.execPath,
      args: [bin, "query", store, "--nostr", filter],
    });
    if (ended.code !== 0) throw new Error(`The query failed: ${ended.error}`);
    times.push(ended.wallSeconds * 1000);
  }
  return {
    title: `command line, from start to end: ${filter}`,
    isHeavy: true,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: Math.max(...times),
    times: times.length,
    recordsPerQuery: 20,
  };
}
