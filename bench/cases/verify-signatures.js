// Nostr events whose signatures are verified, by one thread and by two, beside ids alone.
import { measureImports, withAndWithoutCgroup } from "../lib/imports.js";
import { makeInput } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "nostr events with and without --verify (default 200,000)";

export async function run({ count = 200_000, memory = "256MiB", runs }) {
  const input = makeInput("nostr", count, { isSigned: true });
  const shared = { input, memory, lineBytes: parseSize(memory) };
  const flagsOf = (threads, ...more) => ["--preset", "nostr", "--threads", String(threads), ...more];
  const specs = [
    { ...shared, title: "ids alone, 2 threads", flags: flagsOf(2), isInCgroup: false },
    {
      ...shared,
      title: "signatures, main thread alone",
      flags: flagsOf(0, "--verify"),
      isInCgroup: false,
    },
    { ...shared, title: "signatures, 1 thread", flags: flagsOf(1, "--verify"), isInCgroup: false },
    ...withAndWithoutCgroup({ ...shared, title: "signatures, 2 threads", flags: flagsOf(2, "--verify") }),
  ];
  const { records, bytes } = input;
  return {
    table: "import",
    what: "Signed nostr events, verified while they are imported",
    input: { records, bytes },
    runs: await measureImports(specs, runs),
  };
}
