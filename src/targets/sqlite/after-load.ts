import type { EntityTable, ListTable, Table, TablePlan } from "../../tables/index.js";
import type { Connection } from "./connection.js";
import { quoted } from "./driver.js";
import { fullTextName, isIntegerKey, linkColumns, names, rowNumberName } from "./schema.js";

/** What is done once behind the load; gives how many links led nowhere. Each is one transaction. */
export interface AfterStep {
  name: string;
  run(connection: Connection): number;
}

/** Links first, so that no index is kept while they change; then indexes, then the words. */
export function afterSteps(plan: TablePlan): AfterStep[] {
  return [
    ...plan.tables.flatMap((table) => linkSteps(table, plan)),
    ...plan.tables.flatMap(indexSteps),
    ...plan.tables.flatMap((table) => (table.kind === "entity" ? textSteps(table) : [])),
  ];
}

function linkSteps(table: Table, plan: TablePlan): AfterStep[] {
  if (table.kind === "list") return listSteps(table, plan);
  const { name, columns, key } = table;
  const inKey = key.filter((at) => columns[at]!.references !== null);
  return [
    ...linkColumns(table).map((at) => ({
      name: `links ${name}.${columns[at]!.name}`,
      run: (connection: Connection) =>
        connection.run(
          `UPDATE ${quoted(name)} SET ${quoted(columns[at]!.name)} = NULL WHERE ${leadsNowhere(table, at, plan)}`,
        ),
    })),
    // A link that is a part of the key cannot be taken out: it stays, and is counted.
    ...inKey.map((at) => ({
      name: `links ${name}.${columns[at]!.name}`,
      run: (connection: Connection) => {
        const from = `FROM ${quoted(name)} WHERE ${leadsNowhere(table, at, plan)}`;
        return Number((connection.get(`SELECT count(*) AS n ${from}`) as { n: number }).n);
      },
    })),
  ];
}

/** Values that lead nowhere go, and those of records that are no more. */
function listSteps(table: ListTable, plan: TablePlan): AfterStep[] {
  const { name, columns } = table;
  const last = columns.length - 1;
  if (columns[last]!.references === null) return [];
  const where = leadsNowhere(table, last, plan);
  const run = (connection: Connection) => connection.run(`DELETE FROM ${quoted(name)} WHERE ${where}`);
  return [{ name: `links ${name}.${columns[last]!.name}`, run }];
}

function leadsNowhere({ name, columns }: Table, at: number, plan: TablePlan): string {
  const { name: column, references } = columns[at]!;
  const target = plan.tables[references!.table]!;
  const targetColumn = quoted(target.columns[references!.column]!.name);
  const link = `${quoted(name)}.${quoted(column)}`;
  const found = `SELECT 1 FROM ${quoted(target.name)} AS target WHERE target.${targetColumn} = ${link}`;
  return `${quoted(column)} IS NOT NULL AND NOT EXISTS (${found})`;
}

function indexSteps(table: Table): AfterStep[] {
  const indexed = table.kind === "entity" ? table.indexed : table.isIndexed ? [table.columns.length - 1] : [];
  return indexed.map((at) => {
    const column = table.columns[at]!.name;
    const index = quoted(`${table.name}_${column}_index`);
    // Of a list, the owner's key lies in the index too, as in every one of a table without row numbers.
    const sql = `CREATE INDEX IF NOT EXISTS ${index} ON ${quoted(table.name)} (${quoted(column)})`;
    return {
      name: `index ${table.name}.${column}`,
      run: (connection) => {
        connection.exec(sql);
        return 0;
      },
    };
  });
}

/** The words of a new table are indexed at once; from then on triggers keep the index. */
function textSteps(table: EntityTable): AfterStep[] {
  if (table.text.length === 0) return [];
  const fullText = fullTextName(table);
  const isThere = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`;
  const run = (connection: Connection) => {
    if (connection.get(isThere, [fullText]) === undefined) connection.exec(fullTextStatements(table));
    return 0;
  };
  return [{ name: `text ${table.name}`, run }];
}

function fullTextStatements(table: EntityTable): string {
  const { name, columns, text, key } = table;
  const fullText = quoted(fullTextName(table));
  const rowNumber = isIntegerKey(table) ? columns[key[0]!]!.name : rowNumberName;
  const own = names(columns, text);
  const values = (from: string) =>
    [rowNumber, ...text.map((at) => columns[at]!.name)].map((one) => `${from}.${quoted(one)}`).join(", ");
  const literal = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const add = `INSERT INTO ${fullText} (rowid, ${own}) VALUES (${values("new")});`;
  const remove = `INSERT INTO ${fullText} (${fullText}, rowid, ${own}) VALUES ('delete', ${values("old")});`;
  const trigger = (event: string, body: string) => {
    const called = quoted(`${fullTextName(table)}_${event}`);
    return `CREATE TRIGGER ${called} AFTER ${event} ON ${quoted(name)} BEGIN ${body} END;`;
  };
  const content = `content=${literal(name)}, content_rowid=${literal(rowNumber)}`;
  return [
    `CREATE VIRTUAL TABLE ${fullText} USING fts5(${own}, ${content});`,
    `INSERT INTO ${fullText} (${fullText}) VALUES ('rebuild');`,
    trigger("insert", add),
    trigger("delete", remove),
    trigger("update", `${remove} ${add}`),
  ].join("\n");
}
