// The library of linked records, and what its tables hold in one digest.
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { libraryKinds, libraryLines, libraryMapping } from "../../scripts/lib/library.js";
import { cacheFolder } from "./project.js";

const Database = createRequire(import.meta.url)("libsql");

/** Files of a library with so many comics. */
export function libraryInput(count) {
  const folder = join(cacheFolder(), `library-${count}`);
  mkdirSync(folder, { recursive: true });
  const files = libraryKinds.map((kind) => `${kind}.jsonl`);
  let records = 0;
  for (const kind of libraryKinds) {
    const lines = [...libraryLines(kind, { count })];
    records += lines.length;
    writeFileSync(join(folder, `${kind}.jsonl`), lines.map((line) => `${line}\n`).join(""));
  }
  writeFileSync(join(folder, "library.yaml"), libraryMapping);
  const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  return { folder, files, records, bytes };
}

/** A digest of all rows of all tables, whatever order they came in; the database is removed. */
export function tablesDigest(path) {
  const database = new Database(path);
  const hash = createHash("sha256");
  const named =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name";
  for (const { name } of database.prepare(named).all()) {
    if (name === "plimsoll_state" || name.includes("_fts")) continue;
    const columns = database
      .prepare("SELECT name FROM pragma_table_info(?)")
      .all([name])
      .map((column) => `"${column.name}"`)
      .filter((column) => column !== '"plimsoll_row"')
      .join(", ");
    const rows = database.prepare(`SELECT ${columns} FROM "${name}" ORDER BY ${columns}`);
    hash.update(name);
    for (const row of rows.raw().iterate()) hash.update(`${JSON.stringify(row)}\n`);
  }
  database.close();
  for (const suffix of ["", "-wal", "-shm", ".rejects.jsonl"]) rmSync(`${path}${suffix}`, { force: true });
  return hash.digest("hex");
}
