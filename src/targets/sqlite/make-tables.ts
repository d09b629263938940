import { PlimsollError } from "../../kernel/index.js";
import type { CompiledMapping } from "../../model/index.js";
import { assertTablesFit, planTables, type Table, type TablePlan } from "../../tables/index.js";
import { adoptTable } from "./adopt-table.js";
import { type ColumnInfo, columnsMaxOf, columnsOf } from "./columns.js";
import type { Connection } from "./connection.js";
import { createStatements, ownColumns } from "./schema.js";
import type { StateTable } from "./state-table.js";

export interface MadeTables {
  mapping: CompiledMapping;
  plan: TablePlan;
  /** Whether the rows go into a table that somebody else made, by its own rules. */
  isAdopted: boolean;
}

/**
 * Settles which tables the records go into and makes those that are not there yet, in one transaction: the
 * mapping of former imports is kept, and a table that none of them made is not touched unless it is named.
 */
export function makeTables(
  connection: Connection,
  state: StateTable,
  database: string,
  named: string | null,
  mergeMapping: (stored: CompiledMapping | null) => CompiledMapping,
): MadeTables {
  connection.begin();
  state.make();
  // A table that was there says itself what it takes, whatever was loaded into it before.
  const text = named === null ? state.read("mapping") : null;
  const stored = text === null ? null : (JSON.parse(text) as CompiledMapping);
  const mapping = mergeMapping(stored);
  const made = named === null ? ownTables(connection, state, database, stored, mapping) : null;
  const plan = made ?? adoptTable(connection, database, named!, mapping);
  state.write("mapping", JSON.stringify(mapping));
  connection.commit();
  return { mapping, plan, isAdopted: made === null };
}

function ownTables(
  connection: Connection,
  state: StateTable,
  database: string,
  stored: CompiledMapping | null,
  mapping: CompiledMapping,
): TablePlan {
  const plan = planTables(mapping, database);
  assertTablesFit(plan, database, columnsMaxOf(connection), ownColumns);
  const former = stored === null ? [] : planTables(stored, database).tables.map(({ name }) => name);
  const created: string[] = JSON.parse(state.read("created") ?? "[]");
  for (const table of plan.tables) {
    const isThere = columnsOf(connection, table.name);
    if (isThere.length === 0) {
      for (const sql of createStatements(table, plan)) connection.exec(sql);
      created.push(table.name);
    } else if (former.includes(table.name)) assertUnchanged(table, isThere, database);
    else {
      const mend = `to load into it, name it: sqlite:FILE#${table.name}`;
      const reason = `a table "${table.name}" is there that no import made; ${mend}`;
      throw new PlimsollError("DATABASE_TABLE", { database, entity: table.name, reason });
    }
  }
  state.write("created", JSON.stringify(created));
  return plan;
}

function assertUnchanged(table: Table, there: readonly ColumnInfo[], database: string): void {
  const names = new Set(there.map(({ name }) => name.toLowerCase()));
  const missing = table.columns.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  const reason = `its table "${table.name}" has lost the columns ${missing.join(", ")}`;
  throw new PlimsollError("DATABASE_TABLE", { database, entity: table.name, reason });
}
