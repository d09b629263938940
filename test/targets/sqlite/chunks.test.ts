import { rmSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { libraryKinds, libraryLines, libraryMapping } from "../../../scripts/lib/library.js";
import { compileMapping, entityOfSource, mergeMappings, parseMapping } from "../../../src/mapping/index.js";
import type { ImportPlan, ImportReport } from "../../../src/pipeline/index.js";
import { sqliteTarget } from "../../../src/targets/sqlite/index.js";
import { makeFolder, plimsoll, projectFile, startPlimsoll } from "../../support/cli.js";
import { importHere } from "../../support/imports.js";
import { canonicalDump, faultsIn } from "../../support/tables.js";
import { libraryTwin } from "../../tables/library-twin.js";

const folder = makeFolder();
afterAll(folder.remove);

const timeoutMs = 120_000;
const files = (libraryKinds as string[]).map((kind) => `${kind}.jsonl`);
const fullText = ["comic_fts", "series_fts"];

function makeLibrary(count: number): Record<string, string[]> {
  const lines: Record<string, string[]> = {};
  for (const kind of libraryKinds as string[]) {
    lines[kind] = [...libraryLines(kind, { count })];
    writeFileSync(folder.file(`${kind}.jsonl`), lines[kind].map((line) => `${line}\n`).join(""));
  }
  writeFileSync(folder.file("library.yaml"), libraryMapping);
  return lines;
}

async function load(database: string, plan: Partial<ImportPlan> = {}): Promise<ImportReport> {
  const path = folder.file(database);
  const wanted = compileMapping(parseMapping(libraryMapping, "library"));
  return importHere({
    cwd: folder.path,
    sources: files,
    store: path,
    mapping: libraryMapping,
    plan: {
      target: sqliteTarget(path),
      mergeMapping: (stored) => mergeMappings(stored, wanted),
      entityOf: (source) => entityOfSource(source, wanted).name,
      ...plan,
    },
  });
}

/** All that is to be seen of a database, full-text search apart, whose tables are checked by themselves. */
function seen(database: string) {
  const dump = canonicalDump(folder.file(database));
  const tables = Object.entries(dump).filter(([name]) => !name.includes("_fts"));
  return { tables: Object.fromEntries(tables), faults: faultsIn(folder.file(database), fullText) };
}

const library = makeLibrary(1000);
const expected = libraryTwin(library);

test.each([
  ["1 record", { syncRecords: 1 }],
  ["7 records", { syncRecords: 7 }],
  ["1,000 records", { syncRecords: 1000 }],
  ["what the governor allows", {}],
  ["everything", { syncBytes: 2 ** 40 }],
])("chunks of %s end in what the twin has, row for row", { timeout: timeoutMs }, async (name, plan) => {
  const database = `${name.replaceAll(/\W/g, "-")}.db`;
  const { records, danglingLinks } = await load(database, plan);
  expect({ records, danglingLinks, ...seen(database) }).toEqual({ ...expected, faults: [] });
});

test("killed at any commit and resumed, it ends in the same", { timeout: timeoutMs }, async () => {
  const words = ["import", ...files, "--into", "sqlite:killed.db", "--mapping", "library.yaml"];
  const options = ["--sync-every", "400", "--progress", "none", "--report", "report.json"];
  // In mid-chunk, then behind and before commits: of chunks, and of the steps behind the load.
  const deaths = ["after apply 2", "before commit 2", "after commit 2", "before commit 4", "after commit 3"];
  let kills = 0;
  for (;;) {
    const death = deaths[kills] ?? "after commit 4";
    const program = [projectFile("test/support/die-at-verb.js"), ...death.split(" ")];
    const { signal, code, error } = await startPlimsoll([...words, ...options], { cwd: folder.path, program })
      .ended;
    if (signal !== "SIGKILL") {
      expect(code, error).toBe(0);
      break;
    }
    kills += 1;
  }
  expect(kills).toBeGreaterThanOrEqual(deaths.length);
  const { records, danglingLinks } = JSON.parse(folder.read("report.json")) as ImportReport;
  expect({ records, danglingLinks, ...seen("killed.db") }).toEqual({ ...expected, faults: [] });
  // Once more it has nothing to do.
  const again = await plimsoll([...words, ...options], { cwd: folder.path });
  expect(again.error).toContain("Nothing to do");
  rmSync(folder.file("killed.db"));
});
