import { type Dir, type Dirent, opendirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { folderNamesAtOnce } from "../../kernel/index.js";
import { objectNameFault } from "./object-name.js";

/** Between two looks at other work. */
const entriesAtOnce = 512;

export interface FolderNamesOptions {
  prefix: string;
  signal: AbortSignal;
  /** Names that are held at once, twice over while they are chosen. */
  namesAtOnce?: number;
}

/**
 * Names of objects in a folder and its folders, in the order of bytes. A folder's names are not in order and
 * may be more than memory holds: the lowest are chosen, then, in another pass, the lowest above these.
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
  for await (const entries of entriesOf(join(root, folder), signal)) {
    for (const entry of entries) {
      const name = nameOf(folder, entry);
      if (name === null || name <= after || !mayMatch(name, prefix)) continue;
      if ((ceiling !== "" && name > ceiling) || objectNameFault(folder + entry.name) !== null) continue;
      names.push(name);
      if (names.length >= namesAtOnce * 2) keepLowest();
    }
  }
  keepLowest();
  return { names, isLast };
}

/** The entries of a folder as they come, some at a time; none of one that is gone by now. */
async function* entriesOf(path: string, signal: AbortSignal): AsyncGenerator<Dirent[]> {
  signal.throwIfAborted();
  let folder: Dir;
  try {
    folder = opendirSync(path, { bufferSize: entriesAtOnce });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    for (;;) {
      const entries: Dirent[] = [];
      // One by one with a promise each they would take ten times as long.
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
        if (entries.push(entry) === entriesAtOnce) break;
      }
      yield entries;
      if (entries.length < entriesAtOnce) return;
      await setImmediate();
      signal.throwIfAborted();
    }
  } finally {
    folder.closeSync();
  }
}

/** Null for what is no object: links and devices. */
function nameOf(folder: string, entry: Dirent): string | null {
  if (entry.isDirectory()) return `${folder}${entry.name}/`;
  return entry.isFile() ? folder + entry.name : null;
}

function mayMatch(name: string, prefix: string): boolean {
  return name.startsWith(prefix) || (name.endsWith("/") && prefix.startsWith(name));
}
