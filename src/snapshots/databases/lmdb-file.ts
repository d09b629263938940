import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PlimsollError } from "../../kernel/index.js";
import {
  lmdbMagic,
  metaBody,
  type PageLayout,
  pageKinds,
  pageLayouts,
  readTreeHead,
  type TreeHead,
} from "./page-layout.js";

/** What one of the two meta pages says: a state of the whole file. */
export interface MetaPage {
  pageBytes: number;
  mapBytes: number;
  txnId: number;
  lastPage: number;
  freeTree: TreeHead;
  mainTree: TreeHead;
}

export interface LmdbFile {
  /** As it was named: the folder, or the file where it has none. */
  path: string;
  dataPath: string;
  lockPath: string;
  isFolder: boolean;
  layout: PageLayout;
  meta: MetaPage;
}

/**
 * Looks at a database before LMDB does: the usual build ends the process with a segmentation fault when it
 * opens a file of another format or one that is cut off, or may not open it.
 */
export function inspectLmdb(path: string): LmdbFile {
  const { dataPath, lockPath, isFolder } = locate(path);
  const file = openData(path, dataPath, lockPath);
  try {
    const layout = layoutOf(path, file);
    const meta = checkedMeta(path, file, layout);
    return { path, dataPath, lockPath, isFolder, layout, meta };
  } finally {
    closeSync(file);
  }
}

/** Whether there is a file at all; a folder without one is where an application has not begun yet. */
export function isLmdbAbsent(path: string): boolean {
  return !existsSync(path) || (statSync(path).isDirectory() && !existsSync(join(path, "data.mdb")));
}

/** The newer one of the meta pages, or null where the file has none of this layout. */
export function readMeta(file: number, layout: PageLayout): MetaPage | null {
  const first = readMetaPage(file, layout, 0);
  const second = first && readMetaPage(file, layout, first.pageBytes);
  if (first === null || second === null) return first ?? second;
  return first.txnId > second.txnId ? first : second;
}

/** Of the state that counts and of the former one, which LMDB goes back to when it must. */
function bothMetas(file: number, layout: PageLayout): MetaPage[] {
  const first = readMetaPage(file, layout, 0);
  const second = first && readMetaPage(file, layout, first.pageBytes);
  return first === null || second === null ? [] : [first, second];
}

function locate(path: string): { dataPath: string; lockPath: string; isFolder: boolean } {
  if (!existsSync(path)) throw new PlimsollError("LMDB_ABSENT", { path, reason: "nothing has that name" });
  if (!statSync(path).isDirectory()) {
    const dataPath = resolve(path);
    return { dataPath, lockPath: `${dataPath}-lock`, isFolder: false };
  }
  const dataPath = join(resolve(path), "data.mdb");
  if (!existsSync(dataPath))
    throw new PlimsollError("LMDB_ABSENT", { path, reason: "there is no data.mdb in it" });
  return { dataPath, lockPath: join(dirname(dataPath), "lock.mdb"), isFolder: true };
}

/** A build that cannot open its files crashes, so rights are looked at here. */
function openData(path: string, dataPath: string, lockPath: string): number {
  const { R_OK, W_OK } = constants;
  try {
    accessSync(dataPath, R_OK | W_OK);
    accessSync(existsSync(lockPath) ? lockPath : dirname(lockPath), R_OK | W_OK);
    const file = openSync(dataPath, "r");
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new PlimsollError("LMDB_ACCESS", { path: dataPath, reason }, { cause });
  }
  throw new PlimsollError("LMDB_FOREIGN", { path, reason: "it is neither a folder nor a file" });
}

function layoutOf(path: string, file: number): PageLayout {
  const head = Buffer.alloc(128);
  const bytes = readSync(file, head, 0, head.length, 0);
  for (const layout of Object.values(pageLayouts)) {
    const at = layout.headBytes;
    if (head.readUInt32LE(at) !== lmdbMagic) continue;
    // The upper half is a note that some builds make.
    const version = head.readUInt32LE(at + metaBody.version) & 0xffff;
    if (version === layout.format) return layout;
    throw new PlimsollError("LMDB_FORMAT", { path, version });
  }
  for (let at = 0; at + 8 <= bytes; at += 4) {
    if (head.readUInt32LE(at) !== lmdbMagic) continue;
    throw new PlimsollError("LMDB_FORMAT", { path, version: head.readUInt32LE(at + metaBody.version) });
  }
  const reason = bytes === 0 ? "it is empty" : "it does not begin as LMDB files do";
  throw new PlimsollError("LMDB_FOREIGN", { path, reason });
}

/** A file never gets shorter, so an application may write meanwhile. */
function checkedMeta(path: string, file: number, layout: PageLayout): MetaPage {
  const metas = bothMetas(file, layout);
  const meta = readMeta(file, layout);
  if (metas.length < 2 || meta === null) {
    throw new PlimsollError("LMDB_FOREIGN", { path, reason: "its first two pages are damaged or cut off" });
  }
  const pages = Math.floor(fstatSync(file).size / meta.pageBytes);
  const roots = metas.flatMap((one) => [one.freeTree.root, one.mainTree.root]);
  if (roots.some((root) => root >= pages)) {
    throw new PlimsollError("LMDB_FOREIGN", { path, reason: `it is cut off at page ${pages}` });
  }
  return meta;
}

function readMetaPage(file: number, layout: PageLayout, at: number): MetaPage | null {
  const bytes = Buffer.alloc(layout.headBytes + metaBody.bytes);
  if (readSync(file, bytes, 0, bytes.length, at) !== bytes.length) return null;
  const body = layout.headBytes;
  // The page's flags stand behind its number, the transaction where there is one, and two bytes.
  const isMeta =
    (bytes.readUInt16LE(layout.headBytes - 6) & pageKinds.meta) !== 0 &&
    bytes.readUInt32LE(body) === lmdbMagic &&
    (bytes.readUInt32LE(body + metaBody.version) & 0xffff) === layout.format;
  if (!isMeta) return null;
  const pageBytes = bytes.readUInt32LE(body + metaBody.trees);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) return null;
  return {
    pageBytes,
    mapBytes: Number(bytes.readBigUInt64LE(body + metaBody.mapBytes)),
    txnId: Number(bytes.readBigUInt64LE(body + metaBody.txnId)),
    lastPage: Number(bytes.readBigUInt64LE(body + metaBody.lastPage)),
    freeTree: readTreeHead(bytes, body + metaBody.trees),
    mainTree: readTreeHead(bytes, body + metaBody.trees + 48),
  };
}
