import { PlimsollError } from "../../kernel/index.js";
import {
  type ColumnType,
  type EntityTable,
  entityTables,
  plainName,
  type TablePlan,
} from "../../tables/index.js";
import type { PostgresAddress } from "./address.js";
import { RowFault } from "./conditions.js";
import type { Connection } from "./connection.js";
import {
  castValue,
  catalogTypes,
  pageTypes,
  quote,
  type StoredColumn,
  type StoredTable,
} from "./stored-table.js";

interface FoundColumn {
  name: string;
  /** With what is in brackets behind it, and without. */
  type: string;
  bare: string;
  /** Of what a domain is made. */
  base: string;
  isRequired: boolean;
  isGenerated: boolean;
}

/** Types of which two values cannot be compared. */
const incomparable = new Set(["json", "xml", "point", "lseg", "path", "box", "polygon", "line", "circle"]);
const floatTypes = new Set(["real", "double precision"]);
const wholeTypes = new Set(["smallint", "integer", "bigint"]);

/**
 * Matches the mapping's one entity to a table that is there: columns by their names, whatever their case.
 * What does not match is told before anything is written.
 */
export async function matchTable(
  connection: Connection,
  planned: TablePlan,
  address: PostgresAddress,
): Promise<{ plan: TablePlan; tables: StoredTable[] }> {
  const written = address.table!;
  const refuse = (reason: string) =>
    new PlimsollError("DATABASE_TABLE", { database: address.name, entity: `table ${written}`, reason });
  const [entity, ...others] = entityTables(planned);
  if (entity === undefined || others.length > 0)
    throw refuse("the mapping has several entities, and this is one table");
  // Names that hold a dot or capitals that differ can be written as in a statement, with their quotes.
  const name = written.includes('"') ? written : written.split(".").map(quote).join(".");
  const found = await findColumns(connection, name);
  if (found.length === 0) throw refuse("there is no such table");
  const table = withoutRest(entity, found);
  table.columns = table.columns.map((column) => ({ ...column, references: null }));
  const columns = table.columns.map((plannedColumn) => {
    const wanted = plannedColumn.name;
    const column = found.find((one) => isSameName(one.name, wanted));
    if (column === undefined) {
      throw refuse(`it has no column "${wanted}", but ${found.map((one) => one.name).join(", ")}`);
    }
    if (column.isGenerated) throw refuse(`its column "${column.name}" is generated`);
    plannedColumn.type = pageTypeOf(plannedColumn.type, column.base);
    return storedColumn(column, plannedColumn.type);
  });
  const isNamed = (column: FoundColumn) => table.columns.some((one) => isSameName(one.name, column.name));
  const unfilled = found.find((column) => column.isRequired && !isNamed(column));
  if (unfilled !== undefined)
    throw refuse(`its column "${unfilled.name}" must have a value, and no field gives one`);
  const stored: StoredTable<EntityTable> = {
    planned: table,
    name,
    columns,
    key: table.key,
    takesPages: columns.every(({ cast }) => cast === null),
  };
  for (const column of columns) await assertCast(connection, column, refuse);
  await assertUnique(connection, stored, refuse);
  return { plan: { tables: [table] }, tables: [stored] };
}

/** Where the table has no column for them, members that no field names are left out. */
function withoutRest(table: EntityTable, found: readonly FoundColumn[]): EntityTable {
  const rest = table.slots.indexOf(null);
  if (rest < 0 || found.some(({ name }) => isSameName(name, table.columns[rest]!.name))) {
    return { ...table, indexed: [], text: [] };
  }
  const others = <T>(values: readonly T[]) => values.filter((_, at) => at !== rest);
  const moved = (at: number) => (at > rest ? at - 1 : at);
  return {
    ...table,
    columns: others(table.columns),
    slots: others(table.slots),
    key: table.key.map(moved),
    version: table.version === null ? null : moved(table.version),
    indexed: [],
    text: [],
  };
}

function findColumns(connection: Connection, name: string): Promise<FoundColumn[]> {
  return connection.rows<FoundColumn & { [name: string]: unknown }>(
    `SELECT a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type, format_type(a.atttypid, NULL) AS bare,
       format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL) AS base,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS "isRequired",
       a.attgenerated <> '' AS "isGenerated"
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = to_regclass($1) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
    [name],
  );
}

/** The plan has names in small letters, digits and `_` alone. */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase() || plainName(one) === other;
}

/**
 * What pages hold for a column: whole numbers where it takes no others, so that text that is none is turned
 * down early; the digits as they are written where it keeps decimals.
 */
function pageTypeOf(planned: ColumnType, base: string): ColumnType {
  if (planned === "text" && wholeTypes.has(base)) return "int";
  if (planned === "text" && floatTypes.has(base)) return "float";
  return planned === "float" && base === "numeric" ? "text" : planned;
}

function storedColumn({ name, type, bare, base }: FoundColumn, planned: ColumnType): StoredColumn {
  return {
    name: quote(name),
    pageType: pageTypes[planned],
    ownType: type,
    cast: type === catalogTypes[planned] ? null : castTo(bare, base, planned),
    isComparable: !incomparable.has(base),
  };
}

/**
 * Casts that refuse what they cannot hold. A fraction is not rounded away: its text is no whole number. The
 * length of a text is held against its column when it is written, where a cast would cut it off.
 */
function castTo(bare: string, base: string, planned: ColumnType): (value: string) => string {
  if (planned === "json" && base.endsWith("[]")) return (value) => `${arrayOf(value)}::${bare}`;
  // What is of several types is staged as JSON: its text, so that the column says what it takes.
  if (planned === "json" && !base.startsWith("json")) return (value) => `(${value} #>> '{}')::${bare}`;
  if (planned === "text" || (planned === "float" && wholeTypes.has(base)))
    return (value) => `${value}::text::${bare}`;
  if (planned === "bool" && wholeTypes.has(base)) return (value) => `${value}::integer::${bare}`;
  return (value) => `${value}::${bare}`;
}

/** Lists are staged as JSON; what is no list is a list of one. */
function arrayOf(value: string): string {
  return `(CASE WHEN ${value} IS NULL THEN NULL WHEN jsonb_typeof(${value}) = 'array'
    THEN ARRAY(SELECT jsonb_array_elements_text(${value})) ELSE ARRAY[${value} #>> '{}'] END)`;
}

/** Whether the server knows the cast: it says so before it looks at any value. */
async function assertCast(
  connection: Connection,
  column: StoredColumn,
  refuse: (reason: string) => PlimsollError,
): Promise<void> {
  if (column.cast === null) return;
  try {
    await connection.rows(
      `SELECT ${castValue(column, "s.")} FROM (SELECT NULL::${column.pageType} AS ${column.name}) s`,
    );
  } catch (error) {
    if (error instanceof RowFault) return;
    throw refuse(
      `its column ${column.name} is of the type ${column.ownType}, which ${column.pageType} cannot become`,
    );
  }
}

/** Rows are told apart by their key, so the table must do so too. */
async function assertUnique(
  connection: Connection,
  { name, columns, key }: StoredTable,
  refuse: (reason: string) => PlimsollError,
): Promise<void> {
  if (key.length === 0) return;
  const wanted = key.map((at) => columns[at]!.name);
  const indexes = await connection.rows<{ names: string[] }>(
    `SELECT array_agg(a.attname::text) AS names FROM pg_index i
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::int2[])
     WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indimmediate AND i.indisvalid
       AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = i.indnatts
     GROUP BY i.indexrelid`,
    [name],
  );
  const isThere = indexes.some(
    ({ names }) => names.length === wanted.length && names.every((one) => wanted.includes(quote(one))),
  );
  if (!isThere)
    throw refuse(`it has no primary key or unique index on ${wanted.join(", ")}, which is the key`);
}
