import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  asDiskCondition,
  MiB,
  planDiskProbeBytes,
  planDiskProbeMsMax,
  planScratchAgeMsMax,
  systemClock,
} from "../kernel/index.js";

const scratchPrefix = ".plimsoll-plan-";

/** A folder beside the store, on the same disk, which is gone when the plan is made. */
export class PlanScratch implements Disposable {
  readonly storePath: string;
  readonly #folder: string;

  constructor(storePath: string) {
    const parent = existingFolder(resolve(storePath));
    removeStale(parent);
    try {
      this.#folder = mkdtempSync(join(parent, scratchPrefix));
    } catch (error) {
      throw asDiskCondition(error, parent);
    }
    this.storePath = join(this.#folder, "store");
  }

  /** Free bytes of the file system, and bytes a second that it takes when they must reach the disk. */
  probeDisk(): { bytesFree: number; bytesPerSecond: number } {
    const { bavail, bsize } = statfsSync(this.#folder);
    return { bytesFree: bavail * bsize, bytesPerSecond: this.#writeRate() };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #writeRate(): number {
    const path = join(this.#folder, "probe");
    const piece = Buffer.alloc(MiB, 0xa5);
    const file = openSync(path, "w");
    const startMs = systemClock.nowMs();
    let bytes = 0;
    try {
      // Synced a piece at a time, so that a slow disk is known by its first ones.
      while (bytes < planDiskProbeBytes && systemClock.nowMs() - startMs < planDiskProbeMsMax) {
        for (let count = 0; count < piecesPerSync; count++) bytes += writeSync(file, piece);
        fdatasyncSync(file);
      }
      return bytes / (Math.max(1, systemClock.nowMs() - startMs) / 1000);
    } catch (error) {
      throw asDiskCondition(error, this.#folder);
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
  }
}

const piecesPerSync = 4;

/** Beside the store where that is the same disk, else within it: an import makes folders, a plan none. */
function existingFolder(store: string): string {
  let folder = dirname(store);
  if (existsSync(store) && statSync(store).dev !== statSync(folder).dev) return store;
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

/** What a plan left that was killed. */
function removeStale(parent: string): void {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (!name.startsWith(scratchPrefix) || ageMs(path) < planScratchAgeMsMax) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    // Another plan has just removed it.
    return 0;
  }
}
