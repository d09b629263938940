import type { SpillCounts } from "./import-plan.js";

/** What this process has done, by number, for the explanation at the end. */
export interface ImportTally {
  fullSpills: number;
  /** Runs of tuples. */
  runsWritten: number;
  mergePasses: number;
  spilled: SpillCounts;
  recordsAlone: number;
  /** Workers that had to be started anew in a former attempt, because one ran out of memory. */
  restarts: number;
}

export function newTally(restarts: number): ImportTally {
  return { fullSpills: 0, runsWritten: 0, mergePasses: 0, spilled: noSpills(), recordsAlone: 0, restarts };
}

export function noSpills(): SpillCounts {
  return { tuples: 0, keys: 0, tupleRuns: 0, tupleBytes: 0, keyBytes: 0, fills: 0, sortMs: 0, syncMs: 0 };
}

export function addSpills(total: SpillCounts, counts: SpillCounts): void {
  for (const name of Object.keys(total) as (keyof SpillCounts)[]) total[name] += counts[name];
}
