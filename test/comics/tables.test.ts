import { rmSync } from "node:fs";
import Database from "libsql";
import { afterAll, expect, test } from "vitest";
import { makeLibrary } from "../../scripts/lib/comics.js";
import { importInto, makeFolder } from "../support/cli.js";
import { canonicalDump, faultsIn } from "../support/tables.js";

const folder = makeFolder();
afterAll(folder.remove);

const load = (file: string) => importInto(folder, ["lib", "--preset", "comics", "--into", `sqlite:${file}`]);

/** Rows of comics with what they are linked to, by names that no numbering changes. */
function comics(file: string): unknown[] {
  const database = new Database(folder.file(file));
  try {
    const names = (database.prepare("PRAGMA table_info(comic)").all() as { name: string }[]).map(
      ({ name }) => name,
    );
    expect(names).toContain("path");
    const rows = database.prepare("SELECT path, seriesname, year, pagecount FROM comic ORDER BY path").all();
    return rows.map((row) => ({ ...(row as object) }));
  } finally {
    database.close();
  }
}

test("a library in tables follows what happens to it", async () => {
  const made = makeLibrary({ count: 200, out: folder.file("lib"), broken: 3 });
  const first = await load("a.db");
  expect([first.code, first.report!.records.rejected]).toEqual([0, made.broken]);
  expect(comics("a.db")).toHaveLength(made.comics);
  expect((await load("a.db")).report!.records).toMatchObject({ read: made.broken, stored: 0 });
  makeLibrary({ count: 200, out: folder.file("lib"), broken: 3, moved: 10 });
  makeLibrary({ count: 200, out: folder.file("lib"), broken: 3, changed: 10 });
  await load("a.db");
  rmSync(folder.file("lib/Moved"), { recursive: true });
  expect((await load("a.db")).report!.records.deleted).toBeGreaterThan(0);
  await load("b.db");
  expect(comics("a.db")).toEqual(comics("b.db"));
}, 120_000);

test("whatever the chunks, archives end in the same rows", async () => {
  makeLibrary({ count: 60, out: folder.file("small"), broken: 2 });
  const seen = async (name: string, ...words: string[]) => {
    const into = ["small", "--preset", "comics", "--into", `sqlite:${name}.db`, ...words];
    const { code, error } = await importInto(folder, into);
    expect(code, error).toBe(0);
    expect(faultsIn(folder.file(`${name}.db`), ["comic_fts", "series_fts"])).toEqual([]);
    const tables = Object.entries(canonicalDump(folder.file(`${name}.db`)));
    return Object.fromEntries(tables.filter(([table]) => !table.includes("_fts")));
  };
  const whole = await seen("whole");
  expect(whole.comic!.length).toBeGreaterThan(50);
  expect(await seen("one", "--sync-every", "1")).toEqual(whole);
  expect(await seen("seven", "--sync-every", "7")).toEqual(whole);
  expect(await seen("rule", "--chunk-rule", "codex:0.25", "--memory", "256MiB")).toEqual(whole);
}, 120_000);
