import { existsSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { compileMapping, mergeMappings, parseMapping } from "../../../src/mapping/index.js";
import { type SqliteDriver, sqliteStats, sqliteTarget } from "../../../src/targets/sqlite/index.js";
import { importInto, makeFolder, plimsoll, readRejects } from "../../support/cli.js";
import { importHere, jsonl } from "../../support/imports.js";
import { canonicalDump, faultsIn, openDatabase, rowsOf } from "../../support/tables.js";

const folder = makeFolder();
afterAll(folder.remove);

const timeoutMs = 60_000;
let databases = 0;
const newName = () => `database-${++databases}.db`;

/** Imports lines into a database in this process. */
async function load(
  database: string,
  mapping: string,
  records: readonly unknown[] | string,
  { driver, plan = {} }: { driver?: SqliteDriver; plan?: object } = {},
) {
  const path = folder.file(database.split("#")[0]!);
  const table = database.split("#")[1];
  const source = `records-${++databases}.jsonl`;
  folder.write(source, typeof records === "string" ? records : jsonl(records));
  const wanted = compileMapping(parseMapping(mapping, "test"));
  const options = { ...(table === undefined ? {} : { table }), ...(driver === undefined ? {} : { driver }) };
  return importHere({
    cwd: folder.path,
    sources: [source],
    store: path,
    mapping,
    plan: {
      target: sqliteTarget(path, options),
      mergeMapping: (stored) => mergeMappings(stored, wanted),
      ...plan,
    },
  });
}

const rows = (database: string, sql: string) => {
  using opened = openDatabase(folder.file(database.split("#")[0]!));
  return rowsOf(opened, sql);
};
const rejects = (database: string) => readRejects(folder.file(`${database.split("#")[0]}.rejects.jsonl`));

const byRule = (conflict: string) =>
  `{ version: 1, entities: { Item: { key: id, conflict: "${conflict}", rest: false,
     fields: { id: int, v: int, name: string, tags: { type: string, list: true } } } } }`;

const meetings = [
  { id: 1, v: 5, name: "a", tags: ["x", "y"] },
  { id: 2, v: 1, name: "b" },
  { id: 1, v: 5, name: "c", tags: ["z"] },
  { id: 1, v: 4, name: "d" },
  { id: 1, v: 6, name: "e", tags: ["w", "w"] },
];

test.each([
  ["keep", { stored: 2, duplicates: 3 }, "a", ["x", "y"]],
  ["replace", { stored: 2, replaced: 3 }, "e", ["w", "w"]],
  ["newest:v", { stored: 2, duplicates: 1, superseded: 1, replaced: 1 }, "e", ["w", "w"]],
  ["reject", { stored: 2, rejected: 3 }, "a", ["x", "y"]],
])("by the rule %s, one by one and again", { timeout: timeoutMs }, async (rule, counts, name, tags) => {
  const database = newName();
  const none = { replaced: 0, superseded: 0, duplicates: 0, deleted: 0, rejected: 0 };
  const { records } = await load(database, byRule(rule), meetings);
  expect(records).toEqual({ ...none, read: 5, ...counts });
  expect(rows(database, "SELECT name FROM item ORDER BY id")).toEqual([[name], ["b"]]);
  const list = "SELECT value FROM item_tags WHERE item_id = 1 ORDER BY position";
  expect(rows(database, list).flat()).toEqual(tags);
  if (rule === "reject")
    expect(rejects(database).map(({ code }) => code)).toEqual(Array(3).fill("CONFLICT_REJECTED"));
  // Meeting what former imports have left is no different.
  const again = await load(database, byRule(rule), meetings);
  const { stored = 0 } = again.records;
  expect(stored).toBe(0);
  expect(rows(database, "SELECT name FROM item ORDER BY id")).toEqual([[name], ["b"]]);
  expect(faultsIn(folder.file(database))).toEqual([]);
});

test("a list that the database refuses behind its row costs its record, and that row with it", {
  timeout: timeoutMs,
}, async () => {
  const database = newName();
  const tags = (id: number, round: number) => (id % 7 === round ? ["fine", "bad"] : [`tag ${round}`, "fine"]);
  const items = (ids: number[], round: number) =>
    ids.map((id) => ({ id, v: round, name: `${round}: ${id}`, tags: tags(id, round) }));
  const ids = Array.from({ length: 300 }, (_, id) => id);
  await load(database, byRule("replace"), items(ids.slice(0, 200), 99));
  {
    using other = openDatabase(folder.file(database));
    other.exec(`CREATE TRIGGER no_bad BEFORE INSERT ON item_tags WHEN new.value = 'bad'
                BEGIN SELECT RAISE(ABORT, 'a bad tag'); END`);
  }
  // Some that are there, some that are new, some that come twice; then all of them once more.
  for (const round of [2, 3]) {
    const expected = new Map(rows(database, "SELECT id, name FROM item") as [number, string][]);
    const coming = items([...ids.slice(150), ...ids.slice(290)], round);
    for (const { id, name } of coming) if (id % 7 !== round) expected.set(id, name);
    const { records } = await load(database, byRule("replace"), coming);
    const bad = coming.filter(({ id }) => id % 7 === round).length;
    expect(records).toMatchObject({ read: 160, rejected: bad });
    expect(new Map(rows(database, "SELECT id, name FROM item") as [number, string][])).toEqual(expected);
    const kept = rows(database, "SELECT item_id, value FROM item_tags ORDER BY item_id, position");
    const lists = [...expected].flatMap(([id, name]) =>
      tags(id, Number(name.split(":")[0])).map((tag) => [id, tag]),
    );
    expect(kept).toEqual(lists.sort(([left], [right]) => Number(left) - Number(right)));
  }
  expect(rejects(database).every(({ code }) => code === "ROW_REFUSED")).toBe(true);
  expect(faultsIn(folder.file(database))).toEqual([]);
});

const types = `{ version: 1, entities: { T: { key: k, rest: false, fields: {
  k: string, i: int, f: float, b: bool, d: date, h: hex, j: json, s: string } } } }`;

test("values are kept as their columns say, and what does not fit costs its record", async () => {
  const database = newName();
  const lines = [
    '{"k":"é\\n\\ud83d\\ude00","i":-9223372036854775808,"f":1.5e300,"b":true,"d":"2024-02-29T23:59:59.9994+01:00","h":"AbCd","j":{"a":[1, 2]},"s":12.50}',
    '{"k":"2","i":9007199254740993,"f":-0,"b":false,"d":1700000000123,"h":"00","j":"text","s":true}',
    '{"k":"3","i":null,"j":null,"d":"0004-02-29"}',
    '{"k":"4","i":9223372036854775808}',
    '{"k":"5","f":1e999}',
    '{"k":"6","d":"2024-02-30"}',
    '{"k":"\\ud800"}',
    '{"k":"8","i":[1,2]}',
    '{"i":1}',
  ].join("\n");
  const { records } = await load(database, types, `${lines}\n`);
  expect(records).toMatchObject({ stored: 3, rejected: 6 });
  const text = "SELECT k, cast(i AS TEXT), f, b, d, h, j, s FROM t ORDER BY rowid";
  expect(rows(database, text)).toEqual([
    [
      "é\n😀",
      "-9223372036854775808",
      1.5e300,
      1,
      "2024-02-29T22:59:59.999Z",
      "abcd",
      '{"a":[1, 2]}',
      "12.50",
    ],
    ["2", "9007199254740993", 0, 0, "2023-11-14T22:13:20.123Z", "00", '"text"', "true"],
    ["3", null, null, null, "0004-02-29T00:00:00.000Z", null, null, null],
  ]);
  const told = rejects(database).map(({ code, record }) => `${record} ${code}`);
  expect(told).toEqual([
    "4 FIELD_TYPE",
    "5 FIELD_TYPE",
    "6 FIELD_TYPE",
    "7 FIELD_TYPE",
    "8 FIELD_TYPE",
    "9 FIELD_MISSING",
  ]);
});

test("members that no field names are kept, however they are written", async () => {
  const database = newName();
  const mapping =
    "{ version: 1, entities: { R: { key: k, fields: { k: int, deep: { type: int, path: a.b } } } } }";
  await load(
    database,
    mapping,
    '{ "k" : 1 , "x\\"" : [ {"}":"]"} , 2 ] ,"a":{"b":3,"c":"d"} , "y" : null }\n{"k":2}\n{"\\u006b":3,"z":"\\\\"}\n',
  );
  expect(rows(database, "SELECT k, deep, rest FROM r ORDER BY k")).toEqual([
    [1, 3, '{"x\\"" : [ {"}":"]"} , 2 ],"a":{"b":3,"c":"d"},"y" : null}'],
    [2, null, null],
    [3, null, '{"z":"\\\\"}'],
  ]);
});

test("a record that the table refuses costs itself alone", { timeout: timeoutMs }, async () => {
  const database = newName();
  using made = openDatabase(folder.file(database));
  made.exec("CREATE TABLE owner (Id INTEGER PRIMARY KEY); INSERT INTO owner VALUES (1), (2)");
  made.exec(
    `CREATE TABLE Pet (ID INTEGER PRIMARY KEY, Name TEXT NOT NULL CHECK (name <> 'x'), Age REAL,
     Owner INTEGER REFERENCES owner, extra TEXT)`,
  );
  const mapping =
    "{ version: 1, entities: { Animal: { key: id, fields: { id: string, name: string, age: int, keeper: { type: int, column: owner } } } } }";
  const all = Array.from({ length: 300 }, (_, id) => ({
    id: String(id),
    name: `n${id}`,
    age: 3,
    keeper: 1 + (id % 2),
  }));
  Object.assign(all[7]!, { name: null });
  Object.assign(all[70]!, { name: "x" });
  Object.assign(all[200]!, { keeper: 9 });
  Object.assign(all[201]!, { id: "two" });
  const { records } = await load(`${database}#pet`, mapping, all);
  expect(records).toMatchObject({ read: 300, stored: 296, rejected: 4 });
  const told = rejects(database).map(({ code, record, reason }) => `${record} ${code} ${reason}`);
  expect(told.sort()).toEqual([
    expect.stringMatching(/^201 ROW_REFUSED .*FOREIGN KEY/),
    expect.stringMatching(/^202 FIELD_TYPE field "id" is not a whole number/),
    expect.stringMatching(/^71 ROW_REFUSED .*CHECK/),
    expect.stringMatching(/^8 ROW_REFUSED .*NOT NULL/),
  ]);
  expect(rows(database, "SELECT typeof(age), count(*) FROM pet GROUP BY 1")).toEqual([["real", 296]]);
});

test("tables that were there are filled one after another, beside those that are made", async () => {
  const database = newName();
  using made = openDatabase(folder.file(database));
  made.exec(
    "CREATE TABLE one (id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE two (id TEXT PRIMARY KEY, b INTEGER)",
  );
  const entity = (name: string, id: string, fields: string) =>
    `{ version: 1, entities: { ${name}: { key: id, fields: { id: ${id}, ${fields} } } } }`;
  await load(`${database}#one`, entity("Row", "int", "a: string"), [{ id: 1, a: "x" }]);
  await load(`${database}#two`, entity("Row", "string", "b: int"), [{ id: "p", b: 2 }]);
  await load(database, entity("Own", "int", "c: int"), [{ id: 7, c: 3 }]);
  await load(`${database}#ONE`, entity("Other", "int", "a: string"), [{ id: 2, a: "y" }]);
  expect(rows(database, "SELECT id, a FROM one")).toEqual([
    [1, "x"],
    [2, "y"],
  ]);
  expect(rows(database, "SELECT id, b FROM two")).toEqual([["p", 2]]);
  expect(sqliteStats(folder.file(database), null).tables).toEqual([{ name: "own", rows: 1 }]);
});

test("strict tables, decimals and names with blanks hold records to what they are", async () => {
  const database = newName();
  using made = openDatabase(folder.file(database));
  made.exec(
    `CREATE TABLE "Strict One" ("The Id" INTEGER PRIMARY KEY, name TEXT, data BLOB, price DECIMAL(8, 2),
       loud TEXT GENERATED ALWAYS AS (upper(name)));
     CREATE TABLE tight (id TEXT PRIMARY KEY, data BLOB) STRICT, WITHOUT ROWID;
     CREATE VIEW seen AS SELECT * FROM tight; CREATE VIRTUAL TABLE words USING fts5(id, data)`,
  );
  const fields = "{ The Id: int, name: string, price: string }";
  const first = `{ version: 1, entities: { Row: { key: The Id, rest: false, fields: ${fields} } } }`;
  const named = [
    { "The Id": 1, name: "a", price: "1.50" },
    { "The Id": 2, name: "b", price: "dear" },
  ];
  expect((await load(`${database}#Strict One`, first, named)).records).toMatchObject({
    stored: 1,
    rejected: 1,
  });
  expect(rows(database, `SELECT * FROM "Strict One"`)).toEqual([[1, "a", null, 1.5, "A"]]);
  const second =
    "{ version: 1, entities: { Row: { key: id, rest: false, fields: { id: string, data: string } } } }";
  const tight = [{ id: "a" }, { id: "b", data: "text" }, { id: "c" }];
  expect((await load(`${database}#tight`, second, tight)).records).toMatchObject({ stored: 2, rejected: 1 });
  expect(rejects(database).map(({ reason }) => reason)).toContainEqual(
    expect.stringContaining("TEXT value in BLOB"),
  );
  for (const [name, kind] of [
    ["seen", "view"],
    ["words", "virtual table"],
  ]) {
    await expect(load(`${database}#${name}`, second, tight)).rejects.toThrow(`"${name}" is a ${kind}`);
  }
});

test("tables that do not fit are told of before anything is written", async () => {
  const database = newName();
  using made = openDatabase(folder.file(database));
  made.exec("CREATE TABLE item (id INTEGER, v INTEGER)");
  const mapping = byRule("keep");
  const refused = (name: string) =>
    load(name, mapping, meetings).then(String, (error) => `${error.code} ${error.message}`);
  expect(await refused(database)).toMatch(/^DATABASE_TABLE .*no import made.*#item/);
  expect(await refused(`${database}#item`)).toMatch(/^DATABASE_TABLE .*no columns name, tags/);
  expect(await refused(`${database}#nothing`)).toMatch(/^DATABASE_TABLE .*there is no table/);
  made.exec("ALTER TABLE item ADD COLUMN name; ALTER TABLE item ADD COLUMN tags");
  expect(await refused(`${database}#item`)).toMatch(/^DATABASE_TABLE .*no unique index on \(id\)/);
  expect(rows(database, "SELECT count(*) FROM item")).toEqual([[0]]);
});

test("a table with more columns than the database takes is told of, and how to have fewer", {
  timeout: timeoutMs,
}, async () => {
  const names = Array.from({ length: 2001 }, (_, at) => `c${at}`);
  folder.write("wide.csv", `${names.join()}\n${names.map((_, at) => at).join()}\n`);
  const database = newName();
  const words = ["wide.csv", "--into", `sqlite:${database}`];
  const { code, error } = await importInto(folder, words);
  expect([code, error]).toEqual([1, expect.stringMatching(/TABLE_TOO_WIDE.* 2001 columns.* 2000 at most/)]);
  folder.write("few.yaml", "{ version: 1, entities: { Wide: { key: c1, fields: { c1: int } } } }");
  expect(await importInto(folder, [...words, "--mapping", "few.yaml"])).toMatchObject({ code: 0 });
  expect(rows(database, "SELECT c1, rest ->> 'c2000' FROM wide")).toHaveLength(1);
});

test("words are found after each import, also when records change and go", {
  timeout: timeoutMs,
}, async () => {
  const database = newName();
  const mapping =
    "{ version: 1, entities: { Doc: { key: k, conflict: replace, deleted: gone, rest: false, fields: { k: string, gone: bool, t: { type: string, index: text } } } } }";
  const found = (word: string) =>
    rows(
      database,
      `SELECT k FROM doc_fts f JOIN doc d ON d.plimsoll_row = f.rowid WHERE doc_fts MATCH '${word}'`,
    ).flat();
  await load(database, mapping, [
    { k: "a", t: "red stone" },
    { k: "b", t: "blue stone" },
    { k: "c", t: "red" },
  ]);
  expect(found("stone").sort()).toEqual(["a", "b"]);
  const { records } = await load(database, mapping, [
    { k: "a", t: "green" },
    { k: "b", gone: "yes" },
    { k: "d", t: "stone" },
  ]);
  expect(records).toMatchObject({ stored: 1, replaced: 1, deleted: 1 });
  expect([found("stone"), found("red"), found("green")]).toEqual([["d"], ["c"], ["a"]]);
  expect(faultsIn(folder.file(database), ["doc_fts"])).toEqual([]);
});

test("the command line: inferred columns, keys by flag, one writer, and the journal as it was", {
  timeout: timeoutMs,
}, async () => {
  const header = "id,Größe,when,note\n";
  const csv = Array.from({ length: 500 }, (_, id) => `${id},${id / 2},2024-01-02,"a, ""b"" ${id}"\n`);
  folder.write("items.csv", header + csv.join(""));
  const first = await importInto(folder, [
    "items.csv",
    "--into",
    "sqlite:items.db",
    "--key",
    "id",
    "--on-conflict",
    "replace",
  ]);
  expect(first.error).toContain("plimsoll stats sqlite:items.db");
  expect(first.report!.records).toMatchObject({ stored: 500 });
  expect(rows("items.db", `SELECT * FROM item WHERE id = 3`)).toEqual([
    [3, 1.5, "2024-01-02T00:00:00.000Z", 'a, "b" 3'],
  ]);
  expect(Object.keys(canonicalDump(folder.file("items.db")))).toEqual(["item"]);
  const words = ["items.csv", "--into", "sqlite:items.db", "--key", "id", "--on-conflict", "replace"];
  const changed = await importInto(folder, [...words, "--fresh", "--offset", "10", "--limit", "5"]);
  expect(changed.report!.records).toMatchObject({ read: 5, replaced: 5 });
  expect(rows("items.db", "PRAGMA journal_mode")).toEqual([["delete"]]);
  expect(existsSync(folder.file("items.db-wal"))).toBe(false);
  const stats = await plimsoll(["stats", "sqlite:items.db", "--json"], { cwd: folder.path });
  expect(JSON.parse(stats.out)).toMatchObject({ tables: [{ name: "item", rows: 500 }], isUnfinished: false });
  const query = await plimsoll(["query", "sqlite:items.db", "--filter", "{}"], { cwd: folder.path });
  expect([query.code, query.error]).toEqual([1, expect.stringContaining("TARGET_NOT_OFFERED")]);
  using other = openDatabase(folder.file("items.db"));
  other.exec("BEGIN IMMEDIATE");
  const locked = await importInto(folder, [...words, "--fresh"]);
  expect([locked.code, locked.error]).toEqual([1, expect.stringContaining("DATABASE_LOCKED")]);
});
