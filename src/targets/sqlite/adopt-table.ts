import { PlimsollError } from "../../kernel/index.js";
import type { CompiledMapping } from "../../model/index.js";
import {
  type ColumnType,
  type EntityTable,
  plainName,
  planTables,
  type TableColumn,
  type TablePlan,
} from "../../tables/index.js";
import { type ColumnInfo, columnsOf } from "./columns.js";
import type { Connection } from "./connection.js";
import { EntityStatements } from "./entity-statements.js";

/**
 * The plan for a table that is there already: columns are matched by name, whatever their case. All fields
 * must have one; members that no field names are kept where there is a column `rest`.
 */
export function adoptTable(
  connection: Connection,
  database: string,
  name: string,
  mapping: CompiledMapping,
): TablePlan {
  const plan = planTables(mapping, database, { hasListTables: false });
  const [table, ...others] = plan.tables as EntityTable[];
  const fault = (reason: string) =>
    new PlimsollError("DATABASE_TABLE", { database, entity: table?.name ?? name, reason });
  if (table === undefined || others.length > 0) {
    throw fault(`the table "${name}" can take the records of one entity, and the mapping has several`);
  }
  const there = columnsOf(connection, name);
  if (there.length === 0) throw fault(`there is no table "${name}"; leave the name out to have one made`);
  const kind = kindOf(connection, name);
  if (kind !== "table") throw fault(`"${name}" is a ${kind}, which rows cannot be settled in`);
  const adopted = adopt(table, name, there, fault);
  assertKeyIsUnique(connection, adopted, fault);
  return { tables: [adopted] };
}

function adopt(
  table: EntityTable,
  name: string,
  there: readonly ColumnInfo[],
  fault: (reason: string) => PlimsollError,
): EntityTable {
  const find = (column: string) => there.find((one) => isSameName(one.name, column));
  const kept = [...table.columns.keys()].filter((at) => {
    return table.slots[at] !== null || find(table.columns[at]!.name) !== undefined;
  });
  const missing = kept.filter((at) => find(table.columns[at]!.name) === undefined);
  if (missing.length > 0) {
    const list = missing.map((at) => table.columns[at]!.name).join(", ");
    throw fault(
      `"${name}" has no columns ${list}; add them, or give their fields the columns it has (column: NAME)`,
    );
  }
  const columns = kept.map((at): TableColumn => {
    const column = table.columns[at]!;
    const info = find(column.name)!;
    return { name: info.name, type: adoptedType(column.type, info.type), references: null };
  });
  return {
    ...table,
    name,
    columns,
    slots: kept.map((at) => table.slots[at]!),
    key: table.key.map((at) => kept.indexOf(at)),
    version: table.version === null ? null : kept.indexOf(table.version),
    indexed: [],
    text: [],
  };
}

/** The plan has names in small letters, digits and `_` alone. */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase() || plainName(one) === other;
}

/** `table`, `view`, `virtual` for a virtual table, or `shadow` for what belongs to one. */
function kindOf(connection: Connection, name: string): string {
  const sql = "SELECT type FROM pragma_table_list WHERE schema = 'main' AND lower(name) = lower(?)";
  const { type } = connection.get(sql, [name]) as { type: string };
  return type === "virtual" || type === "shadow" ? `${type} table` : type;
}

/** Text is held to the type of a column of numbers, so that what is none is turned down. */
function adoptedType(type: ColumnType, declared: string): ColumnType {
  const isInt = /INT/i.test(declared);
  const isReal = /REAL|FLOA|DOUB|NUMERIC|DECIMAL/i.test(declared);
  if (type === "text") return isInt ? "int" : isReal ? "float" : "text";
  return type === "int" && isReal ? "float" : type;
}

/** Without it the database could not tell which records meet. */
function assertKeyIsUnique(
  connection: Connection,
  table: EntityTable,
  fault: (reason: string) => PlimsollError,
): void {
  try {
    new EntityStatements(connection, table, { tables: [table] }).prepare();
  } catch (cause) {
    if (!/ON CONFLICT/.test((cause as Error).message)) throw cause;
    const key = table.key.map((at) => table.columns[at]!.name).join(", ");
    throw fault(`"${table.name}" has no primary key and no unique index on (${key})`);
  }
}
