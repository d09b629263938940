import type { Dir, Dirent, Stats } from "node:fs";
import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { libraryDepthMax, libraryStatsMax, PlimsollError } from "../../kernel/index.js";
import { unreadable } from "../bytes/file-bytes.js";
import type { LibraryEntry } from "./library-entry.js";

/** Names under which people keep comics; what such a file really is its content tells. */
const archiveNames = /\.cb[zt7r]$/i;

/** A file of this name is in a folder on which nothing is mounted. */
export const unmountedMarker = "DOCKER_UNMOUNTED_VOLUME";

/**
 * Hands out the archives of a folder and of those within it, in the order of the disk. Links are followed but
 * for those into a folder that is being walked; hidden names are passed over.
 */
export async function walkLibrary(
  root: string,
  add: (entry: LibraryEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  const waiting: { path: string; found: Promise<Stats | null> }[] = [];
  const settleWaiting = async (): Promise<void> => {
    for (const { path, found } of waiting.splice(0)) {
      const status = await found;
      if (status?.isFile()) add(entryOf(path, status));
      // A name that is no UTF-8 leads nowhere once it was decoded: it is there, and is turned down by its
      // path.
      else if (status === null && path.includes("\ufffd")) add(nameless(path));
    }
  };
  const visit = async (relative: string, above: readonly string[]): Promise<void> => {
    const path = join(root, relative);
    const status = await statOf(path);
    if (status === null) return;
    const identity = `${status.dev}:${status.ino}`;
    if (above.includes(identity)) return;
    if (above.length >= libraryDepthMax) throw tooDeep(path);
    const folder = await openFolder(path);
    if (folder === null) return;
    for await (const item of folder) {
      signal.throwIfAborted();
      if (item.name.startsWith(".")) continue;
      const below = relative === "" ? item.name : `${relative}/${item.name}`;
      if (await isFolder(item, join(root, below))) {
        await visit(below, [...above, identity]);
      } else if (archiveNames.test(item.name) && !item.isDirectory()) {
        const found = statOf(join(root, below));
        // One that fails is met when its turn comes.
        found.catch(() => undefined);
        waiting.push({ path: below, found });
        if (waiting.length >= libraryStatsMax) await settleWaiting();
      }
    }
  };
  await visit("", []);
  await settleWaiting();
}

function entryOf(path: string, status: Stats): LibraryEntry {
  return {
    path,
    sizeBytes: status.size,
    modifiedMs: status.mtimeMs,
    inode: status.ino,
    device: status.dev,
  };
}

function nameless(path: string): LibraryEntry {
  return { path, sizeBytes: 0, modifiedMs: 0, inode: 0, device: 0 };
}

async function isFolder(item: Dirent, path: string): Promise<boolean> {
  if (!item.isSymbolicLink()) return item.isDirectory();
  return (await statOf(path))?.isDirectory() ?? false;
}

/** Null for what is gone by now. A folder that cannot be read ends the import: its comics are not gone. */
async function openFolder(path: string): Promise<Dir | null> {
  try {
    return await opendir(path, { bufferSize: 256 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unreadable(path, error);
  }
}

/** What is gone by now, a link that leads nowhere or in circles, a path that no call takes. */
const goneCodes = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && goneCodes.has(code)) return null;
    throw unreadable(path, error);
  }
}

function tooDeep(path: string): PlimsollError {
  const reason = `folders lie more than ${libraryDepthMax} deep`;
  return new PlimsollError("SOURCE_UNREADABLE", { source: path, reason }, { place: { source: path } });
}
