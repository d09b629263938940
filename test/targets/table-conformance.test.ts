import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { harmlessTableWrapper, tableSaboteurs } from "../../conformance/saboteurs/table-saboteurs.js";
import { type TableSubject, tableClauses, tableConformance } from "../../conformance/table-target.js";
import { sqliteTarget } from "../../src/targets/sqlite/index.js";
import { makeFolder } from "../support/cli.js";
import { openDatabase, rowsOf } from "../support/tables.js";

const folder = makeFolder();
afterAll(folder.remove);

const timeoutMs = 60_000;
const runner = {
  describe,
  test: (name: string, body: () => Promise<void>) => test(name, body, timeoutMs),
};

const sqlite: TableSubject = {
  name: "sqlite",
  make: (place) => sqliteTarget(place),
  makePlace: () => join(mkdtempSync(folder.file("database-")), "file.db"),
  readRows: async (place, table, columns) => {
    using database = openDatabase(place);
    const names = columns.map((name) => `"${name}"`).join(", ");
    return rowsOf(database, `SELECT ${names} FROM "${table}" ORDER BY ${names}`);
  },
};

tableConformance({ ...sqlite, runner });

describe("the suite catches", () => {
  test.each(tableSaboteurs)("a target that $name", { timeout: timeoutMs }, async ({ clause, spoil }) => {
    const spoilt: TableSubject = { ...sqlite, make: (place) => spoil(sqlite.make(place)) };
    const wanted = tableClauses.find(({ id }) => id === clause)!;
    await expect(wanted.check(spoilt)).rejects.toThrow();
  });

  test("nothing in a wrapper alone", { timeout: timeoutMs }, async () => {
    const wrapped: TableSubject = {
      ...sqlite,
      make: (place) => harmlessTableWrapper.spoil(sqlite.make(place)),
    };
    for (const clause of tableClauses) await clause.check(wrapped);
  });
});
