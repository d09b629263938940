// Where things are, and the input that a bench reads.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const bin = join(root, "bin", "plimsoll.js");
/** Where result files go: elsewhere for a try that is not to be kept. */
export const resultsFolder = resolve(process.env.PLIMSOLL_BENCH_RESULTS ?? join(root, "bench", "results"));
export const docsFolder = join(root, "docs");

/** Inputs and stores; the inputs stay for the next time. */
export function cacheFolder() {
  const folder = resolve(process.env.PLIMSOLL_BENCH_DIR ?? join(tmpdir(), "plimsoll-bench"));
  mkdirSync(folder, { recursive: true });
  return folder;
}

const extensions = { rows: "csv", graph: "nt" };

/** The generator's output of this kind and size, made once. */
export function makeInput(kind, count, { dup = 0, isSigned = false } = {}) {
  const traits = (dup === 0 ? "" : `-dup-${dup}`) + (isSigned ? "-signed" : "");
  const path = join(cacheFolder(), `${kind}-${count}-1${traits}.${extensions[kind] ?? "jsonl"}`);
  if (!existsSync(path)) {
    process.stderr.write(`Making ${count.toLocaleString("en")} ${kind} (once) ...\n`);
    const part = `${path}.part`;
    const args = [
      join(root, "scripts", "gen.js"),
      kind,
      kind === "graph" ? "--edges" : "--count",
      String(count),
      ...(dup === 0 ? [] : ["--dup", String(dup)]),
      ...(isSigned ? ["--signed"] : []),
      "--out",
      part,
    ];
    execFileSync(process.execPath, args, { stdio: "inherit" });
    renameSync(part, path);
  }
  return { kind, path, records: count, bytes: statSync(path).size };
}

/** The file's pages leave the page cache, so that each run reads from the disk and pays for its own cache. */
export function dropFromCache(path) {
  spawnSync("sync", [path], { stdio: "ignore" });
  return spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0"], { stdio: "ignore" }).status === 0;
}

export function folderBytes(folder) {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
}
