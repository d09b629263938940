// Where the build of lmdb for the data format of LMDB 0.9 is kept for tests and benches.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const project = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** The build has the version of the one beside it. */
export const lmdbVersion = project.dependencies.lmdb;
export const commonFormatHome = join(
  tmpdir(),
  `plimsoll-lmdb-data-v1-${lmdbVersion}-abi${process.versions.modules}`,
);

export function packageFolder(home) {
  return join(home, "node_modules", "lmdb-data-v1");
}

export function isCompiled(folder) {
  const release = join(folder, "build", "Release");
  return existsSync(release) && readdirSync(release).some((name) => name.endsWith(".node"));
}
