import { rowPageBytes, sqliteLeafRowsMax, sqlitePageBytes } from "../kernel/index.js";
import type { CompiledEntity, CompiledField, RowProgram } from "../model/index.js";
import { columnTypes } from "./plan-tables.js";
import type { RowForm } from "./row-page.js";
import { type ColumnType, type TablePlan, tableOfEntity } from "./table-plan.js";

/** Sizes and numbers of kernels/row-program.ts. */
const headerBytes = 40;
const columnBytes = 32;
const formNumber: Record<RowForm, number> = { tuples: 0, leaf: 1 };
const columnNumber = { text: 0, hex: 1, int: 2, float: 3, bool: 4, date: 5, json: 6, rest: 7 };
const restNone = 0xffff_ffff;
const slotNone = 0xffff_ffff;

/** Payload length and row number in front of a row of a leaf, at most. */
const rowHeadBytesMax = 8;

/** Cells that the leaf of a table has, filled or not, such that the first rows can be made by statements. */
export function leafCells(columns: number): number {
  return Math.min(sqliteLeafRowsMax, Math.floor(sqlitePageBytes / 2 / (columns + rowHeadBytesMax)));
}

/**
 * The program by which the kernel writes the rows of an entity itself; null where a record takes more than
 * one value a column: then the row writer does. A row has lists of its own, or may be a tombstone; a column
 * is not of the type of its field; or a value would stand in two columns.
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
  const restColumn = table.slots.indexOf(null);
  if (types.includes(null) || overlap(entity.fields)) return null;
  if (restColumn >= 0 && entity.fields.some(({ path }) => path.length > 1)) return null;
  const names = restColumn < 0 ? [] : entity.fields.map(({ path }) => Buffer.from(path[0]!));
  const namesAt = headerBytes + types.length * columnBytes;
  const nameBytes = names.reduce((sum, name) => sum + nameEntryBytes(name), 0);
  const bytes = new Uint8Array(namesAt + nameBytes);
  const view = new DataView(bytes.buffer);
  writeWords(view, 0, [formNumber[form], types.length, rowPageBytes, leafCells(types.length)]);
  writeWords(view, 24, [restColumn < 0 ? restNone : restColumn, names.length, nameBytes]);
  for (const [column, type] of types.entries()) {
    writeWords(view, headerBytes + column * columnBytes, [table.slots[column] ?? slotNone, type!]);
  }
  let at = namesAt;
  for (const name of names) {
    writeWords(view, at, [name.length]);
    bytes.set(name, at + 4);
    at += nameEntryBytes(name);
  }
  const slots = table.slots.flatMap((slot, column) => (slot === null ? [] : [[slot, column] as const]));
  return { bytes, columnOfSlot: new Map(slots) };
}

function nameEntryBytes(name: Buffer): number {
  return 4 + Math.ceil(name.length / 4) * 4;
}

function writeWords(view: DataView, offset: number, words: readonly number[]): void {
  for (const [at, word] of words.entries()) view.setUint32(offset + at * 4, word, true);
}

/** What the largest table takes of the kernel's output beside the bytes of a record. */
export function rowBytesFixed(plan: TablePlan, kernelBytes: { row: number; column: number }): number {
  const columns = Math.max(0, ...plan.tables.map((table) => table.columns.length));
  return kernelBytes.row + columns * kernelBytes.column;
}

function columnNumberOf(field: CompiledField | null, type: ColumnType): number | null {
  if (field === null) return columnNumber.rest;
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
