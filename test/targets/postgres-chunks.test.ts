import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { libraryKinds, libraryLines, libraryMapping } from "../../scripts/lib/library.js";
import { compileMapping, entityOfSource, mergeMappings, parseMapping } from "../../src/mapping/index.js";
import type { ImportPlan, ImportReport } from "../../src/pipeline/index.js";
import { postgresTarget } from "../../src/targets/postgres/index.js";
import { makeFolder, plimsoll, projectFile, startPlimsoll } from "../support/cli.js";
import { importHere } from "../support/imports.js";
import { ask, type PostgresServer, postgresMissing, startPostgres } from "../support/postgres.js";
import { libraryTwin, type TwinOutcome } from "../tables/library-twin.js";

const timeoutMs = 120_000;
const files = (libraryKinds as string[]).map((kind) => `${kind}.jsonl`);

describe.skipIf(postgresMissing !== null)(`chunks of tables (${postgresMissing ?? "PostgreSQL"})`, () => {
  const folder = makeFolder();
  let server: PostgresServer;
  let expected: TwinOutcome;
  beforeAll(async () => {
    server = await startPostgres();
    const lines: Record<string, string[]> = {};
    for (const kind of libraryKinds as string[]) {
      lines[kind] = [...libraryLines(kind, { count: 1000 })];
      writeFileSync(folder.file(`${kind}.jsonl`), lines[kind].map((line) => `${line}\n`).join(""));
    }
    writeFileSync(folder.file("library.yaml"), libraryMapping);
    expected = withSortedJson(libraryTwin(lines));
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    folder.remove();
  });

  async function load(url: string, plan: Partial<ImportPlan>): Promise<ImportReport> {
    const wanted = compileMapping(parseMapping(libraryMapping, "library"));
    return importHere({
      cwd: folder.path,
      sources: files,
      store: folder.file("rejects"),
      mapping: libraryMapping,
      plan: {
        target: postgresTarget(url),
        mergeMapping: (stored) => mergeMappings(stored, wanted),
        entityOf: (source) => entityOfSource(source, wanted).name,
        ...plan,
      },
    });
  }

  test.each([
    ["7 records", { syncRecords: 7 }],
    ["1,000 records", { syncRecords: 1000 }],
    ["what the governor allows", {}],
    ["everything", { syncBytes: 2 ** 40 }],
  ])("chunks of %s end in what the twin has, row for row", { timeout: timeoutMs }, async (_, plan) => {
    const url = await server.database();
    const { records, danglingLinks } = await load(url, plan);
    expect({ records, danglingLinks, tables: await dump(url) }).toEqual(expected);
  });

  test("killed at any commit and resumed, it ends in the same", { timeout: timeoutMs }, async () => {
    const url = await server.database();
    const words = ["import", ...files, "--into", url, "--mapping", "library.yaml"];
    const options = ["--sync-every", "400", "--progress", "none", "--report", "report.json"];
    let kills = 0;
    for (let life = 0; ; life++) {
      const moment = life % 2 === 0 ? "after" : "before";
      const verb = life % 3 === 2 ? "settle" : "commit";
      const program = [projectFile("test/support/die-at-verb.js"), moment, verb, "3"];
      const { ended } = startPlimsoll([...words, ...options], { cwd: folder.path, program });
      const { signal, code, error } = await ended;
      if (signal !== "SIGKILL") {
        expect(code, error).toBe(0);
        break;
      }
      kills++;
    }
    expect(kills).toBeGreaterThan(3);
    const { records, danglingLinks } = JSON.parse(folder.read("report.json")) as ImportReport;
    expect({ records, danglingLinks, tables: await dump(url) }).toEqual(expected);
    const again = await plimsoll([...words, ...options], { cwd: folder.path });
    expect(again.error).toContain("Nothing to do");
  });
});

/** Every table with its rows as texts of JSON, in an order of their own. */
async function dump(url: string): Promise<Record<string, string[]>> {
  const columns = await ask<{ table: string; column: string; type: string }>(
    url,
    `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name <> 'plimsoll_state' AND data_type <> 'tsvector'
     ORDER BY table_name, ordinal_position`,
  );
  const tables: Record<string, string[]> = {};
  for (const table of new Set(columns.map((column) => column.table))) {
    const own = columns.filter((column) => column.table === table);
    const values = own.map(
      ({ column, type }) => `"${column}"${type === "bigint" ? "::float8" : ""} AS "${column}"`,
    );
    const rows = await ask(url, `SELECT ${values.join(", ")} FROM "${table}"`);
    tables[table] = rows.map((row) => JSON.stringify(Object.values(row).map(asText))).sort();
  }
  return tables;
}

/** The twin keeps JSON as its text; PostgreSQL has an order of its own for members. */
function asText(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null ? sortedJson(value) : value;
}

function sortedJson(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function withSortedJson(outcome: TwinOutcome): TwinOutcome {
  const sortedRow = (text: string) => {
    const values = (JSON.parse(text) as unknown[]).map((value) =>
      typeof value === "string" && value.startsWith("{") ? sortedJson(JSON.parse(value) as object) : value,
    );
    return JSON.stringify(values);
  };
  const tables = Object.entries(outcome.tables).map(([name, rows]) => [name, rows.map(sortedRow).sort()]);
  return { ...outcome, tables: Object.fromEntries(tables) };
}
