import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { globMatches, hasGlob } from "../model/index.js";
import { unreadable } from "./bytes/file-bytes.js";

/** The files that a glob names, sorted; hidden ones only when the glob itself begins a name with a dot. */
export async function expandGlob(glob: string, cwd: string): Promise<string[]> {
  const parts = glob.split("/");
  const magic = parts.findIndex(hasGlob);
  const base = parts.slice(0, magic).join("/");
  const pattern = parts.slice(magic).join("/");
  const prefix = magic === 0 ? "" : `${base}/`;
  const files = await walk(resolve(cwd, prefix), {
    isHidden: /(^|\/)\./.test(pattern),
    depthMax: pattern.includes("**") ? Number.POSITIVE_INFINITY : parts.length - magic,
  });
  return files.filter((file) => globMatches(`/${pattern}`, `/${file}`)).map((file) => prefix + file);
}

/** The files of a folder and of those within it, relative to it, sorted by name. */
export function folderFiles(folder: string): Promise<string[]> {
  return walk(folder, { isHidden: false, depthMax: Number.POSITIVE_INFINITY });
}

interface WalkOptions {
  isHidden: boolean;
  depthMax: number;
}

async function walk(root: string, options: WalkOptions): Promise<string[]> {
  const files: string[] = [];
  const visit = async (relative: string, depth: number): Promise<void> => {
    const entries = await readdir(join(root, relative), { withFileTypes: true });
    for (const entry of entries.sort(byName)) {
      if (entry.name.startsWith(".") && !options.isHidden) continue;
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (!entry.isDirectory()) files.push(path);
      else if (depth < options.depthMax) await visit(path, depth + 1);
    }
  };
  try {
    await visit("", 1);
  } catch (error) {
    throw unreadable(root, error);
  }
  return files;
}

function byName(left: Dirent, right: Dirent): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
