// Reading and decoding alone: JSON.parse, and the import's own path into nothing.
import { join } from "node:path";
import { measureImports } from "../lib/imports.js";
import { runChild } from "../lib/measure.js";
import { makeInput, root } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "decoding alone: JSON.parse against the null: target (default 1,000,000)";

export async function run({ count = 1_000_000, memory = "256MiB", runs }) {
  const input = makeInput("nostr", count);
  process.stderr.write("JSON.parse ...\n");
  const child = join(root, "bench", "children", "json-parse.js");
  const ended = await runChild({ command: process.execPath, args: [child, input.path], input });
  if (ended.code !== 0) throw new Error(`JSON.parse failed: ${ended.error}`);
  const parsed = {
    title: "JSON.parse of each line, one thread, nothing else",
    command: "node bench/children/json-parse.js FILE",
    state: "complete",
    wallSeconds: Number(ended.wallSeconds.toFixed(3)),
    recordsPerSecond: Math.round(count / ended.wallSeconds),
    vmHwmBytes: ended.sampler.highWaterBytes,
  };
  const shared = { input, memory, lineBytes: parseSize(memory), isInCgroup: false };
  const flags = ["--into", "null:", "--preset", "nostr"];
  const specs = [
    { title: "null: validated and mapped, ids not checked", flags: [...flags, "--no-check-ids"] },
    { title: "null: validated and mapped, ids checked", flags },
    { title: "null: ids checked, one worker", flags: [...flags, "--threads", "1"] },
  ].map((spec) => ({ ...shared, ...spec }));
  const found = [parsed, ...(await measureImports(specs, runs))].map((run) => ({
    ...run,
    bytesPerSecond: Math.round(input.bytes / run.wallSeconds),
  }));
  const { records, bytes } = input;
  return {
    table: "decode",
    what: "Nostr events, decoded and discarded",
    input: { records, bytes },
    runs: found,
  };
}
