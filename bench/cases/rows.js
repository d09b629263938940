// CSV rows with a key, one exact and one range index.
import { measureImports, withAndWithoutCgroup } from "../lib/imports.js";
import { makeInput } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "CSV rows into the embedded store (default 1,000,000)";

export async function run({ count = 1_000_000, memory = "128MiB", runs }) {
  const input = makeInput("rows", count);
  const specs = withAndWithoutCgroup({
    title: memory,
    input,
    memory,
    lineBytes: parseSize(memory),
    flags: ["--entity", "Person", "--key", "id", "--index", "city", "--range", "age"],
  });
  const { records, bytes } = input;
  const what = "CSV rows of 7 columns; key `id`, exact index on `city`, range index on `age`";
  return { table: "import", what, input: { records, bytes }, runs: await measureImports(specs, runs) };
}
