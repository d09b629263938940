import { PlimsollError, postgresColumnsMax } from "../../kernel/index.js";
import {
  assertTablesFit,
  type EntityTable,
  keyColumns,
  type Table,
  type TablePlan,
  tombstoneColumns,
} from "../../tables/index.js";
import type { Connection } from "./connection.js";
import type { StateTable } from "./state.js";
import {
  catalogTypes,
  columnNames,
  deletionsName,
  isEntity,
  madeTable,
  quote,
  remembersDeletions,
  type StoredTable,
} from "./stored-table.js";

/** The generated column that full-text search looks into, and how much of a row's text it holds. */
const searchColumn = "search";
const searchCharsMax = 200_000;

/**
 * Makes the tables of a plan that are not there yet, and adds columns that came with new fields. The state
 * knows which tables were made: a stranger's of the same name is not touched.
 */
export async function makeTables(
  connection: Connection,
  state: StateTable,
  plan: TablePlan,
  target: string,
): Promise<StoredTable[]> {
  assertTablesFit(plan, target, postgresColumnsMax, (table) => (isSearched(table) ? 1 : 0));
  const tables = plan.tables.map((table) => madeTable(table, keyColumns(table)));
  const made = await state.readNames("tables");
  const fresh = await state.readNames("fresh");
  for (const table of tables) {
    const columns = await columnsOf(connection, table.planned.name);
    if (columns === null) {
      await connection.run(tableSql(table));
      fresh.add(table.planned.name);
    } else if (!made.has(table.planned.name))
      throw tableCondition(
        target,
        table.planned,
        "it is there already and was made by others; name it behind # to load into it",
      );
    else await addColumns(connection, table, columns, target);
    if (isEntity(table) && remembersDeletions(table)) await connection.run(deletionsSql(table));
    made.add(table.planned.name);
  }
  await state.writeNames("tables", made);
  await state.writeNames("fresh", fresh);
  return tables;
}

/** The columns of a table on the search path, by name; null when there is none. */
async function columnsOf(connection: Connection, name: string): Promise<Map<string, string> | null> {
  const rows = await connection.rows<{ name: string; type: string }>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    [quote(name)],
  );
  return rows.length === 0 ? null : new Map(rows.map((row) => [row.name, row.type]));
}

async function addColumns(
  connection: Connection,
  { planned, name }: StoredTable,
  there: Map<string, string>,
  target: string,
): Promise<void> {
  for (const column of planned.columns) {
    const type = there.get(column.name);
    const wanted = catalogTypes[column.type];
    if (type === undefined)
      await connection.run(`ALTER TABLE ${name} ADD COLUMN ${quote(column.name)} ${wanted}`);
    else if (type !== wanted) {
      throw tableCondition(target, planned, `column ${column.name} is ${type} and not ${wanted}`);
    }
  }
  if (isSearched(planned) && !there.has(searchColumnOf(planned.columns))) {
    await connection.run(`ALTER TABLE ${name} ADD COLUMN ${searchSql(planned)}`);
  }
}

function isSearched(table: Table): table is EntityTable {
  return table.kind === "entity" && table.text.length > 0;
}

function tableCondition(database: string, table: Table, reason: string): PlimsollError {
  return new PlimsollError("DATABASE_TABLE", { database, entity: `table ${table.name}`, reason });
}

/** Under the rule `newest`, how new the deletions of a table were: they have a say about what comes later. */
function deletionsSql(table: StoredTable<EntityTable>): string {
  const columns = tombstoneColumns(table.planned).map((at) => table.columns[at]!);
  const lines = columns.map(({ name, pageType }) => `${name} ${pageType} NOT NULL`);
  lines.push(`PRIMARY KEY (${columnNames(table.key.map((at) => table.columns[at]!))})`);
  return `CREATE TABLE IF NOT EXISTS ${deletionsName(table)} (${lines.join(", ")})`;
}

function tableSql(table: StoredTable): string {
  const { planned, columns, key, name } = table;
  const lines = columns.map(({ name: column, pageType }) => `${column} ${pageType}`);
  if (isSearched(planned)) lines.push(searchSql(planned));
  if (key.length > 0) lines.push(`PRIMARY KEY (${columnNames(key.map((at) => columns[at]!))})`);
  return `CREATE TABLE ${name} (${lines.join(", ")})`;
}

/**
 * Made with the table, because adding it later would write every row a second time. PostgreSQL holds up to 1
 * MiB of words a row; what is cut off is no reason to refuse the row.
 */
function searchSql({ text, columns }: EntityTable): string {
  const texts = text
    .map((column) => `coalesce(${quote(columns[column]!.name)}::text, '')`)
    .join(" || ' ' || ");
  const column = quote(searchColumnOf(columns));
  const words = `to_tsvector('simple', left(${texts}, ${searchCharsMax}))`;
  return `${column} tsvector GENERATED ALWAYS AS (${words}) STORED`;
}

/** What the column is called beside those of the fields. */
export function searchColumnOf(columns: Table["columns"]): string {
  const taken = new Set(columns.map(({ name }) => name));
  let name = searchColumn;
  while (taken.has(name)) name = `${name}_words`;
  return name;
}
