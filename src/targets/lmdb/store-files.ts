import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { PlimsollError, writeFileDurably } from "../../kernel/index.js";

/**
 * The files of a store. The marker is written last when a store is made, so a store without it was never
 * finished.
 */
export const storeFiles = {
  marker: "plimsoll.json",
  data: "data.mdb",
  lock: "lock.mdb",
  writerLock: "writer.lock",
  runs: "runs",
  live: "live",
  imports: "imports",
  copies: "copies.json",
} as const;

/** A writer's lock before it is taken bears the writer's process id: a crash may leave it. */
export const lockDraftPattern = /^writer\.lock\.\d+$/;

export const storeFormat = 1;

const knownNames = new Set<string>([...Object.values(storeFiles), `${storeFiles.marker}.new`]);
const lmdbMagic = 0xbeefc0de;
/** Behind the page header, which is 24 bytes long in this data format and 16 in the common one. */
const magicAt = 24;
/** Behind magic, version, address and map size: the descriptions of two trees, 48 bytes each, roots last. */
const pageSizeAt = magicAt + 24;
const rootsAt = [pageSizeAt + 40, pageSizeAt + 88];
const metaHeadBytes = pageSizeAt + 96;
/** The root of an empty tree. */
const noPage = 0xffff_ffff_ffff_ffffn;
/** The data format that the pinned lmdb build reads and writes; opening another one crashes the process. */
const lmdbDataFormat = 2;

export type StoreCondition = "absent" | "empty" | "store";

/**
 * Looks at a folder before LMDB does: this build of LMDB ends the process with a segmentation fault when it
 * opens somebody else's file, so the bytes are checked first.
 */
export function inspectStore(dir: string): StoreCondition {
  if (!existsSync(dir)) return "absent";
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new PlimsollError(
      "STORE_FOREIGN",
      { store: dir, reason: `the folder cannot be read (${reason})` },
      { cause },
    );
  }
  if (!names.includes(storeFiles.marker)) {
    // A crash while the store was being made leaves only names that are ours, and no data worth keeping.
    const isOurs = names.every((name) => knownNames.has(name) || lockDraftPattern.test(name));
    const isNew = isOurs && (!names.includes(storeFiles.data) || names.includes(storeFiles.writerLock));
    if (isNew) return "empty";
    throw new PlimsollError("STORE_FOREIGN", {
      store: dir,
      reason: `it holds other files and no ${storeFiles.marker}`,
    });
  }
  checkMarker(dir);
  checkData(dir);
  return "store";
}

/** Whether a folder is a store, or one that is being made; other databases and files are none. */
export function isStoreFolder(dir: string): boolean {
  if (existsSync(join(dir, storeFiles.marker))) return true;
  try {
    return inspectStore(dir) === "empty";
  } catch {
    return false;
  }
}

export function makeStoreDir(dir: string): void {
  mkdirSync(join(dir, storeFiles.runs), { recursive: true });
}

export function writeMarker(dir: string): void {
  const text = `${JSON.stringify({ plimsoll: "store", format: storeFormat })}\n`;
  writeFileDurably(join(dir, storeFiles.marker), text);
}

function checkMarker(dir: string): void {
  let format: unknown;
  try {
    format = JSON.parse(readFileSync(join(dir, storeFiles.marker), "utf8")).format;
  } catch (cause) {
    const reason = `${storeFiles.marker} cannot be read`;
    throw new PlimsollError("STORE_FOREIGN", { store: dir, reason }, { cause });
  }
  if (format !== storeFormat) throw new PlimsollError("STORE_FORMAT", { store: dir, format: String(format) });
}

/**
 * A file that is not LMDB's crashes the process, and so does one that ends before the roots of its trees, as
 * a copy that was cut off does. A file never gets shorter, so a writer may go on meanwhile.
 */
function checkData(dir: string): void {
  const path = join(dir, storeFiles.data);
  if (existsSync(path) && statSync(path).isFile()) {
    const file = openSync(path, "r");
    try {
      const first = readMetaPage(file, 0);
      const second = first && readMetaPage(file, first.pageBytes);
      const pages = first ? fstatSync(file).size / first.pageBytes : 0;
      const roots = [...(first?.roots ?? []), ...(second?.roots ?? [])];
      if (second && roots.every((root) => root === noPage || root < pages)) return;
    } finally {
      closeSync(file);
    }
  }
  const reason = `${storeFiles.data} is missing, cut off, or not LMDB data format ${lmdbDataFormat}`;
  throw new PlimsollError("STORE_FOREIGN", { store: dir, reason });
}

function readMetaPage(file: number, at: number): { pageBytes: number; roots: bigint[] } | null {
  const head = Buffer.alloc(metaHeadBytes);
  const isMeta =
    readSync(file, head, 0, head.length, at) === head.length &&
    head.readUInt32LE(magicAt) === lmdbMagic &&
    (head.readUInt32LE(magicAt + 4) & 0xffff) === lmdbDataFormat;
  if (!isMeta) return null;
  return {
    pageBytes: head.readUInt32LE(pageSizeAt),
    roots: rootsAt.map((root) => head.readBigUInt64LE(root)),
  };
}
