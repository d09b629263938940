import {
  type ColumnType,
  type EntityTable,
  keyColumns,
  type ListTable,
  type Table,
  type TableColumn,
  type TablePlan,
  tombstoneColumns,
} from "../../tables/index.js";
import { quoted } from "./driver.js";

const typeNames: Record<ColumnType, string> = {
  text: "TEXT",
  int: "INTEGER",
  float: "REAL",
  bool: "INTEGER",
  date: "TEXT",
  json: "TEXT",
};

/** The row number of tables with full-text search: one that is not declared may change in a VACUUM. */
export const rowNumberName = "plimsoll_row";

/** Under the rule `newest`, how new the deletions of a table were. */
export function deletionsName(table: EntityTable): string {
  return `plimsoll_deleted_${table.name}`;
}

export function fullTextName(table: EntityTable): string {
  return `${table.name}_fts`;
}

/** Whether deletions decide about records that come after them. */
export function remembersDeletions({ hasTombstones, version }: EntityTable): boolean {
  return hasTombstones && version !== null;
}

/** Statements that make a table and what belongs to it, where they are not there yet. */
export function createStatements(table: Table, plan: TablePlan): string[] {
  const made = [table.kind === "entity" ? createEntity(table, plan) : createList(table, plan)];
  if (table.kind === "entity" && remembersDeletions(table)) made.push(createDeletions(table));
  return made;
}

export function columnDefinition({ name, type }: TableColumn): string {
  return `${quoted(name)} ${typeNames[type]}`;
}

function createEntity(table: EntityTable, plan: TablePlan): string {
  const { columns, key } = table;
  const isRowNumber = isIntegerKey(table);
  const definitions = columns.map((column, at) => {
    const isKey = key.includes(at);
    if (isKey && isRowNumber) return `${columnDefinition(column)} PRIMARY KEY`;
    return `${columnDefinition(column)}${isKey ? " NOT NULL" : ""}`;
  });
  if (needsRowNumber(table)) definitions.unshift(`${quoted(rowNumberName)} INTEGER PRIMARY KEY`);
  if (key.length > 0 && !isRowNumber) {
    const constraint = needsRowNumber(table) ? "UNIQUE" : "PRIMARY KEY";
    definitions.push(`${constraint} (${names(columns, key)})`);
  }
  for (const at of linkColumns(table)) definitions.push(foreignKey(columns[at]!, plan));
  return `CREATE TABLE ${quoted(table.name)} (${definitions.join(", ")})`;
}

/** Links outside of the key: those can be taken out when they lead nowhere. */
export function linkColumns({ columns, key }: EntityTable): number[] {
  return [...columns.keys()].filter((at) => columns[at]!.references !== null && !key.includes(at));
}

/** What a table has beside its columns. */
export function ownColumns(table: Table): number {
  return table.kind === "entity" && needsRowNumber(table) ? 1 : 0;
}

function needsRowNumber(table: EntityTable): boolean {
  return table.text.length > 0 && !isIntegerKey(table);
}

export function isIntegerKey({ columns, key }: EntityTable): boolean {
  return key.length === 1 && columns[key[0]!]!.type === "int";
}

function foreignKey({ name, references }: TableColumn, plan: TablePlan): string {
  const { table, column } = references!;
  const target = plan.tables[table]!;
  const key = quoted(target.columns[column]!.name);
  return `FOREIGN KEY (${quoted(name)}) REFERENCES ${quoted(target.name)} (${key})`;
}

function createList(table: ListTable, plan: TablePlan): string {
  const { columns } = table;
  const key = keyColumns(table);
  const owner = plan.tables[table.owner] as EntityTable;
  const definitions = columns.map((column, at) =>
    key.includes(at) ? `${columnDefinition(column)} NOT NULL` : columnDefinition(column),
  );
  definitions.push(`PRIMARY KEY (${names(columns, key)})`);
  const [ownKey, ownerKey] = [names(columns, key.slice(0, -1)), names(owner.columns, owner.key)];
  definitions.push(
    `FOREIGN KEY (${ownKey}) REFERENCES ${quoted(owner.name)} (${ownerKey}) ON DELETE CASCADE`,
  );
  const value = columns.at(-1)!;
  if (value.references !== null) definitions.push(foreignKey(value, plan));
  return `CREATE TABLE ${quoted(table.name)} (${definitions.join(", ")}) WITHOUT ROWID`;
}

function createDeletions(table: EntityTable): string {
  const columns = tombstoneColumns(table).map((at) => table.columns[at]!);
  const version = table.columns[table.version!]!;
  const definitions = columns.map(columnDefinition);
  definitions.push(`PRIMARY KEY (${names(table.columns, table.key)})`);
  if (!columns.includes(version)) definitions.unshift(columnDefinition(version));
  return `CREATE TABLE ${quoted(deletionsName(table))} (${definitions.join(", ")}) WITHOUT ROWID`;
}

export function names(columns: readonly TableColumn[], which: readonly number[]): string {
  return which.map((at) => quoted(columns[at]!.name)).join(", ");
}
