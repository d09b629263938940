import { afterAll, beforeAll, describe, test } from "vitest";
import { tableConformance } from "../../conformance/table-target.js";
import { postgresTarget } from "../../src/targets/postgres/index.js";
import { ask, type PostgresServer, postgresMissing, startPostgres } from "../support/postgres.js";

/** Enough places for all clauses. */
const schemas = 60;

describe.skipIf(postgresMissing !== null)(postgresMissing ?? "PostgreSQL", () => {
  let server: PostgresServer;
  let url: string;
  let places = 0;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.database();
    await ask(url, Array.from({ length: schemas }, (_, at) => `CREATE SCHEMA place_${at}`).join("; "));
  });
  afterAll(async () => server?.[Symbol.asyncDispose]());

  tableConformance({
    name: "postgres",
    make: postgresTarget,
    makePlace: () => `${url}?options=-csearch_path%3Dplace_${places++}`,
    readRows: async (place, table, columns) => {
      const names = columns.map((name) => `"${name}"`).join(", ");
      const rows = await ask(place, `SELECT ${names} FROM "${table}" ORDER BY ${names}`);
      return rows.map((row) =>
        Object.values(row).map((value) => (/^\d+$/.test(String(value)) ? Number(value) : value)),
      );
    },
    runner: { describe, test: (name, body) => test(name, body) },
  });
});
