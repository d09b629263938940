import { createRequire } from "node:module";
import { afterAll, expect, test } from "vitest";
import { importInto, makeFolder, readRejects } from "../../support/cli.js";

/** Rows that come as leaves, read by SQLite itself, and taken apart where keys meet or rows are refused. */

const Database = createRequire(import.meta.url)("libsql");
const folder = makeFolder();
afterAll(() => folder.remove());
const timeoutMs = 60_000;

function rowsOf(file: string, sql: string): unknown[][] {
  const database = new Database(folder.file(file));
  const rows = database.prepare(sql).raw().all();
  database.close();
  return rows;
}

test("SQLite reads values of all types as they were", { timeout: timeoutMs }, async () => {
  const fields = "{ id: int, a: string, b: float, c: bool, d: date, e: hex, f: json, g: int }";
  folder.write("types.yaml", `version: 1\nentities:\n  Thing: { key: id, fields: ${fields} }\n`);
  const long = "ü".repeat(50_000);
  const lines = [
    '{"id":1,"a":"say \\"so\\"\\n\\ud83d\\ude00","b":-0.0,"c":true,"d":"2024-02-29T23:59:58.007+01:00","e":"AbCd","f":[1, 2],"g":0}',
    '{"id":-2,"b":1e300,"c":false,"d":-1,"f":"text","g":9223372036854775807,"more":{"x":null},"a":""}',
    `{"id":300,"a":"${long}","b":12,"d":"0001-01-01","g":-129}`,
    '{"id":70000,"a":12.50,"d":"9999-12-31T23:59:59.999Z","e":"00","f":null,"g":-2147483649}',
    '{"id":5000000000,"g":1.5}',
    '{"id":6,"a":"\\ud83d"}',
    '{"id":7,"a":["x","y"]}',
  ];
  folder.write("types.jsonl", `${lines.join("\n")}\n`);
  const words = ["types.jsonl", "--into", `sqlite:${folder.file("types.db")}`, "--mapping", "types.yaml"];
  const { code, error } = await importInto(folder, [...words, "--rejects", folder.file("types.rejects")]);
  expect(code, error).toBe(0);
  expect(readRejects(folder.file("types.rejects")).map(({ code, record }) => [code, record])).toEqual([
    ["FIELD_TYPE", 5],
    ["FIELD_TYPE", 6],
    ["FIELD_TYPE", 7],
  ]);
  const columns = "id, a, b, typeof(b), c, d, e, f, CAST(g AS TEXT), typeof(g), rest";
  expect(rowsOf("types.db", `SELECT ${columns} FROM thing ORDER BY id`)).toEqual([
    [
      -2,
      "",
      1e300,
      "real",
      0,
      "1969-12-31T23:59:59.999Z",
      null,
      '"text"',
      "9223372036854775807",
      "integer",
      '{"more":{"x":null}}',
    ],
    [1, 'say "so"\n😀', 0, "real", 1, "2024-02-29T22:59:58.007Z", "abcd", "[1, 2]", "0", "integer", null],
    [300, long, 12, "real", null, "0001-01-01T00:00:00.000Z", null, null, "-129", "integer", null],
    [
      70000,
      "12.50",
      null,
      "null",
      null,
      "9999-12-31T23:59:59.999Z",
      "00",
      null,
      "-2147483649",
      "integer",
      null,
    ],
  ]);
});

test("whole numbers and truth values are no fractions in columns of others, however few rows come", {
  timeout: timeoutMs,
}, async () => {
  for (const count of [3, 40]) {
    const file = `plain-${count}.db`;
    const database = new Database(folder.file(file));
    database.exec("CREATE TABLE taken (id INTEGER PRIMARY KEY, a, b TEXT, c, d TEXT, e)");
    database.close();
    const records = Array.from({ length: count }, (_, id) => ({
      id,
      a: 7,
      b: 2 ** 40,
      c: true,
      d: true,
      e: 1.5,
    }));
    folder.write("plain.jsonl", records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    const { code, error } = await importInto(folder, [
      "plain.jsonl",
      "--into",
      `sqlite:${folder.file(file)}#taken`,
    ]);
    expect(code, error).toBe(0);
    expect(rowsOf(file, "SELECT DISTINCT typeof(a), a, b, typeof(c), c, d, e FROM taken")).toEqual([
      ["integer", 7, "1099511627776", "integer", 1, "1", 1.5],
    ]);
  }
});

test("where keys meet and rows are refused, each has its fate by the rule", {
  timeout: timeoutMs,
}, async () => {
  const records = Array.from({ length: 3000 }, (_, at) => ({ id: at % 2200, value: at }));
  folder.write("some.csv", `id,value\n${records.map(({ id, value }) => `${id},${value}`).join("\n")}\n`);
  for (const rule of ["keep", "replace", "newest:value", "reject"]) {
    const file = `${rule.slice(0, 4)}.db`;
    const database = new Database(folder.file(file));
    database.exec("CREATE TABLE taken (id INTEGER PRIMARY KEY, value INTEGER CHECK (value % 97 <> 0))");
    database.close();
    const rejects = folder.file(`${file}.rejects`);
    const words = ["some.csv", "--into", `sqlite:${folder.file(file)}#taken`, "--key", "id"];
    const { code, error, report } = await importInto(folder, [
      ...[...words, "--on-conflict", rule, "--rejects", rejects],
    ]);
    expect(code, error).toBe(0);
    const twin = fatesOf(records, rule);
    expect(report!.records).toMatchObject(twin.counts);
    expect(readRejects(rejects).map(({ code, record }) => [code, record])).toEqual(twin.rejects);
    expect(rowsOf(file, "SELECT id, value FROM taken ORDER BY id")).toEqual(twin.rows);
  }
});

/** What becomes of records one after another; SQLite asks the check before it looks for the key. */
function fatesOf(records: readonly { id: number; value: number }[], rule: string) {
  const rows = new Map<number, number>();
  const counts = { read: records.length, stored: 0, replaced: 0, duplicates: 0, rejected: 0 };
  const rejects: [string, number][] = [];
  for (const [at, { id, value }] of records.entries()) {
    const isThere = rows.has(id);
    if (value % 97 === 0 || (isThere && rule === "reject")) {
      counts.rejected += 1;
      rejects.push([value % 97 === 0 ? "ROW_REFUSED" : "CONFLICT_REJECTED", at + 1]);
    } else if (isThere && rule === "keep") counts.duplicates += 1;
    else {
      counts[isThere ? "replaced" : "stored"] += 1;
      rows.set(id, value);
    }
  }
  return { counts, rejects, rows: [...rows].sort(([left], [right]) => left - right) };
}
