import type { ColumnType, EntityTable, ListTable, Table } from "../../tables/index.js";

/** A table as statements name it. */
export interface StoredTable<Planned extends Table = Table> {
  planned: Planned;
  /** Quoted, with its schema where it was given. */
  name: string;
  /** By the place of the column in the plan. */
  columns: StoredColumn[];
  /** Places of the key's columns. */
  key: readonly number[];
  /** Whether pages can be copied into it as they are. */
  takesPages: boolean;
}

export interface StoredColumn {
  /** Quoted. */
  name: string;
  /** The type in which pages hold the values. */
  pageType: string;
  /** The column's own type. */
  ownType: string;
  /** Makes an expression of the own type of one that is of the page's, when that is another one. */
  cast: ((value: string) => string) | null;
  /** Whether two values can be compared for being the same. */
  isComparable: boolean;
}

export type StoredEntity = StoredTable<EntityTable>;
export type StoredList = StoredTable<ListTable>;

/** What holds a column's values: the binary form in pages is that of these types. */
export const pageTypes: Record<ColumnType, string> = {
  text: "text",
  int: "bigint",
  float: "double precision",
  bool: "boolean",
  date: "timestamptz",
  json: "jsonb",
};

/** The same as the catalog calls them. */
export const catalogTypes: Record<ColumnType, string> = { ...pageTypes, date: "timestamp with time zone" };

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table that is made from the plan. */
export function madeTable<Planned extends Table>(
  planned: Planned,
  key: readonly number[],
): StoredTable<Planned> {
  const columns = planned.columns.map(({ name, type }) => ({
    name: quote(name),
    pageType: pageTypes[type],
    ownType: pageTypes[type],
    cast: null,
    isComparable: true,
  }));
  return { planned, name: quote(planned.name), columns, key, takesPages: true };
}

export function columnNames(columns: readonly StoredColumn[], alias = ""): string {
  return columns.map(({ name }) => `${alias}${name}`).join(", ");
}

/** The value of a staged column as the table takes it. */
export function castValue({ name, cast }: StoredColumn, alias: string): string {
  const value = `${alias}${name}`;
  return cast === null ? value : cast(value);
}

/** Whether the keys of two rows are the same; the second row is staged. */
export function sameKey(table: StoredTable, stored: string, staged: string): string {
  return table.key
    .map((column) => table.columns[column]!)
    .map((column) => `${stored}${column.name} = ${castValue(column, staged)}`)
    .join(" AND ");
}

export function isEntity(table: StoredTable): table is StoredEntity {
  return table.planned.kind === "entity";
}

/** Whether deletions decide about records that come after them. */
export function remembersDeletions({ planned }: StoredEntity): boolean {
  return planned.hasTombstones && planned.version !== null;
}

/** The table of what was deleted when. */
export function deletionsName({ planned }: StoredEntity): string {
  return quote(`plimsoll_deleted_${planned.name}`);
}
