#!/usr/bin/env node
// A plain INSERT loop into SQLite under a memory line: `node examples/batches/sqlite.js [FILE] [ROWS]`.
// Needs a driver with the interface of better-sqlite3; here it is `libsql`.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { governedBatches } from "plimsoll";
import { printPeak } from "./peak.js";
import { products } from "./rows.js";

const lineBytes = 224 * 1024 * 1024;
const [file = join(tmpdir(), `plimsoll-products-${process.pid}.db`), count = "200000"] =
  process.argv.slice(2);

const database = new Database(file);
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA cache_size = -8192;
  CREATE TABLE IF NOT EXISTS product (id INTEGER PRIMARY KEY, sku TEXT, price INTEGER, tags TEXT, description TEXT);
`);
const insert = database.prepare("INSERT OR REPLACE INTO product VALUES (?, ?, ?, ?, ?)");
// One transaction a batch: all of it is there, or nothing.
const insertAll = database.transaction((rows) => {
  for (const row of rows) insert.run(row.id, row.sku, row.price, row.tags.join(" "), row.description);
});

let rows = 0;
let batches = 0;
let bytes = 0;
for await (const batch of governedBatches(products(Number(count)), { line: lineBytes, memory: "24MiB" })) {
  insertAll(batch);
  rows += batch.length;
  bytes += batch.bytes;
  batches++;
}
const stored = database.prepare("SELECT count(*) AS count FROM product").get().count;
database.close();
if (process.argv[2] === undefined)
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });

console.log(
  `${rows} rows of ${(bytes / 2 ** 20).toFixed(0)} MiB in ${batches} batches; ${stored} are in the table`,
);
printPeak(lineBytes);
