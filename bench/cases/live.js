// Events written one by one, or a few at a time, by many connections to a running server: how many records a
// second are acknowledged, from the first to the last, how long a client waits, what the process takes.
import { join } from "node:path";
import { runChild } from "../lib/measure.js";
import { root } from "../lib/project.js";
import { withServer } from "../lib/serving.js";
import { parseSize } from "../lib/sizes.js";

export const help = "events by POST /api/records from many connections (default 600 seconds)";

const batchSecondsMax = 30;
const client = join(root, "bench", "lib", "live-client.js");

export async function run({ seconds = 600, memory = "256MiB" }) {
  const ways = [
    { connections: 64, records: 1, seconds },
    { connections: 8, records: 100, seconds: Math.min(seconds, batchSecondsMax) },
  ];
  const runs = [];
  for (const way of ways) runs.push(await measure({ ...way, memory }));
  const what =
    "Nostr events by POST /api/records into a new store, acknowledged when they are on the disk; authors and topics of which some are in a fourth of all. The client is a process of its own on the same machine";
  const records = runs.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  return { table: "live", what, input: { records, bytes: null }, runs };
}

async function measure({ connections, records, seconds, memory }) {
  const title = `${connections} connections, ${records} ${records === 1 ? "record" : "records"} a request, ${seconds} s`;
  process.stderr.write(`${title} ...\n`);
  const { found, ended } = await withServer({ memory }, async ({ address }) => {
    const args = [client, address, seconds, connections, records].map(String);
    const { code, out, error } = await runChild({ command: process.execPath, args });
    if (code !== 0) throw new Error(`The client failed: ${error}`);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    const total = (name) => Number(new RegExp(`^plimsoll_live_${name}_total (\\d+)`, "m").exec(metrics)[1]);
    return { ...JSON.parse(out), commits: total("commits"), folds: total("folds"), merges: total("merges") };
  });
  const lineBytes = parseSize(memory);
  return { title, ...found, vmHwmBytes: ended.sampler.highWaterBytes, lineBytes };
}
