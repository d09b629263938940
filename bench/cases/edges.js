// Edges written live for ten minutes, into one list and into lists as a power law has them: the last minute must be as
// fast as the first.
import { join } from "node:path";
import { runChild } from "../lib/measure.js";
import { root } from "../lib/project.js";
import { withServer } from "../lib/serving.js";
import { parseSize } from "../lib/sizes.js";
import { loadList } from "./lists.js";

export const help = "edges written live into one list, and into many (default 600 seconds each)";

const [connections, edgesEach] = [4, 500];
const idsThere = 1000;

export async function run({ seconds = 600, memory = "256MiB" }) {
  const runs = [];
  for (const lists of [1, 100_000]) runs.push(await measure({ lists, seconds, memory }));
  const what = `Edges written live, ${connections} connections with ${edgesEach} edges a request, and edges asked for meanwhile: any that was there, and the one that was acknowledged last. All in one list, or in lists of which few are in most edges`;
  const records = runs.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  return { table: "edges", what, input: { records, bytes: null }, runs };
}

async function measure({ lists, seconds, memory }) {
  const title = `${lists === 1 ? "one list" : `${lists.toLocaleString("en")} lists`}, ${seconds} s`;
  const lineBytes = parseSize(memory);
  const prepare = (store) => loadList(idsThere, { store, memory, lineBytes });
  const { found, ended } = await withServer({ memory, prepare }, async ({ address }) => {
    process.stderr.write(`${title} ...\n`);
    const child = join(root, "bench", "children", "edge-writers.js");
    const args = [child, address, seconds, connections, edgesEach, idsThere, lists].map(String);
    const { code, out, error } = await runChild({ command: process.execPath, args });
    if (code !== 0) throw new Error(`The writers failed: ${error}`);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    const total = (name) => Number(new RegExp(`^plimsoll_live_${name}_total (\\d+)`, "m").exec(metrics)[1]);
    return { ...JSON.parse(out), commits: total("commits"), folds: total("folds"), merges: total("merges") };
  });
  return { title, ...found, vmHwmBytes: ended.sampler.highWaterBytes, lineBytes };
}
