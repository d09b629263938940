import { PlimsollError } from "../../kernel/index.js";
import type { CompiledMapping } from "../../model/index.js";
import type { LastImport } from "../../ports/index.js";
import { planTables } from "../../tables/index.js";
import { parsePostgresAddress } from "./address.js";
import { Connection } from "./connection.js";
import { hasState, StateTable } from "./state.js";
import { quote } from "./stored-table.js";

/** Counts the rows of the tables that imports have made, or of the one that they were told to load into. */
export async function postgresStats(text: string) {
  const address = parsePostgresAddress(text);
  await using connection = await Connection.open(address);
  if (!(await hasState(connection))) throw new PlimsollError("STORE_ABSENT", { store: address.name });
  const state = new StateTable(connection, address.table ?? "");
  const mapping = await state.read("mapping");
  const names =
    address.table === null && mapping !== null
      ? planTables(JSON.parse(mapping) as CompiledMapping, address.name).tables.map(({ name }) => name)
      : [address.table].filter((name) => name !== null);
  const tables: { name: string; rows: number }[] = [];
  let bytes = 0;
  for (const name of names) {
    const counted = await countRows(connection, name);
    if (counted === null) continue;
    tables.push({ name, rows: counted.rows });
    bytes += counted.bytes;
  }
  const last = await state.read("last");
  return {
    tables,
    bytes,
    isUnfinished: (await state.read("checkpoint")) !== null,
    lastImport: last === null ? null : (JSON.parse(last) as LastImport),
  };
}

async function countRows(connection: Connection, name: string) {
  const quoted = name.split(".").map(quote).join(".");
  const [there] = await connection.rows<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
    quoted,
  ]);
  if (there?.there !== true) return null;
  const size = `pg_total_relation_size('${quoted.replaceAll("'", "''")}')`;
  const sql = `SELECT count(*) AS rows, ${size} AS bytes FROM ${quoted}`;
  const [row] = await connection.rows<{ rows: string; bytes: string }>(sql);
  return { rows: Number(row!.rows), bytes: Number(row!.bytes) };
}
