// RDF with access by subject, predicate, object, graph and value, and full text: a real dump and generated graphs.
import { execFileSync } from "node:child_process";
import { existsSync, renameSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { measureImports, withAndWithoutCgroup } from "../lib/imports.js";
import { measurePeer, presentPeers } from "../lib/peers.js";
import { cacheFolder, makeInput, root } from "../lib/project.js";
import { rdfPeers } from "../lib/rdf-peers.js";
import { parseSize } from "../lib/sizes.js";

export const help =
  "RDF: all versions of schema.org, generated graphs of 1 and 10 million edges or of --count";

const schemaQuads = 2_527_479;
const schemaMemory = "256MiB";

export async function run({ count, memory = "512MiB", runs }) {
  const counts = count === undefined ? [1_000_000, 10_000_000] : [...new Set([1_000_000, count])];
  const inputs = counts.map((edges) => makeInput("graph", edges));
  const specs = inputs.flatMap((input) =>
    withAndWithoutCgroup({
      title: `${input.records.toLocaleString("en")} edges, ${memory}`,
      input,
      memory,
      lineBytes: parseSize(memory),
      flags: ["--preset", "rdf"],
    }),
  );
  const schema = schemaInput();
  if (schema !== null) specs.unshift(...schemaSpecs(schema));
  const found = await measureImports(specs, runs);
  const peerInput = schema === null ? inputs[0] : decompressed(schema);
  const where = schema === null ? "1,000,000 edges" : "schema.org";
  for (const peer of presentPeers(rdfPeers()))
    found.push(await measurePeer({ ...peer, title: `${peer.title}: ${where}` }, peerInput));
  const { records, bytes } = inputs.at(-1);
  const what =
    "Quads as records, each found by subject, predicate, object, graph and value, and by the words of its value; the generated graph is that of a question-and-answer site, the largest";
  return { table: "import", what, input: { records, bytes }, runs: found };
}

function schemaSpecs(input) {
  return withAndWithoutCgroup({
    title: `all versions of schema.org, ${schemaMemory}`,
    input,
    memory: schemaMemory,
    lineBytes: parseSize(schemaMemory),
    flags: ["--preset", "rdf"],
  });
}

function schemaInput() {
  const folder = process.env.PLIMSOLL_TEST_DATA ?? resolve(root, "../shared/data");
  const path = join(folder, "schemaorg-all-versions.nq.zst");
  if (existsSync(path)) return { path, records: schemaQuads, bytes: statSync(path).size };
  process.stderr.write("schema.org: skipped, schemaorg-all-versions.nq.zst is not in PLIMSOLL_TEST_DATA\n");
  return null;
}

/** Peers read what they can read; ours is decompressed in the measured time. */
function decompressed(input) {
  const path = join(cacheFolder(), "schemaorg-all-versions.nq");
  if (!existsSync(path)) {
    execFileSync("zstd", ["-dqf", input.path, "-o", `${path}.part`], { stdio: "inherit" });
    renameSync(`${path}.part`, path);
  }
  return { ...input, path, bytes: statSync(path).size };
}
