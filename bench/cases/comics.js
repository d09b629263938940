// A library of comics: read for the first time, looked at again without changes, and with some.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bin, cacheFolder, root } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help = "a library of comics into the embedded store, and again (default 10,000)";

/** What happens to the library before each import; percent of its archives. */
const steps = [
  { title: "first import", happens: [] },
  { title: "nothing changed", happens: [] },
  { title: "5% changed", happens: ["--changed", "5"] },
  { title: "5% moved", happens: ["--moved", "5"] },
];

export async function run({ count = 10_000, memory = "256MiB" }) {
  const library = makeLibrary(count);
  const store = join(cacheFolder(), "comics-store");
  for (const path of [store, `${store}.comics`]) rmSync(path, { recursive: true, force: true });
  const runs = steps.map((step) => {
    if (step.happens.length > 0) generate(library, count, step.happens);
    return measure({ ...step, library, store, memory, count });
  });
  rmSync(library, { recursive: true });
  const what = "Archives of 4 to 24 small pages with metadata in all forms, all links and full text";
  return { table: "comics", what, input: { records: count, bytes: null }, runs };
}

function makeLibrary(count) {
  const library = join(cacheFolder(), `comics-${count}-1`);
  if (existsSync(library)) return library;
  rmSync(`${library}.part`, { recursive: true, force: true });
  generate(`${library}.part`, count, []);
  renameSync(`${library}.part`, library);
  return library;
}

function generate(out, count, happens) {
  const words = ["comics", "--count", String(count), "--out", out, ...happens];
  execFileSync(process.execPath, [join(root, "scripts", "gen.js"), ...words], { stdio: "ignore" });
}

function measure({ title, library, store, memory, count }) {
  process.stderr.write(`${title} ...\n`);
  const report = `${store}.report.json`;
  const words = ["import", library, "--preset", "comics", "--into", store, "--memory", memory];
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [
    bin,
    ...words,
    "--report",
    report,
    "--progress",
    "none",
  ]);
  const wallSeconds = (performance.now() - start) / 1000;
  if (status !== 0) return { title, state: "failed", error: stderr.toString().trim() };
  const { records, memory: used } = JSON.parse(readFileSync(report, "utf8"));
  rmSync(report);
  const comicsPerSecond = count / wallSeconds;
  const lineBytes = parseSize(memory);
  return {
    title,
    records: records.read,
    comicsPerSecond,
    wallSeconds,
    vmHwmBytes: used.peakRssBytes,
    lineBytes,
  };
}
