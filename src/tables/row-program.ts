import { rowPageBytes, sqliteLeafRowsMax, sqlitePageBytes } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, RowProgram } from "../model/index.js";
import { columnTypes } from "./plan-tables.js";
import type { RowForm } from "./row-page.js";
import { type ColumnType, type TablePlan, tableOfEntity } from "./table-plan.js";

/** Sizes and numbers of kernels/row-program.ts. */
const headerBytes = 24;
const columnBytes = 32;
const formNumber: Record<RowForm, number> = { tuples: 0, leaf: 1 };
const columnNumber = { text: 0, hex: 1, int: 2, float: 3, bool: 4, date: 5, json: 6 };

/** Payload length and row number in front of a row of a leaf, at most. */
const rowHeadBytesMax = 8;

/** Cells that the leaf of a table has, filled or not, such that the first rows can be made by statements. */
export function leafCells(columns: number): number {
  return Math.min(sqliteLeafRowsMax, Math.floor(sqlitePageBytes / 2 / (columns + rowHeadBytesMax)));
}

/**
 * The program by which the kernel writes the rows of an entity itself; null where a record takes more than
 * one value a column: then the row writer does. A row has lists of its own, members that no field names, or
 * may be a tombstone; or a column is not of the type of its field.
 */
export function compileRowProgram(
  entity: CompiledEntity,
  plan: TablePlan,
  form: RowForm,
  isDeleting: boolean,
): RowProgram | null {
  const table = tableOfEntity(plan, entity.number);
  if (table === undefined || isDeleting || table.hasTombstones || table.lists.length > 0) return null;
  const fields = table.slots.map((slot) => (slot === null ? null : entity.fields[slot]!));
  const types = fields.map((field, column) => columnNumberOf(field, table.columns[column]!.type));
  if (types.includes(null) || overlap(entity.fields)) return null;
  const bytes = new Uint8Array(headerBytes + types.length * columnBytes);
  const view = new DataView(bytes.buffer);
  const words = [formNumber[form], types.length, rowPageBytes, leafCells(types.length)];
  for (const [at, word] of words.entries()) view.setUint32(at * 4, word, true);
  for (const [column, type] of types.entries()) {
    view.setUint32(headerBytes + column * columnBytes, table.slots[column]!, true);
    view.setUint32(headerBytes + column * columnBytes + 4, type!, true);
  }
  return { bytes, columnOfSlot: new Map(table.slots.map((slot, column) => [slot!, column])) };
}

/** What the largest table takes of the kernel's output beside the bytes of a record. */
export function rowBytesFixed(plan: TablePlan, kernelBytes: { row: number; column: number }): number {
  const columns = Math.max(0, ...plan.tables.map((table) => table.columns.length));
  return kernelBytes.row + columns * kernelBytes.column;
}

function columnNumberOf(field: CompiledField | null, type: ColumnType): number | null {
  if (field === null) return null;
  if (field.list === true) return type === "json" ? columnNumber.json : null;
  if (type !== columnTypes[field.type]) return null;
  return field.type === "hex" ? columnNumber.hex : columnNumber[type];
}

/** Whether a value may stand in two fields, so that a row may be longer than its record. */
function overlap(fields: readonly CompiledField[]): boolean {
  return fields.some(({ path }, at) =>
    fields.some(
      (other, otherAt) => at !== otherAt && path.every((name, depth) => other.path[depth] === name),
    ),
  );
}
