import { existsSync, statSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { csvRows } from "../../../scripts/lib/rows.js";
import { Connection } from "../../../src/targets/sqlite/connection.js";
import { defaultDriver } from "../../../src/targets/sqlite/driver.js";
import { makeFolder, plimsoll, projectFile, startPlimsoll } from "../../support/cli.js";
import { faultsIn, openDatabase, rowsOf } from "../../support/tables.js";

const folder = makeFolder();
afterAll(folder.remove);

const timeoutMs = 120_000;

function open(database: string): Connection {
  return new Connection({ path: folder.file(database), driver: defaultDriver(), cacheBytes: 1 << 20 });
}

function read(database: string, sql: string): unknown[] {
  using other = openDatabase(folder.file(database));
  return rowsOf(other, sql).flat();
}

test("a new database is its maker's alone until it is shared; one that is there can be read", () => {
  const connection = open("new.db");
  connection.begin();
  connection.exec("CREATE TABLE t (a)");
  connection.commit();
  expect(existsSync(folder.file("new.db-wal"))).toBe(false);
  expect(() => read("new.db", "SELECT a FROM t")).toThrow("locked");
  connection.share();
  connection.begin();
  connection.run("INSERT INTO t VALUES (1)");
  expect(read("new.db", "SELECT a FROM t")).toEqual([]);
  connection.commit();
  expect(read("new.db", "SELECT a FROM t")).toEqual([1]);
  connection.close();

  const again = open("new.db");
  again.begin();
  again.run("INSERT INTO t VALUES (2)");
  expect(read("new.db", "SELECT a FROM t")).toEqual([1]);
  again.close();
  expect(read("new.db", "SELECT a FROM t")).toEqual([1]);

  const unshared = open("unshared.db");
  unshared.begin();
  unshared.exec("CREATE TABLE t (a)");
  unshared.commit();
  unshared.close();
  expect(read("unshared.db", "SELECT count(*) FROM t")).toEqual([0]);
});

test("killed while pages go straight into the file, a new database is what its last commit made it", {
  timeout: timeoutMs,
}, async () => {
  const lines = [...csvRows({ count: 120_000 })];
  folder.write("rows.csv", lines.map((line) => `${line}\n`).join(""));
  // A chunk that is larger than the cache.
  const bounds = ["--memory", "128MiB", "--sync-bytes", "10MiB", "--progress", "none"];
  const words = (database: string) =>
    ["import", "rows.csv", "--into", `sqlite:${database}`, "--entity", "Person", "--key", "id"].concat(
      bounds,
    );
  const rows = "SELECT count(*) FROM person";
  const program = [projectFile("test/support/die-at-verb.js"), "before", "commit", "2"];
  const killed = startPlimsoll(words("killed.db"), { cwd: folder.path, program });
  expect(await killed.ended).toMatchObject({ signal: "SIGKILL" });
  // Pages of the chunk are in the file, and there is what it takes to be rid of them.
  expect(existsSync(folder.file("killed.db-wal"))).toBe(false);
  expect(statSync(folder.file("killed.db-journal")).size).toBeGreaterThan(0);
  const bytes = statSync(folder.file("killed.db")).size;
  expect(read("killed.db", rows)).toEqual([0]);
  expect(statSync(folder.file("killed.db")).size).toBeLessThan(bytes);
  expect(faultsIn(folder.file("killed.db"))).toEqual([]);
  const resumed = await plimsoll(words("killed.db"), { cwd: folder.path });
  expect(resumed.error).toContain("Going on where this import stopped");
  const whole = await plimsoll(words("whole.db"), { cwd: folder.path });
  expect([resumed.code, whole.code]).toEqual([0, 0]);
  using one = openDatabase(folder.file("killed.db"));
  one.exec(`ATTACH '${folder.file("whole.db")}' AS whole`);
  const differing = "SELECT count(*) FROM (SELECT * FROM person EXCEPT SELECT * FROM whole.person)";
  expect([rowsOf(one, rows), rowsOf(one, differing)]).toEqual([[[120_000]], [[0]]]);
  expect(faultsIn(folder.file("killed.db"))).toEqual([]);
});
