<<<<<<< HEAD
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "lmdb";
=======
import type { Database } from "lmdb";
import { commonFormatHome, isCompiled, packageFolder } from "../../scripts/lib/lmdb-data-v1.js";
>>>>>>> 62ce9e4c62b1c809430089a52dee1407152b6e40
import { lmdbFor } from "../../src/snapshots/databases/engine.js";
import { type DataFormat, dbiFlags, pageLayouts } from "../../src/snapshots/databases/page-layout.js";
import type { LmdbFile } from "../../src/snapshots/index.js";

export type ApplicationTable = Database<Buffer, Buffer>;

<<<<<<< HEAD
/**
 * The folder of the build for LMDB 0.9's data format: compiled once and kept beside other temporary files; a string that
 * says why where it cannot be had.
 */
export function commonFormatBuild(): { folder: string } | { reason: string } {
  const named = process.env.PLIMSOLL_LMDB_DATA_V1;
  if (named !== undefined) return { folder: named };
  const { dependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const packageVersion: string = dependencies.lmdb;
  const home = join(tmpdir(), `plimsoll-lmdb-data-v1-${packageVersion}-abi${process.versions.modules}`);
  const folder = join(home, "node_modules", "lmdb-data-v1");
  if (!isCompiled(folder)) {
    for (const tool of ["make", "c++", "python3"]) {
      if (spawnSync(tool, ["--version"]).status !== 0) return { reason: `there is no ${tool}` };
    }
    const draft = `${home}.${process.pid}`;
    mkdirSync(draft, { recursive: true });
    writeFileSync(join(draft, "package.json"), '{"private":true}\n');
    const env = { ...process.env, LMDB_DATA_V1: "true", npm_config_build_from_source: "true" };
    const words = ["install", "--no-audit", "--no-fund", `lmdb-data-v1@npm:lmdb@${packageVersion}`];
    const run = spawnSync("npm", words, { cwd: draft, env, encoding: "utf8" });
    if (run.status !== 0 || !isCompiled(join(draft, "node_modules", "lmdb-data-v1"))) {
      rmSync(draft, { recursive: true, force: true });
      return {
        reason: `it could not be compiled: ${run.stderr?.trim().split("\n").at(-1) ?? run.error?.message}`,
      };
    }
    try {
      renameSync(draft, home);
    } catch {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  process.env.PLIMSOLL_LMDB_DATA_V1 = folder;
  return { folder };
}
=======
const variable = "PLIMSOLL_LMDB_DATA_V1";
const built = packageFolder(commonFormatHome);
if (process.env[variable] === undefined && isCompiled(built)) process.env[variable] = built;
>>>>>>> 62ce9e4c62b1c809430089a52dee1407152b6e40

/** Whether databases of LMDB 0.9's format can be opened: `node scripts/lmdb-data-v1.js` makes the build. */
export const hasCommonFormat = process.env[variable] !== undefined;

/** The formats to be tested here. */
export const formats: readonly DataFormat[] = hasCommonFormat ? [1, 2] : [2];

/** An application that writes to its database: with LMDB alone, and databases with these flags. */
export async function asApplication(
  path: string,
  format: DataFormat,
  change: (table: (name: string, flags?: number) => ApplicationTable) => void,
  mapSize = 64 * 1024 * 1024,
): Promise<void> {
  const lmdb = lmdbFor({ path, layout: pageLayouts[format] } as LmdbFile);
  const common = { encoding: "binary" as const, keyEncoding: "binary" as const, cache: false };
  const settings = { ...common, path, noSubdir: false, maxDbs: 64, overlappingSync: false };
  const root = lmdb.open<Buffer, Buffer>({ ...settings, ...(format === 1 ? { mapSize } : {}) });
  const tables = new Map<string, ApplicationTable>();
  const table = (name: string, flags = 0): ApplicationTable => {
    const known = tables.get(name);
    if (known !== undefined) return known;
    const has = (flag: number): boolean => (flags & flag) !== 0;
    const options = {
      ...common,
      name,
      reverseKey: has(dbiFlags.reverseKey),
      dupSort: has(dbiFlags.dupSort),
      dupFixed: has(dbiFlags.dupFixed),
      integerDup: has(dbiFlags.integerDup),
      reverseDup: has(dbiFlags.reverseDup),
    };
    if (has(dbiFlags.integerKey)) root.openDB({ ...options, keyEncoding: "uint32" } as never);
    const opened = root.openDB<Buffer, Buffer>(options as never);
    tables.set(name, opened);
    return opened;
  };
  try {
    root.transactionSync(() => change(table));
  } finally {
    await root.close();
  }
}
