import { expect, test } from "vitest";
import { compileMapping, type Mapping } from "../../src/mapping/index.js";
import { nostrMapping } from "../../src/presets/nostr.js";
import { plainName, planTables, type TablePlan } from "../../src/tables/index.js";

function planOf(entities: Mapping["entities"]): TablePlan {
  return planTables(compileMapping({ version: 1, entities }), "here");
}

/** A table in one line: name(column type -> table.column, ...) and what else there is. */
function lines({ tables }: TablePlan): string[] {
  return tables.map((table) => {
    const columns = table.columns.map(({ name, type, references }) => {
      if (references === null) return `${name} ${type}`;
      const target = tables[references.table]!;
      return `${name} ${type} -> ${target.name}.${target.columns[references.column]!.name}`;
    });
    return `${table.name}(${columns.join(", ")})`;
  });
}

test("an entity is a table, a field a column, a list a table of its own", () => {
  const plan = planOf({
    Publisher: { key: "name", rest: false, fields: { name: "string" } },
    Comic: {
      key: "path",
      conflict: "newest:seen",
      fields: {
        path: "string",
        seen: "date",
        pages: { type: "int", index: "range" },
        publisher: { type: "string", link: "Publisher" },
        tags: { type: "string", list: true, index: "exact" },
        summary: { type: "string", index: "text" },
        credits: "json",
      },
    },
  });
  expect(lines(plan)).toEqual([
    "publisher(name text)",
    "comic(path text, seen date, pages int, publisher text -> publisher.name, summary text, credits json, rest json)",
    "comic_tags(comic_path text -> comic.path, position int, value text)",
  ]);
  expect(plan.tables[1]).toMatchObject({
    key: [0],
    version: 1,
    lists: [2],
    indexed: [2, 3],
    text: [4],
    slots: [0, 1, 2, 3, 5, 6, null],
  });
});

test("a link has the type of the key that it holds, through keys that are links", () => {
  const plan = planOf({
    C: { key: "b", rest: false, fields: { b: { type: "string", link: "B" } } },
    B: {
      key: "a",
      rest: false,
      fields: { a: { type: "string", link: "A" }, more: { type: "int", list: true } },
    },
    A: { key: "id", rest: false, fields: { id: "int" } },
  });
  expect(lines(plan)).toEqual([
    "c(b int -> b.a)",
    "b(a int -> a.id)",
    "a(id int)",
    "b_more(b_a int -> b.a, position int, value int)",
  ]);
});

test("lists of records without a key are JSON, and links to what is not there are plain columns", () => {
  const plan = planOf({
    Log: {
      rest: false,
      fields: { words: { type: "string", list: true }, who: { type: "string", link: "User" } },
    },
  });
  expect(lines(plan)).toEqual(["log(words json, who text)"]);
});

test("names are those that need no quotes, and no two are alike", () => {
  expect(["Größe", "a.b", "sqlite_x", "plimsoll_state"].map(plainName)).toEqual([
    "gr__e",
    "a_b",
    "t_sqlite_x",
    "t_plimsoll_state",
  ]);
  const long = "x".repeat(100);
  const plan = planOf({
    Order: { fields: { ID: "int", id: "int", rest: "int", [long]: "int", [`${long}y`]: "int" } },
    order: { rest: false, fields: { a: { type: "int", column: "B" } } },
  });
  expect(lines(plan)).toEqual([
    `order(id int, id_2 int, rest_2 int, ${"x".repeat(63)} int, ${"x".repeat(61)}_2 int, rest json)`,
    "order_2(b int)",
  ]);
});

test("entities with rules of their own are refused", () => {
  expect(() => planTables(compileMapping(nostrMapping()), "here")).toThrow(
    expect.objectContaining({ code: "TARGET_RULES" }),
  );
});
