import { type Dir, type Dirent, opendirSync } from "node:fs";
import { join } from "node:path";
import { folderNamesAtOnce } from "../../kernel/index.js";
import { objectNameFault } from "./object-name.js";

export interface FolderNamesOptions {
  prefix: string;
  signal: AbortSignal;
  /** Names that are held at once, twice over while they are chosen. */
  namesAtOnce?: number;
}

/**
 * Names of objects in a folder and its folders, in the order of bytes. A folder's names are not in order and may be
 * more than memory holds: the lowest are chosen, then, in another pass, the lowest above these.
 */
export function folderNames(root: string, options: FolderNamesOptions): AsyncGenerator<string> {
  return namesWithin(root, "", options);
}

async function* namesWithin(
  root: string,
  folder: string,
  options: FolderNamesOptions,
): AsyncGenerator<string> {
  let after = "";
  for (;;) {
    const { names, isLast } = await lowestNames(root, folder, after, options);
    for (const name of names) {
      if (name.endsWith("/")) yield* namesWithin(root, name, options);
      else yield name;
    }
    if (isLast) return;
    after = names.at(-1)!;
  }
}

/** The lowest names of one folder above `after`; a folder's name ends with the `/` that its order counts. */
async function lowestNames(root: string, folder: string, after: string, options: FolderNamesOptions) {
  const { prefix, signal, namesAtOnce = folderNamesAtOnce } = options;
  const names: string[] = [];
  let isLast = true;
  let ceiling = "";
  const keepLowest = () => {
    names.sort();
    if (names.length <= namesAtOnce) return;
    isLast = false;
    names.length = namesAtOnce;
    ceiling = names.at(-1)!;
  };
  for await (const entry of entriesOf(join(root, folder), signal)) {
    const name = nameOf(folder, entry);
    if (name === null || name <= after || !mayMatch(name, prefix)) continue;
    if (ceiling !== "" && name > ceiling) continue;
    names.push(name);
    if (names.length >= namesAtOnce * 2) keepLowest();
  }
  keepLowest();
  return { names, isLast };
}

/** The entries of a folder as they come; none of one that is gone by now. */
async function* entriesOf(path: string, signal: AbortSignal): AsyncGenerator<Dirent> {
  signal.throwIfAborted();
  let folder: Dir;
  try {
    folder = opendirSync(path, { bufferSize: 256 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  for await (const entry of folder) {
    signal.throwIfAborted();
    yield entry;
  }
}

/** Null for what is no object: links and devices, files of writers and of others. */
function nameOf(folder: string, entry: Dirent): string | null {
  const name = folder + entry.name;
  if (objectNameFault(name) !== null) return null;
  if (entry.isDirectory()) return `${name}/`;
  return entry.isFile() ? name : null;
}

function mayMatch(name: string, prefix: string): boolean {
  return name.startsWith(prefix) || (name.endsWith("/") && prefix.startsWith(name));
}
