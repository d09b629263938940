import type { Database } from "lmdb";
import { commonFormatHome, isCompiled, packageFolder } from "../../scripts/lib/lmdb-data-v1.js";
import { lmdbFor } from "../../src/snapshots/databases/engine.js";
import { type DataFormat, dbiFlags, pageLayouts } from "../../src/snapshots/databases/page-layout.js";
import type { LmdbFile } from "../../src/snapshots/index.js";

export type ApplicationTable = Database<Buffer, Buffer>;

const variable = "PLIMSOLL_LMDB_DATA_V1";
const built = packageFolder(commonFormatHome);
if (process.env[variable] === undefined && isCompiled(built)) process.env[variable] = built;

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
