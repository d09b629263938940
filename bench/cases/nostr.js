// Nostr events into the embedded store, ids checked.
import { measureImports, withAndWithoutCgroup } from "../lib/imports.js";
import { makeInput } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "nostr events into the embedded store (default 1,000,000)";

export async function run({ count = 1_000_000, memory, runs }) {
  const input = makeInput("nostr", count);
  const line = memory ?? "256MiB";
  const cases = [
    { memory: line, hasText: false },
    { memory: line, hasText: true },
    ...(memory === undefined ? [{ memory: "128MiB", hasText: false }] : []),
  ];
  const specs = cases.flatMap((one) =>
    withAndWithoutCgroup({
      title: `${one.memory}, ${one.hasText ? "with full text" : "without full text"}`,
      input,
      memory: one.memory,
      lineBytes: parseSize(one.memory),
      flags: ["--preset", "nostr", ...(one.hasText ? [] : ["--no-text"])],
    }),
  );
  const { records, bytes } = input;
  return {
    table: "import",
    what: "Nostr events, ids checked",
    input: { records, bytes },
    runs: await measureImports(specs, runs),
  };
}
