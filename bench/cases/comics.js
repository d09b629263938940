// A library of comics: read for the first time, looked at again without changes, and with some.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bin, cacheFolder, root } from "../lib/project.js";
import { parseSize } from "../lib/sizes.js";

export const help =
  "a library of comics into the embedded store and into SQLite, and again (default 100,000)";

/** What happens to the library before each import; percent of its archives. */
const steps = [
  { title: "first import", target: "lmdb", happens: [] },
  { title: "first import", target: "sqlite", happens: [] },
  { title: "nothing changed", target: "lmdb", happens: [] },
  { title: "nothing changed", target: "sqlite", happens: [] },
  { title: "5% changed", target: "lmdb", happens: ["--changed", "5"] },
  { title: "5% moved", target: "lmdb", happens: ["--moved", "5"] },
];

export async function run({ count = 100_000, memory = "256MiB" }) {
  const library = makeLibrary(count);
  const work = join(cacheFolder(), "comics-targets");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const runs = steps.map((step) => {
    if (step.happens.length > 0) generate(library, count, step.happens);
    return measure({ ...step, library, work, memory, count });
  });
  for (const path of [library, work]) rmSync(path, { recursive: true });
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

const targets = { lmdb: "lmdb:store", sqlite: "sqlite:library.db" };

function measure({ title: what, target, library, work, memory, count }) {
  const title = `${what}, ${targets[target]}`;
  process.stderr.write(`${title} ...\n`);
  const report = join(work, "report.json");
  const words = ["import", library, "--preset", "comics", "--into", targets[target], "--memory", memory];
  const start = performance.now();
  const args = [bin, ...words, "--report", report, "--progress", "none"];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: work });
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
