import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { PlimsollError } from "../kernel/index.js";
import type { RunFile } from "./checkpoint.js";

/** Makes the folder of runs hold exactly those of the checkpoint: others are what a crash left behind. */
export function restoreRuns(folder: string, runs: readonly RunFile[]): void {
  mkdirSync(folder, { recursive: true });
  removeRuns(folder, runs);
  for (const { name, bytes } of runs) {
    const path = join(folder, name);
    if (sizeOf(path) !== bytes) throw new PlimsollError("RUN_MISSING", { file: path });
  }
}

/** Removes all runs but those named. */
export function removeRuns(folder: string, kept: readonly RunFile[] = []): void {
  const names = new Set(kept.map((file) => file.name));
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".run") && !names.has(name)) rmSync(join(folder, name), { force: true });
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return -1;
  }
}
