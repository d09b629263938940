import { sqliteColumnsMax } from "../../kernel/index.js";
import type { Connection } from "./connection.js";

export interface ColumnInfo {
  name: string;
  type: string;
  pk: number;
}

/** The columns of a table; none when it is not there. */
export function columnsOf(connection: Connection, table: string): ColumnInfo[] {
  const sql = "SELECT name, type, pk FROM pragma_table_info(?)";
  return connection.statement(sql).all([table]) as ColumnInfo[];
}

/** How many columns a table may have: SQLite says what it was built for, unless that is the usual number. */
export function columnsMaxOf(connection: Connection): number {
  const sql = "SELECT compile_options AS option FROM pragma_compile_options";
  const options = connection.statement(sql).all([]) as { option: string }[];
  const own = options.map(({ option }) => /^MAX_COLUMN=(\d+)$/.exec(option)?.[1]).find((max) => max);
  return own === undefined ? sqliteColumnsMax : Number(own);
}
