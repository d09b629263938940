// Edges written live into one list, of a thousand to ten million ids, and asked for beside that: a long list must cost
// no more than a short one.
import { join } from "node:path";
import { measureImport, runChild } from "../lib/measure.js";
import { root } from "../lib/project.js";
import { withServer } from "../lib/serving.js";
import { parseSize } from "../lib/sizes.js";

export const help = "live writes into lists of 1,000 to 10,000,000 ids";

const [connections, edgesEach] = [4, 500];
const shortest = 1000;

export async function run({ count = 10_000_000, seconds = 10, memory = "256MiB" }) {
  const runs = [];
  for (let ids = shortest; ids <= count; ids *= 10) runs.push(await measure(ids, seconds, memory));
  const what = `Edges of one list written live, ${connections} connections with ${edgesEach} edges a request for ${seconds} s each, and edges of it asked for meanwhile: any that was there, and the one that was acknowledged last`;
  return { table: "lists", what, input: { records: count, bytes: null }, runs };
}

async function measure(ids, seconds, memory) {
  const title = `a list of ${ids.toLocaleString("en")} ids`;
  const lineBytes = parseSize(memory);
  const prepare = (store) => loadList(ids, { store, memory, lineBytes });
  const { found, ended } = await withServer({ memory, prepare }, async ({ address }) => {
    process.stderr.write(`${title} ...\n`);
    const child = join(root, "bench", "children", "edge-writers.js");
    const args = [child, address, seconds, connections, edgesEach, ids].map(String);
    const { code, out, error } = await runChild({ command: process.execPath, args });
    if (code !== 0) throw new Error(`The writers failed: ${error}`);
    return JSON.parse(out);
  });
  return { title, ...found, vmHwmBytes: ended.sampler.highWaterBytes, lineBytes };
}

/** A store with one list of so many ids. */
export async function loadList(ids, { store, memory, lineBytes }) {
  const loaded = await measureImport({
    title: "load",
    input: { path: null, bytes: null },
    memory,
    lineBytes,
    flags: ["--preset", "rdf", "--format", "ntriples"],
    isInCgroup: false,
    store,
    feeder: {
      command: process.execPath,
      args: [join(root, "scripts", "gen.js"), "list", "--edges", String(ids)],
    },
  });
  if (loaded.state !== "complete") throw new Error(`The list could not be loaded: ${loaded.error}`);
}
