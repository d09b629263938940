import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ColumnType,
  openRowPage,
  RowPageWriter,
  RowReader,
  type RowValue,
} from "../../src/tables/index.js";

type Cell = { type: ColumnType; value: RowValue };

const texts = fc.string({ unit: "grapheme", maxLength: 80 });
const cells: fc.Arbitrary<Cell> = fc.oneof(
  texts.map((value): Cell => ({ type: "text", value })),
  texts.map((value): Cell => ({ type: "json", value: JSON.stringify(value) })),
  fc.maxSafeInteger().map((value): Cell => ({ type: "int", value: value === 0 ? 0 : value })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): Cell => ({ type: "int", value })),
  fc.double({ noNaN: true }).map((value): Cell => ({ type: "float", value })),
  fc.boolean().map((value): Cell => ({ type: "bool", value })),
  fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }).map(
    (value): Cell => ({
      type: "date",
      value,
    }),
  ),
  fc
    .constantFrom<ColumnType>("text", "int", "float", "bool", "date", "json")
    .map((type): Cell => ({ type, value: null })),
);

function put(writer: RowPageWriter, { type, value }: Cell): void {
  if (value === null) writer.putNull();
  else if (typeof value === "bigint") writer.putBigInt(value);
  else if (typeof value === "boolean") writer.putBool(value);
  else if (typeof value === "number" && type === "float") writer.putFloat(value);
  else if (typeof value === "number" && type === "date") writer.putDate(value);
  else if (typeof value === "number") writer.putInt(value);
  else {
    // In the middle of something else, as a value stands in its record.
    const bytes = Buffer.from(`<<${value}>>`);
    if (type === "json") writer.putJson(bytes, 2, bytes.length - 2);
    else writer.putText(bytes, 2, bytes.length - 2);
  }
}

/** As a page is read: integers that a number holds are numbers. */
function expected({ type, value }: Cell): RowValue {
  const isExact = typeof value === "bigint" && Number.isSafeInteger(Number(value));
  return type === "int" && isExact ? Number(value) : value;
}

function roundTrip(writer: RowPageWriter) {
  const { head, bytes } = writer.take();
  const output = new ArrayBuffer(8 + bytes.length);
  new Uint8Array(output, 8).set(bytes);
  return openRowPage(head, output, 8);
}

test("rows come out of a page as they went in, records taken back apart", () => {
  const writer = new RowPageWriter(3, false);
  const records = fc.array(fc.record({ row: fc.array(cells, { maxLength: 9 }), isDropped: fc.boolean() }), {
    maxLength: 150,
  });
  fc.assert(
    fc.property(records, (all) => {
      all.forEach(({ row, isDropped }, ordinal) => {
        writer.beginRow(ordinal, row.length);
        for (const cell of row) put(writer, cell);
        if (isDropped) writer.dropRowsOf(ordinal);
      });
      const page = roundTrip(writer);
      const kept = all.map((record, ordinal) => ({ ...record, ordinal })).filter((one) => !one.isDropped);
      expect([page.table, page.isTombstones, page.count]).toEqual([3, false, kept.length]);
      expect([...page.ordinals]).toEqual(kept.map(({ ordinal }) => ordinal));
      const reader = new RowReader(page);
      kept.forEach(({ row }, at) => {
        expect(reader.openRow(at)).toBe(row.length);
        expect(row.map(({ type }) => reader.read(type))).toEqual(row.map(expected));
      });
    }),
    { numRuns: 60 },
  );
});

test("the bytes are those of PostgreSQL's binary format", () => {
  const writer = new RowPageWriter(0, false);
  writer.beginRow(7, 7);
  writer.putText(Buffer.from("é"), 0, 2);
  writer.putInt(-2);
  writer.putFloat(1.5);
  writer.putBool(true);
  writer.putDate(Date.UTC(2000, 0, 1) + 1);
  writer.putJson(Buffer.from("[1]"), 0, 3);
  writer.putNull();
  expect(roundTrip(writer).rows.toString("hex")).toBe(
    "0007" +
      "00000002c3a9" +
      "00000008fffffffffffffffe" +
      "000000083ff8000000000000" +
      "0000000101" +
      "0000000800000000000003e8" +
      "00000004015b315d" +
      "ffffffff",
  );
});
