import { PlimsollError } from "../kernel/index.js";
import type { Table, TablePlan } from "./table-plan.js";

/**
 * Tells of a table with more columns than its database takes, before anything is made. `ownColumns` says how
 * many the target adds to a table.
 */
export function assertTablesFit(
  { tables }: TablePlan,
  target: string,
  columnsMax: number,
  ownColumns: (table: Table) => number,
): void {
  for (const table of tables) {
    const columns = table.columns.length + ownColumns(table);
    if (columns <= columnsMax) continue;
    throw new PlimsollError("TABLE_TOO_WIDE", { target, entity: table.name, columns, columnsMax });
  }
}
