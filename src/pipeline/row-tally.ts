import { noRowCounts, type RowCounts } from "../ports/index.js";

/** What became of the records in tables, as far as it is committed with the checkpoint that holds it. */
export interface RowTally extends RowCounts {
  rejected: number;
  danglingLinks: number;
  /** Steps behind the load that are done. */
  stepsDone: string[];
}

export function newRowTally(): RowTally {
  return { ...noRowCounts(), rejected: 0, danglingLinks: 0, stepsDone: [] };
}
