import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PlimsollError } from "../../kernel/index.js";
import type { LmdbFile } from "./lmdb-file.js";

export type Lmdb = typeof import("lmdb");

/** The same package under a second name, built for the data format of LMDB 0.9. */
const ownFormatPackage = "lmdb";
const commonFormatPackage = "lmdb-data-v1";
/** Where the second build is, for installations that cannot have it among their own packages. */
const folderVariable = "PLIMSOLL_LMDB_DATA_V1";

let commonFormat: Lmdb | undefined;

/** The build of LMDB that reads and writes this file. Both may be at work in one process. */
export function lmdbFor({ path, layout }: LmdbFile): Lmdb {
  const require = createRequire(import.meta.url);
  if (layout.format === 2) return require(ownFormatPackage) as Lmdb;
  commonFormat ??= loadCommonFormat(require, path);
  return commonFormat;
}

/**
 * A package whose compilation did not run would load the usual build, which ends the process on the first
 * file: so the compiled module must be there, and must say of itself which LMDB it is.
 */
function loadCommonFormat(require: NodeJS.Require, path: string): Lmdb {
  const named = process.env[folderVariable];
  const lmdb = require(ownFormatPackage) as Lmdb;
  const absent = (reason: string, cause?: unknown): PlimsollError => {
    const { version } = require(join(packageFolder(require, ownFormatPackage), "package.json")) as {
      version: string;
    };
    return new PlimsollError(
      "LMDB_BUILD_ABSENT",
      { path, reason, version, folder: installFolder() },
      { cause },
    );
  };
  let folder: string;
  try {
    folder = named ?? packageFolder(require, commonFormatPackage);
  } catch (cause) {
    throw absent(`there is no package ${commonFormatPackage}`, cause);
  }
  if (!isCompiled(folder)) throw absent(`nothing has been compiled in ${folder}`);
  // Each build closes the environments that it finds listed here when the process ends: the list is its own.
  const own = takeGlobals();
  try {
    const built = createRequire(join(folder, "package.json"))(folder) as Lmdb & {
      version?: { patch: number };
    };
    if (built === lmdb || !(Number(built.version?.patch) < 90))
      throw absent("it was compiled for the other data format");
    return built;
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    throw absent(cause instanceof Error ? cause.message.split("\n")[0]! : String(cause), cause);
  } finally {
    takeGlobals();
    Object.assign(globalThis, own);
  }
}

function isCompiled(folder: string): boolean {
  try {
    return readdirSync(join(folder, "build", "Release")).some((name) => name.endsWith(".node"));
  } catch {
    return false;
  }
}

function packageFolder(require: NodeJS.Require, name: string): string {
  // Its entry is dist/index.cjs.
  return dirname(dirname(require.resolve(name)));
}

/** Where `npm install` puts packages that this module finds. */
function installFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const modules = here.lastIndexOf("node_modules");
  return modules < 0 ? here.replace(/[\\/](src|dist)[\\/].*$/, "") : here.slice(0, modules - 1);
}

function takeGlobals(): Record<string, unknown> {
  const globals = globalThis as Record<string, unknown>;
  const names = ["__lmdb_envs__", "__lmdb_read_callback"].filter((name) => globals[name] !== undefined);
  const taken = Object.fromEntries(names.map((name) => [name, globals[name]]));
  for (const name of names) delete globals[name];
  return taken;
}
