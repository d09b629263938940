// Databases of name servers: one is published as a snapshot, those of others are merged into it.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makePowerDns } from "../../scripts/lib/powerdns.js";
import { makeCgroup } from "../lib/cgroup.js";
import { runChild } from "../lib/measure.js";
import { cacheFolder, root } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help =
  "PowerDNS databases published as snapshots and merged, of 3, 10 and 30 instances (default 600,000)";

const instanceCounts = [3, 10, 30];
const recordsPerDomain = 6;
const seed = 1;

export async function run({ count = 600_000, memory = "300MiB" }) {
  const domains = Math.ceil(count / recordsPerDomain);
  const lineBytes = parseSize(memory);
  const dir = join(cacheFolder(), `powerdns-${domains}`);
  mkdirSync(dir, { recursive: true });
  const published = join(dir, "1.pb.gz");
  const runs = [];
  await makeSnapshots(dir, domains, Math.max(...instanceCounts), runs, lineBytes);
  const { messageBytes, seconds } = await child(null, ["compress", published]);
  runs.push({ title: "gzip alone, level 1", messageBytes, wallSeconds: seconds });
  for (const instances of instanceCounts) {
    const files = Array.from({ length: instances - 1 }, (_, index) => join(dir, `${index + 2}.pb.gz`));
    for (const isInCgroup of [false, true]) {
      const database = await freshInstance(dir, domains, 1);
      const title = `merge of ${instances - 1} into one${isInCgroup ? `, inside ${memory}` : ""}`;
      runs.push(
        await measure(title, isInCgroup ? lineBytes : null, ["merge", database, ...files], lineBytes),
      );
      rmSync(database, { recursive: true });
    }
  }
  const what =
    "Domains, their index and six records each in the native schema; 1% of each instance is its own";
  return { table: "snapshots", what, input: { records: domains * recordsPerDomain, bytes: null }, runs };
}

/** Each instance is made, published and taken away again: all at once would fill a disk. */
async function makeSnapshots(dir, domains, instances, runs, lineBytes) {
  for (let instance = 1; instance <= instances; instance += 1) {
    const file = join(dir, `${instance}.pb.gz`);
    if (instance > 1 && existsSync(file)) continue;
    const database = await freshInstance(dir, domains, instance);
    const words = ["publish", database, file];
    if (instance === 1) {
      runs.push(await measure("publish", null, words, lineBytes));
      runs.push(await measure("publish, inside the line", lineBytes, words, lineBytes));
    } else await child(null, words);
    rmSync(database, { recursive: true });
  }
}

async function freshInstance(dir, domains, instance) {
  const path = join(dir, `instance-${instance}`);
  rmSync(path, { recursive: true, force: true });
  await makePowerDns({ domains, instances: instance, first: instance, seed, dir });
  return path;
}

async function measure(title, limitBytes, words, lineBytes) {
  process.stderr.write(`${title} ...\n`);
  const made = limitBytes === null ? { cgroup: null, reason: null } : makeCgroup(limitBytes);
  if (made.reason !== null) return { title, skipped: `no memory cgroup can be made here (${made.reason})` };
  const facts = await child(made.cgroup, words);
  await made.cgroup?.remove();
  if (facts.error !== undefined) return { title, state: "failed", error: facts.error };
  const { seconds: wallSeconds, peakRssBytes: vmHwmBytes, ...rest } = facts;
  return { title, ...rest, wallSeconds, vmHwmBytes, lineBytes };
}

async function child(cgroup, words) {
  const args = ["--max-semi-space-size=4", join(root, "bench", "children", "snapshots.js"), ...words];
  const { code, signal, out, error } = await runChild({ command: process.execPath, args, cgroup });
  if (code !== 0) return { error: `${signal ?? code}: ${error.trim().split("\n").at(-1)}` };
  return JSON.parse(out);
}
