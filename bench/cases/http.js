// Nostr events by POST /api/import, in every way that a body can come, beside the command line on the same file.
import { measureImports, withAndWithoutCgroup } from "../lib/imports.js";
import { gzipInput } from "../lib/plan-inputs.js";
import { makeInput } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "nostr events by POST /api/import (default 1,000,000)";

const slowBytesPerSecond = 30_000_000;

export async function run({ count = 1_000_000, memory, runs }) {
  const input = makeInput("nostr", count);
  const lines = memory === undefined ? ["256MiB", "128MiB"] : [memory];
  const specs = lines.flatMap((line) =>
    specsOf(line, input, { ...gzipInput("nostr", count), bytes: input.bytes }),
  );
  const { records, bytes } = input;
  return {
    table: "import",
    what: "Nostr events without full text by POST /api/import, ids checked, beside the command line",
    input: { records, bytes },
    runs: await measureImports(specs, runs),
  };
}

function specsOf(memory, plain, gzip) {
  const shared = { memory, lineBytes: parseSize(memory) };
  const query = "preset=nostr&no-text";
  const upload = (title, input, way, more = {}) => ({
    ...shared,
    title: `${memory}, ${title}`,
    input,
    upload: { way, query, ...more },
  });
  const raw = upload("raw body", plain, "raw");
  return [
    ...withAndWithoutCgroup({
      ...shared,
      title: `${memory}, command line`,
      input: plain,
      flags: ["--preset", "nostr", "--no-text"],
    }),
    ...withAndWithoutCgroup(raw),
    upload("raw body, a client of 30 MB/s", plain, "raw", { bytesPerSecond: slowBytesPerSecond }),
    ...withAndWithoutCgroup(upload("multipart", plain, "multipart")),
    upload("raw body, gzip", gzip, "raw"),
    upload("multipart, gzip", gzip, "multipart"),
  ];
}
