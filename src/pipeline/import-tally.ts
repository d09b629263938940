/** What this process has done, by number, for the explanation at the end. */
export interface ImportTally {
  fullSpills: number;
  /** Runs of tuples. */
  runsWritten: number;
  mergePasses: number;
  recordsAlone: number;
  /** Workers that had to be started anew in a former attempt, because one ran out of memory. */
  restarts: number;
}

export function newTally(restarts: number): ImportTally {
  return { fullSpills: 0, runsWritten: 0, mergePasses: 0, recordsAlone: 0, restarts };
}
