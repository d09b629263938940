import { checkpointSecondsMax } from "../kernel/index.js";

export interface RunForecastOptions {
  /** Times that a worker's buffers will be filled, in all. */
  fills: number;
  threads: number;
  readSeconds: number;
  bytesInput: number;
  records: number;
  /** A checkpoint at the latest after so much input. */
  syncBytes: number;
  syncRecords: number | null;
  mergeInputsMax: number;
}

export interface RunForecast {
  /** Runs of each kind that reading leaves. */
  runs: number;
  /** Times that an entry is merged, the last merge included. */
  mergePasses: number;
  /** Runs merged into larger ones before the last merge, as a part of all; above 1 when several times. */
  mergedAgain: number;
}

/** How many runs there will be: buffers are spilled when they are full, and at every checkpoint. */
export function forecastRuns(options: RunForecastOptions): RunForecast {
  const { fills, threads, readSeconds, bytesInput, records, mergeInputsMax } = options;
  const { syncBytes, syncRecords } = options;
  if (fills === 0) return { runs: 0, mergePasses: 0, mergedAgain: 0 };
  const checkpoints = Math.max(
    1,
    Math.ceil(readSeconds / checkpointSecondsMax),
    Math.ceil(bytesInput / syncBytes),
    syncRecords === null ? 1 : Math.ceil(records / syncRecords),
  );
  const fillsEach = fills / (checkpoints * threads);
  const runs = Math.round(checkpoints * threads * Math.ceil(fillsEach));
  return { runs, ...lowerings(runs, mergeInputsMax, threads) };
}

/** Follows the merging of runs into larger ones, the smallest first, until one merge can take them. */
function lowerings(runs: number, inputsMax: number, threads: number): Omit<RunForecast, "runs"> {
  let merged = 0;
  let largest = 1;
  let weights: number[] = [];
  const lower = () => {
    while (weights.length > inputsMax) {
      weights.sort((a, b) => a - b);
      const excess = weights.length - inputsMax;
      const size = Math.min(inputsMax, Math.ceil(excess / threads) + 1);
      const groups: number[] = [];
      for (let left = excess; left > 0 && groups.length < threads; left -= size - 1) {
        const group = weights.splice(0, Math.min(size, left + 1));
        groups.push(group.reduce((sum, weight) => sum + weight, 0));
        largest = Math.max(largest, groups.at(-1)!);
      }
      merged += groups.reduce((sum, weight) => sum + weight, 0);
      weights.push(...groups);
    }
  };
  for (let left = runs; left > 0; ) {
    const added = Math.min(left, 2 * inputsMax + 1 - weights.length);
    weights = weights.concat(new Array<number>(added).fill(1));
    left -= added;
    if (weights.length > 2 * inputsMax) lower();
  }
  lower();
  const levels = largest > 1 ? Math.ceil(Math.log(largest) / Math.log(inputsMax)) : 0;
  return { mergePasses: 1 + levels, mergedAgain: merged / runs };
}
