// The posting-list codec: encode, decode, and sets of lists read from their blocks, beside roaring bitmaps.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "../lib/measure.js";
import { root } from "../lib/project.js";

export const help = "posting lists beside roaring bitmaps (default 1,000,000 ids a list)";

export async function run({ count = 1_000_000 }) {
  if (!existsSync(join(root, "node_modules", "roaring-wasm"))) {
    process.stderr.write("codec: skipped, roaring-wasm is not installed\n");
    return null;
  }
  process.stderr.write("Posting lists and roaring bitmaps ...\n");
  const child = join(root, "bench", "children", "codec.js");
  const ended = await runChild({ command: process.execPath, args: [child, String(count)] });
  if (ended.code !== 0) throw new Error(`The codec failed: ${ended.error}`);
  const lines = ended.out.trim().split("\n");
  const what =
    "Posting lists beside roaring-wasm (bitmaps with runs, portable form); from the bytes of a list to ids in memory, two lists for sets; one thread, the fastest of the rounds";
  return {
    table: "codec",
    what,
    input: { records: count, bytes: null },
    runs: lines.map((line) => JSON.parse(line)),
  };
}
