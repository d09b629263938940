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
