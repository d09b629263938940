// What `plan` says beforehand against what the import then takes, over inputs of many shapes.
import { join } from "node:path";
import { measureImport, runChild } from "../lib/measure.js";
import { folderInput, gzipInput, smallInput } from "../lib/plan-inputs.js";
import { bin, cacheFolder, makeInput } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "what `plan` estimates against what imports take (default 1,000,000 events)";

const rowFlags = ["--entity", "Person", "--key", "id", "--index", "city", "--range", "age"];
const nostrFlags = ["--preset", "nostr"];

export async function run({ count = 1_000_000, memory }) {
  const events = makeInput("nostr", count);
  const rows = count * 3;
  const specs = [
    ["nostr, 256 MiB", events, "256MiB", nostrFlags],
    ["nostr, 128 MiB", events, "128MiB", nostrFlags],
    ["nostr, 1 GiB", events, "1GiB", nostrFlags],
    ["nostr without text, 256 MiB", events, "256MiB", [...nostrFlags, "--no-text"]],
    ["nostr, gzip", gzipInput("nostr", count), "256MiB", nostrFlags],
    ["nostr, files of 500 events", folderInput("nostr", count, 500), "256MiB", nostrFlags],
    ["CSV rows", makeInput("rows", rows), "128MiB", rowFlags],
    ["CSV rows, 40% repeated", makeInput("rows", rows, { dup: 40 }), "128MiB", rowFlags],
    ["small records", smallInput(count * 7), "128MiB", smallFlags],
  ];
  const runs = [];
  for (const [title, input, line, flags] of specs) {
    if (memory !== undefined && memory !== line) continue;
    process.stderr.write(`${title} ...\n`);
    runs.push(await compare({ title, input, memory: line, lineBytes: parseSize(line), flags }));
  }
  const what = "The estimate of `plan` by what the import then took: 1.00 is right";
  return { table: "plan", what, input: { records: count, bytes: events.bytes }, runs };
}

const smallFlags = ["--entity", "Small", "--key", "id", "--index", "group,kind"];

async function compare(spec) {
  const { title, input, memory, lineBytes, flags } = spec;
  const store = join(cacheFolder(), `plan-${process.pid}`);
  const args = [bin, "plan", input.path, "--into", store, "--memory", memory, "--json", ...flags];
  const planned = await runChild({ command: process.execPath, args, input });
  if (planned.code !== 0) return { title, state: "failed", error: planned.error.trim() };
  const { estimate } = JSON.parse(planned.out);
  const imported = await measureImport({ ...spec, isInCgroup: false });
  if (imported.state === "failed") return imported;
  const { records, storeBytes, spilledBytes, phases, command } = imported;
  const seconds = phases.reduce((sum, phase) => sum + phase.seconds, 0);
  return {
    title,
    state: "complete",
    command: command.replace(" import ", " plan "),
    records: pair(estimate.records, records),
    bytesStored: pair(estimate.bytesStored, storeBytes),
    bytesSpilled: pair(estimate.bytesSpilled, spilledBytes),
    seconds: pair(estimate.seconds.total, seconds),
    planSeconds: planned.wallSeconds,
    lineBytes,
    vmHwmBytes: planned.sampler.highWaterBytes,
  };
}

function pair(estimated, actual) {
  return { estimated, actual, ratio: Number((estimated / actual).toFixed(3)) };
}
