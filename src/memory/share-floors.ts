import { MiB, runBytesFloor, slabLadder } from "../kernel/index.js";
import type { LineOrigin } from "./line.js";
import { type DivisionSettings, shareNames, shareRanges, workersOf } from "./shares.js";

export interface DivideRequest {
  lineBytes: number;
  /** Resident bytes of the process before the import takes any. */
  baselineBytes: number;
  threads: number;
  /** What the line was taken of, for the message that it is too small. */
  lineOrigin?: LineOrigin | null;
  /** Shares that are asked for by their bytes. */
  settings?: DivisionSettings;
}

/**
 * The largest slab whose floors fit, of the ladder or as it was asked for; undefined when not even the
 * smallest does.
 */
export function slabBytesOf(
  roomBytes: number,
  threads: number,
  lineBytes: number,
  settings: DivisionSettings,
): number | undefined {
  const fits = (slabBytes: number) => floorBytesOf(threads, slabBytes, lineBytes, settings) <= roomBytes;
  const { batchBytes, shares = {}, workerExtraBytes = 0 } = settings;
  // A run buffer that was asked for holds no more threads than it has floors for.
  if ((shares.runBuffers ?? Number.POSITIVE_INFINITY) < workersOf(threads) * runBytesFloor) return undefined;
  if (batchBytes !== undefined) return fits(batchBytes) ? batchBytes : undefined;
  const fixed = shareRanges(threads, 0, lineBytes, { workerExtraBytes });
  const pool = Math.max(0, roomBytes - fixed.threads.floorBytes - fixed.reserve.idealBytes);
  return slabLadder.find(
    (step) => pool / workersOf(threads) >= step.poolBytesPerThread && fits(step.slabBytes),
  )?.slabBytes;
}

/** What the shares take at the least, in the phase that needs more. */
export function floorBytesOf(
  threads: number,
  slabBytes: number,
  lineBytes: number,
  settings?: DivisionSettings,
): number {
  const ranges = shareRanges(threads, slabBytes, lineBytes, settings);
  const sum = (phase: "read" | "seal") =>
    shareNames
      .filter((name) => ranges[name].phase === "both" || ranges[name].phase === phase)
      .reduce((total, name) => total + ranges[name].floorBytes, 0);
  return Math.max(sum("read"), sum("seal"));
}

/**
 * The smallest line, for a worker in the main thread. The reserve is a part of the line itself: the sum is
 * solved for the line, then moved up until the table agrees.
 */
export function lineBytesMinOf(baselineBytes: number, settings: DivisionSettings = {}): number {
  const slabBytes = settings.batchBytes ?? slabBytesMin;
  const needOf = (lineBytes: number) => baselineBytes + floorBytesOf(0, slabBytes, lineBytes, settings);
  let lineBytes = Math.ceil(needOf(0) / MiB) * MiB;
  while (lineBytes < needOf(lineBytes)) lineBytes = Math.ceil(needOf(lineBytes) / MiB) * MiB;
  return lineBytes;
}

export const slabBytesMin = slabLadder[slabLadder.length - 1]!.slabBytes;
