import { rowHeadBytesMax } from "../../kernel/index.js";
import { type RowPage, RowReader, type Table, tombstoneColumns } from "../../tables/index.js";

/** A row as JSON, for the line of its reject. */
export function rowHead(page: RowPage, row: number, table: Table): Uint8Array {
  const reader = new RowReader(page);
  reader.openRow(row);
  const isDeletion = page.isTombstones && table.kind === "entity";
  const columns = isDeletion ? tombstoneColumns(table).map((at) => table.columns[at]!) : table.columns;
  const members = columns.map(({ name, type }) => {
    const value = reader.read(type);
    const shown = type === "date" && typeof value === "number" ? new Date(value).toISOString() : value;
    return `${JSON.stringify(name)}:${typeof shown === "bigint" ? shown : JSON.stringify(shown)}`;
  });
  return Buffer.from(`{${members.join(",")}}`).subarray(0, rowHeadBytesMax);
}
