// An archive of the size that is usual for one relay, by the command line and over HTTP.
import { measureImports, withAndWithoutCgroup } from "../lib/imports.js";
import { makeInput } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "nostr events by the command line and by POST /api/import (default 2,160,000)";

export async function run({ count = 2_160_000, memory = "256MiB", runs }) {
  const input = makeInput("nostr", count);
  const shared = { input, memory, lineBytes: parseSize(memory) };
  const specs = [true, false].flatMap((hasText) => {
    const text = hasText ? "with full text" : "without full text";
    const flags = ["--preset", "nostr", ...(hasText ? [] : ["--no-text"])];
    const query = `preset=nostr${hasText ? "" : "&no-text"}`;
    return [
      ...withAndWithoutCgroup({ ...shared, title: `command line, ${text}`, flags }),
      ...withAndWithoutCgroup({ ...shared, title: `HTTP, ${text}`, upload: { way: "raw", query } }),
    ];
  });
  const { records, bytes } = input;
  return {
    table: "import",
    what: "An archive of Nostr events by the command line and by POST /api/import, ids checked",
    input: { records, bytes },
    runs: await measureImports(specs, runs),
  };
}
