// One posting list of a hundred million ids, loaded and asked within the smallest of the usual lines.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { longListNames, longListRareEach } from "../../scripts/lib/long-list.js";
import { makeCgroup } from "../lib/cgroup.js";
import { cgroupFacts, measureImport, runChild } from "../lib/measure.js";
import { bin, cacheFolder, root } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "one list of 100,000,000 ids at 128 MiB, loaded and queried";

export async function run({ count = 100_000_000, memory = "128MiB" }) {
  const store = join(cacheFolder(), `longlist-${process.pid}`);
  const lineBytes = parseSize(memory);
  try {
    const loaded = await load(count, { store, memory, lineBytes });
    const runs = [loaded];
    if (loaded.state === "complete")
      for (const asked of questions(count)) runs.push(await ask(asked, { store, lineBytes }));
    const what =
      "One list of a graph with one predicate and one object but for every 100,000th edge: made while it is loaded, then asked by the command line";
    return { table: "longlist", what, input: { records: count, bytes: null }, runs };
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

async function load(count, { store, memory, lineBytes }) {
  process.stderr.write("Loading the list ...\n");
  const script = join(root, "scripts", "gen.js");
  return await measureImport({
    title: `load, ${memory}`,
    input: { path: null, bytes: null },
    memory,
    lineBytes,
    flags: ["--preset", "rdf", "--format", "ntriples"],
    isInCgroup: canLimit(),
    store,
    feeder: { command: process.execPath, args: [script, "list", "--edges", String(count)] },
  });
}

function canLimit() {
  const { cgroup } = makeCgroup(2 ** 30);
  cgroup?.remove();
  return cgroup !== null;
}

/** Each with the answer that it must give. */
function questions(count) {
  const { predicate, object, rare, subject } = longListNames;
  const rareCount = Math.floor(count / longListRareEach);
  const one = (name, number) => ({
    title: `the ${name} id: subject and object`,
    where: { subject: subject(number), object },
    found: 1,
  });
  const last = count % longListRareEach === 0 ? count - 1 : count;
  return [
    one("first", 1),
    one("middle", Math.floor(count / 2) + 1),
    one("last", last),
    {
      title: "met with the rare list: predicate and object",
      where: { predicate, object: rare },
      found: rareCount,
    },
    { title: "counted, every record checked", where: { object }, found: count - rareCount },
  ];
}

async function ask({ title, where, found }, { store, lineBytes }) {
  process.stderr.write(`${title} ...\n`);
  const { cgroup } = makeCgroup(lineBytes);
  try {
    const args = [bin, "query", store, "--count", "--filter", JSON.stringify({ where })];
    const ended = await runChild({ command: process.execPath, args, cgroup });
    const answer = Number(ended.out.trim() || Number.NaN);
    const isRight = ended.code === 0 && answer === found;
    return {
      title,
      state: isRight ? "complete" : "failed",
      ...(isRight ? {} : { error: `${answer} where ${found} are; ${ended.error.trim()}` }),
      records: answer,
      wallSeconds: Number(ended.wallSeconds.toFixed(3)),
      vmHwmBytes: ended.sampler.highWaterBytes,
      lineBytes,
      cgroup: cgroupFacts(cgroup, ended.sampler),
    };
  } finally {
    await cgroup?.remove();
  }
}
