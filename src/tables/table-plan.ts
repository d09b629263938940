import type { ConflictRule } from "../model/index.js";

/**
 * How the records of a mapping lie in the tables of a relational database. It is plain JSON (workers get it
 * as it is); all tables and columns are numbered by their place in its lists.
 */
export interface TablePlan {
  tables: Table[];
}

export type Table = EntityTable | ListTable;

/** What a value is on its way to a database: see row-page.ts for its bytes. */
export type ColumnType = "text" | "int" | "float" | "bool" | "date" | "json";

export interface TableColumn {
  name: string;
  type: ColumnType;
  /** The table and column whose value stands here, when the mapping links the field. */
  references: ColumnReference | null;
}

export interface ColumnReference {
  table: number;
  column: number;
}

/** The records of one entity, one a row. */
export interface EntityTable {
  kind: "entity";
  number: number;
  /** Number of the entity in the mapping. */
  entity: number;
  name: string;
  columns: TableColumn[];
  /** The slot of the field that each column holds; null for the column of what no field names. */
  slots: (number | null)[];
  /** Columns of the key, in its order; none when records have no key. */
  key: number[];
  conflict: ConflictRule;
  /** The column that decides which record is newer, under the rule `newest`. */
  version: number | null;
  /**
   * Whether records may be tombstones: their pages hold the key, and behind it the version if there is one.
   */
  hasTombstones: boolean;
  /** Tables of the lists of these records. */
  lists: number[];
  /** Columns that queries look for, one a plain index. */
  indexed: number[];
  /** Columns whose words are found by full-text search, all by one index. */
  text: number[];
}

/** The values of one list field, one a row: the owner's key, the value's place in the list, the value. */
export interface ListTable {
  kind: "list";
  number: number;
  name: string;
  /** Number of the table that the list belongs to, and the slot of the field there. */
  owner: number;
  slot: number;
  /** The owner's key columns in the order of the key, `position`, the value: all but the last are the key. */
  columns: TableColumn[];
  isIndexed: boolean;
}

export function entityTables(plan: TablePlan): EntityTable[] {
  return plan.tables.filter((table) => table.kind === "entity");
}

/** The table of an entity; undefined for one that is only linked to. */
export function tableOfEntity(plan: TablePlan, entity: number): EntityTable | undefined {
  return entityTables(plan).find((table) => table.entity === entity);
}

/** Columns of a table's primary key. */
export function keyColumns(table: Table): number[] {
  if (table.kind === "entity") return table.key;
  return table.columns.slice(0, -1).map((_, column) => column);
}

/** What the pages of a table's tombstones hold: the columns of the key, and the version's. */
export function tombstoneColumns(table: EntityTable): number[] {
  const { key, version } = table;
  return version === null || key.includes(version) ? key : [...key, version];
}
