import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { openRowPage, RowPageWriter, type TablePlan } from "../../../src/tables/index.js";
import { Connection } from "../../../src/targets/sqlite/connection.js";
import { defaultDriver } from "../../../src/targets/sqlite/driver.js";
import { Staging, stagedRows } from "../../../src/targets/sqlite/staging.js";
import { makeFolder } from "../../support/cli.js";

const folder = makeFolder();
afterAll(folder.remove);

const types = ["int", "text", "float", "bool", "date", "json"] as const;
const columns = types.map((type) => ({ name: type, type, references: null }));
const plan: TablePlan = {
  tables: [
    {
      kind: "entity",
      number: 0,
      entity: 0,
      name: "t",
      columns,
      slots: [0, 1, 2, 3, 4, 5],
      key: [],
      conflict: { kind: "keep" },
      version: null,
      hasTombstones: false,
      lists: [],
      indexed: [],
      text: [],
    },
  ],
};

const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 4 });
const row = fc.tuple(
  orNull(fc.maxSafeInteger().map((value) => (value === 0 ? 0 : value))),
  orNull(fc.string({ unit: "grapheme", maxLength: 200 })),
  orNull(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))),
  orNull(fc.boolean()),
  orNull(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 })),
  orNull(fc.string({ maxLength: 20 }).map((value) => JSON.stringify(value))),
);

type Row = [number | null, string | null, number | null, boolean | null, number | null, string | null];

function pageOf(rows: readonly Row[]) {
  const writer = new RowPageWriter(0, false);
  rows.forEach(([int, text, float, bool, date, json], ordinal) => {
    writer.beginRow(ordinal, types.length);
    const put = <T>(value: T | null, write: (value: T) => void) => {
      if (value === null) writer.putNull();
      else write(value);
    };
    put(int, (value) => writer.putInt(value));
    put(text, (value) => writer.putText(Buffer.from(value), 0, Buffer.byteLength(value)));
    put(float, (value) => writer.putFloat(value));
    put(bool, (value) => writer.putBool(value));
    put(date, (value) => writer.putDate(value));
    put(json, (value) => writer.putJson(Buffer.from(value), 0, Buffer.byteLength(value)));
  });
  const { head, bytes } = writer.take();
  const output = new ArrayBuffer(bytes.length);
  new Uint8Array(output).set(bytes);
  return openRowPage(head, output, 0);
}

function asRead([int, text, float, bool, date, json]: Row): unknown[] {
  const day = date === null ? null : new Date(date).toISOString();
  return [int, text, float, bool === null ? null : Number(bool), day, json];
}

test("rows that are laid down by the page are read as they are, whatever lay there before", {
  timeout: 60_000,
}, () => {
  const connection = new Connection({
    path: folder.file("a.db"),
    driver: defaultDriver(),
    cacheBytes: 1 << 20,
  });
  const staging = Staging.open(connection, plan)!;
  expect(staging).not.toBeNull();
  connection.begin();
  const read = connection.statement(stagedRows(0, types.length));
  const lists = fc.array(row, { minLength: 1, maxLength: 300, size: "max" });
  fc.assert(
    fc.property(lists, fc.nat(20), (rows, skip) => {
      const from = Math.min(skip, rows.length - 1);
      const { first, count } = staging.put(pageOf(rows), from, rows.length);
      expect(count).toBeGreaterThan(0);
      const found = (read.all([first, first + count - 1]) as object[]).map((one) => Object.values(one));
      expect(found).toEqual(rows.slice(from, from + count).map(asRead));
    }),
    { numRuns: 60 },
  );
  connection.close();
});

test("what a page has no room for is left, and a row larger than it too", () => {
  const connection = new Connection({
    path: folder.file("b.db"),
    driver: defaultDriver(),
    cacheBytes: 1 << 20,
  });
  const staging = Staging.open(connection, plan)!;
  connection.begin();
  const large = "x".repeat(20_000);
  const rows = [large, large, large, large].map((text): Row => [1, text, null, null, null, null]);
  expect(staging.put(pageOf(rows), 0, 4).count).toBe(3);
  expect(staging.put(pageOf(rows), 3, 4).count).toBe(1);
  expect(staging.put(pageOf([[1, "y".repeat(70_000), null, null, null, null]]), 0, 1).count).toBe(0);
  connection.close();
});
