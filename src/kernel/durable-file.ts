import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Replaces a file so that after a crash either the old or the new text is there, whole. */
export function writeFileDurably(path: string, text: string, mode = 0o666): void {
  const temporary = `${path}.new`;
  // What a crash left there, or somebody else put there, may have another mode, or lead elsewhere.
  rmSync(temporary, { force: true });
  const file = openSync(temporary, "wx", mode);
  try {
    // All of it or an error: a disk that fills up takes a part of one write.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** Makes the names in a folder durable; a no-op where folders cannot be opened. */
export function syncFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
