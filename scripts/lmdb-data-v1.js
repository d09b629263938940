#!/usr/bin/env node
// Compiles lmdb for the data format of LMDB 0.9, once for all, into a folder among the temporary files, and
// says where: tests of other applications' databases look for it there. An installation gets it by `npm
// install`, as the error LMDB_BUILD_ABSENT says.
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commonFormatHome, isCompiled, lmdbVersion, packageFolder } from "./lib/lmdb-data-v1.js";

const tools = ["make", "c++", "python3"];

/** The folder of the package; throws with the reason where it cannot be made. */
export function buildCommonFormat() {
  const folder = packageFolder(commonFormatHome);
  if (isCompiled(folder)) return folder;
  const missing = tools.filter((tool) => spawnSync(tool, ["--version"]).status !== 0);
  if (missing.length > 0) throw new Error(`there is no ${missing.join(", ")}`);
  // Two may be at it at once: the first one that is done stays.
  const draft = `${commonFormatHome}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    writeFileSync(`${draft}/package.json`, '{"private":true}\n');
    const env = { ...process.env, LMDB_DATA_V1: "true", npm_config_build_from_source: "true" };
    const words = ["install", "--no-audit", "--no-fund", `lmdb-data-v1@npm:lmdb@${lmdbVersion}`];
    const run = spawnSync("npm", words, { cwd: draft, env, encoding: "utf8" });
    if (run.status !== 0 || !isCompiled(packageFolder(draft))) {
      throw new Error(`it could not be compiled: ${(run.stderr ?? "").trim().split("\n").at(-1)}`);
    }
    renameSync(draft, commonFormatHome);
  } catch (error) {
    if (!isCompiled(folder)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${buildCommonFormat()}\n`);
  } catch (error) {
    process.stderr.write(`lmdb for LMDB 0.9's data format is not here: ${error.message}\n`);
    process.exitCode = 1;
  }
}
