import zlib from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { SourceCursor } from "../../src/ports/index.js";
import { resolveSources } from "../../src/sources/index.js";
import { decimalText } from "../../src/sources/parquet/value-text.js";
import { parquetBytes, withMetadata } from "./parquet-files.js";
import { compress, missing, pieces, testFolder } from "./subjects.js";

const folder = testFolder();
afterAll(folder.remove);

interface ReadOptions {
  cursor?: SourceCursor | null;
  skipRecords?: number;
  bufferBytes?: number;
  recordsMax?: number;
}

/** The lines of a file, the rejects on the way and the cursor behind each frame. */
async function readParquet(file: string, options: ReadOptions = {}) {
  const [source] = await resolveSources([file], { cwd: folder.path });
  expect(source!.format).toBe("parquet");
  const { cursor = null, skipRecords = 0, recordsMax, bufferBytes = 4096 } = options;
  const signal = new AbortController().signal;
  await using session = await source!.open({ cursor, skipRecords, recordBytesMax: 1 << 20, signal });
  const lines: string[] = [];
  const rejects: { code: string; reason: string; record: number | undefined }[] = [];
  const cursors: SourceCursor[] = [];
  for (;;) {
    const read = await session.read(
      new Uint8Array(bufferBytes),
      (bytes) => new Uint8Array(bytes),
      recordsMax,
    );
    if (read === null) break;
    const { frame, buffer } = read;
    const text = Buffer.from(buffer.subarray(0, frame.length)).toString();
    if (text !== "") lines.push(...text.trimEnd().split("\n"));
    expect(frame.records - frame.rejects.length).toBe(text === "" ? 0 : text.trimEnd().split("\n").length);
    for (const { code, reason, place } of frame.rejects) rejects.push({ code, reason, record: place.record });
    cursors.push(frame.cursorAfter);
  }
  return { lines, rejects, cursors };
}

async function linesOf(options: Parameters<typeof parquetBytes>[0]): Promise<string[]> {
  return (await readParquet(folder.write("one.parquet", parquetBytes(options)))).lines;
}

const required = { repetition_type: "REQUIRED" } as const;
const optional = { repetition_type: "OPTIONAL" } as const;

describe("values", () => {
  test("of numbers are exact, whatever their size", async () => {
    const big = [2n ** 63n - 1n, -(2n ** 63n), 0n];
    const lines = await linesOf({
      columnData: [
        { name: "big", data: big },
        { name: "unsigned", data: [2n ** 64n - 1n, 1n, 0n] },
        { name: "int", data: [1, -2_147_483_648, null] },
        { name: "float", data: [0.1, 16_777_216, Number.NaN] },
        { name: "double", data: [0.1, -0, Number.POSITIVE_INFINITY] },
        { name: "bool", data: [true, false, null] },
      ],
      schema: [
        { name: "root", num_children: 6 },
        { name: "big", type: "INT64", ...required },
        { name: "unsigned", type: "INT64", converted_type: "UINT_64", ...required },
        { name: "int", type: "INT32", ...optional },
        { name: "float", type: "FLOAT", ...required },
        { name: "double", type: "DOUBLE", ...required },
        { name: "bool", type: "BOOLEAN", ...optional },
      ],
    });
    expect(lines).toEqual([
      '{"big":9223372036854775807,"unsigned":18446744073709551615,"int":1,"float":0.1,"double":0.1,"bool":true}',
      '{"big":-9223372036854775808,"unsigned":1,"int":-2147483648,"float":16777216,"double":-0.0,"bool":false}',
      '{"big":0,"unsigned":0,"int":null,"float":null,"double":1e999,"bool":null}',
    ]);
  });

  test("of decimals have the digits that are stored", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
        fc.integer({ min: 0, max: 40 }),
        (value, scale) => {
          const text = decimalText(value, scale);
          expect(text).toMatch(/^-?(0|[1-9]\d*)(\.\d+)?$/);
          const [whole, part = ""] = text.replace("-", "").split(".") as [string, string?];
          expect(part.length).toBe(scale);
          const magnitude = BigInt(whole + part);
          expect(text.startsWith("-") ? -magnitude : magnitude).toBe(value);
        },
      ),
    );
  });

  test("of decimals, dates, times and bytes go by their logical types", async () => {
    const bytes = (...list: number[]) => Uint8Array.from(list);
    const lines = await linesOf({
      columnData: [
        { name: "price", data: [1050n, -5n] },
        { name: "wide", data: [bytes(255, 255, 254), bytes(1, 0, 0)] },
        { name: "day", data: [new Date("2024-02-29"), new Date("1969-12-31")] },
        { name: "at", data: [1_700_000_000_123_456n, -1n] },
        { name: "local", data: [1_700_000_000_123_456_789n, 0n] },
        { name: "time", data: [86_399_999, 0] },
        { name: "raw", data: [bytes(255, 0), bytes()] },
        {
          name: "id",
          data: [bytes(...Array.from({ length: 16 }, (_, i) => i)), bytes(...new Array(16).fill(255))],
        },
        { name: "json", data: [{ a: [1] }, "x"] },
      ],
      schema: [
        { name: "root", num_children: 9 },
        { name: "price", type: "INT32", converted_type: "DECIMAL", precision: 9, scale: 2, ...required },
        {
          name: "wide",
          type: "FIXED_LEN_BYTE_ARRAY",
          type_length: 3,
          logical_type: { type: "DECIMAL", precision: 6, scale: 0 },
          ...required,
        },
        { name: "day", type: "INT32", converted_type: "DATE", ...required },
        {
          name: "at",
          type: "INT64",
          logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
          ...required,
        },
        {
          name: "local",
          type: "INT64",
          logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "NANOS" },
          ...required,
        },
        {
          name: "time",
          type: "INT32",
          logical_type: { type: "TIME", isAdjustedToUTC: true, unit: "MILLIS" },
          ...required,
        },
        { name: "raw", type: "BYTE_ARRAY", ...required },
        {
          name: "id",
          type: "FIXED_LEN_BYTE_ARRAY",
          type_length: 16,
          logical_type: { type: "UUID" },
          ...required,
        },
        { name: "json", type: "BYTE_ARRAY", converted_type: "JSON", ...required },
      ],
    } as never);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { day: "2024-02-29", time: "23:59:59.999", raw: "/wA=", json: { a: [1] } },
      { day: "1969-12-31", time: "00:00:00.000", raw: "", json: "x" },
    ]);
    expect(lines[0]).toContain('"price":10.50,"wide":-2,');
    expect(lines[1]).toContain('"price":-0.05,"wide":65536,');
    expect(lines[0]).toContain('"at":"2023-11-14T22:13:20.123456Z","local":"2023-11-14T22:13:20.123456789"');
    expect(lines[1]).toContain('"at":"1969-12-31T23:59:59.999999Z","local":"1970-01-01T00:00:00.000000000"');
    expect(lines[0]).toContain('"id":"00010203-0405-0607-0809-0a0b0c0d0e0f"');
  });
});

const list = (name: string, type: object) => [
  { name, converted_type: "LIST", num_children: 1, ...optional },
  { name: "list", num_children: 1, repetition_type: "REPEATED" },
  { name: "element", ...type, ...optional },
];
const nestedSchema = [
  { name: "root", num_children: 5 },
  { name: "id", type: "INT32", ...required },
  ...list("tags", { type: "BYTE_ARRAY", converted_type: "UTF8" }),
  { name: "prices", converted_type: "MAP", num_children: 1, ...optional },
  { name: "key_value", num_children: 2, repetition_type: "REPEATED" },
  { name: "key", type: "BYTE_ARRAY", converted_type: "UTF8", ...required },
  { name: "value", type: "INT64", ...optional },
  { name: "size", num_children: 2, ...optional },
  { name: "width", type: "INT32", ...required },
  { name: "unit", type: "BYTE_ARRAY", converted_type: "UTF8", ...optional },
  { name: "parts", converted_type: "LIST", num_children: 1, ...optional },
  { name: "list", num_children: 1, repetition_type: "REPEATED" },
  { name: "element", num_children: 2, ...optional },
  { name: "sku", type: "BYTE_ARRAY", converted_type: "UTF8", ...required },
  ...list("colors", { type: "BYTE_ARRAY", converted_type: "UTF8" }),
];

interface Nested {
  id: number;
  tags: (string | null)[] | null;
  prices: Record<string, bigint | null> | null;
  size: { width: number; unit: string | null } | null;
  parts: ({ sku: string; colors: (string | null)[] | null } | null)[] | null;
}

function nestedFile(records: readonly Nested[], options: object = {}): Buffer {
  const names = ["id", "tags", "prices", "size", "parts"] as const;
  const columnData = names.map((name) => ({ name, data: records.map((record) => record[name]) }));
  return parquetBytes({ columnData, schema: nestedSchema, ...options } as never);
}

const plain = (record: Nested) =>
  JSON.parse(JSON.stringify(record, (_key, value) => (typeof value === "bigint" ? Number(value) : value)));

test("times as Impala and Spark wrote them: nanoseconds of a day of 12 bytes, by the days of Julius", async () => {
  const at = (nanoseconds: bigint, day: number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeBigInt64LE(nanoseconds, 0);
    bytes.writeUInt32LE(day, 8);
    return bytes;
  };
  const file = parquetBytes({
    columnData: [
      { name: "at", data: [at(1_000_000_001n, 2_458_850), at(86_399_999_999_999n, 2_440_587), null] },
    ],
    schema: [
      { name: "root", num_children: 1 },
      { name: "at", type: "FIXED_LEN_BYTE_ARRAY", type_length: 12, ...optional },
    ],
  });
  const ofSpark = withMetadata(file, ({ schema, row_groups: groups }) => {
    Object.assign(schema[1]!, { type: "INT96", type_length: undefined });
    Object.assign(groups[0]!.columns[0]!.meta_data!, { type: "INT96", statistics: undefined });
  });
  expect((await readParquet(folder.write("spark.parquet", ofSpark))).lines).toEqual([
    '{"at":"2020-01-01T00:00:01.000000001"}',
    '{"at":"1969-12-31T23:59:59.999999999"}',
    '{"at":null}',
  ]);
});

describe("what nests", () => {
  const word = fc.constantFrom("a", "", "é", "1", "__proto__", 'x"y', "constructor", "b".repeat(30));
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
  const some = <T>(value: fc.Arbitrary<T>) => fc.array(value, { maxLength: 3 });
  const record: fc.Arbitrary<Nested> = fc.record({
    id: fc.integer({ min: 0, max: 9 }),
    tags: maybe(some(maybe(word))),
    prices: maybe(
      fc.dictionary(word, maybe(fc.bigInt({ min: 0n, max: 99n })), { maxKeys: 3, noNullPrototype: true }),
    ),
    size: maybe(fc.record({ width: fc.integer({ min: 0, max: 9 }), unit: maybe(word) })),
    parts: maybe(some(maybe(fc.record({ sku: word, colors: maybe(some(maybe(word))) })))),
  });

  test("lists, maps and structures, null or empty at any depth, over borders of pages and groups", async () => {
    const files = fc.tuple(
      fc.array(record, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
    );
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.integer({ min: 1, max: 300 }),
        fc.nat(50),
        async ([records, rows], pageSize, skip) => {
          const file = folder.write("nested.parquet", nestedFile(records, { rowGroupSize: rows, pageSize }));
          const { lines } = await readParquet(file);
          expect(lines.map((line) => JSON.parse(line))).toEqual(records.map(plain));
          const rest = await readParquet(file, { skipRecords: skip });
          expect(rest.lines).toEqual(lines.slice(skip));
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe("files", () => {
  const count = 5000;
  const records = Array.from({ length: count }, (_, id) => ({
    id,
    name: `name ${id % 97}`,
    text: id % 3 === 0 ? null : `${"text ".repeat(id % 7)}${id}`,
  }));
  const columnData = [
    { name: "id", type: "INT32" as const, data: records.map(({ id }) => id) },
    { name: "name", type: "STRING" as const, data: records.map(({ name }) => name) },
    { name: "text", type: "STRING" as const, nullable: true, data: records.map(({ text }) => text) },
  ];
  const expected = records.map((record) => JSON.stringify(record));
  const compressors = {
    GZIP: (input: Uint8Array) => zlib.gzipSync(input),
    BROTLI: (input: Uint8Array) => zlib.brotliCompressSync(input),
    LZ4: (input: Uint8Array) => inHadoopFrame(input, lz4Block(input)),
    LZ4_RAW: lz4Block,
  };

  test.each(["UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI", "LZ4", "LZ4_RAW"] as const)(
    "compressed by %s",
    async (codec) => {
      expect(await linesOf({ columnData, codec, compressors, rowGroupSize: 2000, pageSize: 4096 })).toEqual(
        expected,
      );
    },
  );

  test.skipIf(missing("zstd") !== null)("compressed by ZSTD", async () => {
    const ZSTD = (input: Uint8Array) => compress(Buffer.from(input), "zstd");
    expect(await linesOf({ columnData, codec: "ZSTD", compressors: { ZSTD }, rowGroupSize: 2500 })).toEqual(
      expected,
    );
  });

  test("of many groups, and of groups without rows", async () => {
    expect(await linesOf({ columnData, rowGroupSize: 10 })).toEqual(expected);
    const none = columnData.map((column) => ({ ...column, data: [] }));
    expect(await linesOf({ columnData: none })).toEqual([]);
    // Arrow writes a group for a table without rows, whose columns have a dictionary of nothing and no page.
    const emptied = withMetadata(
      parquetBytes({ columnData, rowGroupSize: count }),
      ({ row_groups: groups }) => {
        groups[0]!.num_rows = 0n;
        for (const { meta_data: chunk } of groups[0]!.columns) {
          Object.assign(chunk!, { num_values: 0n, dictionary_page_offset: 4n, data_page_offset: 0n });
        }
      },
    );
    expect((await readParquet(folder.write("none.parquet", emptied))).lines).toEqual([]);
  });

  test.each([
    ["id", "DELTA_BINARY_PACKED"],
    ["text", "DELTA_BYTE_ARRAY"],
    ["text", "DELTA_LENGTH_BYTE_ARRAY"],
    ["name", "PLAIN"],
    ["name", "RLE_DICTIONARY"],
  ] as const)("with column %s as %s", async (name, encoding) => {
    const encoded = columnData.map((column) => (column.name === name ? { ...column, encoding } : column));
    expect(await linesOf({ columnData: encoded, pageSize: 4096 })).toEqual(expected);
  });

  test("go on at any row, and pass over any number of rows", async () => {
    const file = folder.write(
      "rows.parquet",
      parquetBytes({ columnData, rowGroupSize: 700, pageSize: 2048 }),
    );
    const { lines, cursors } = await readParquet(file, { bufferBytes: 20_000 });
    expect(lines).toEqual(expected);
    for (const cursor of cursors.slice(1, -1).filter((_, index) => index % 4 === 0)) {
      expect((await readParquet(file, { cursor })).lines).toEqual(expected.slice(cursor.record));
      const later = await readParquet(file, { cursor, skipRecords: 777 });
      expect(later.lines).toEqual(expected.slice(cursor.record + 777));
    }
    expect((await readParquet(file, { skipRecords: 4999, recordsMax: 1 })).lines).toEqual(
      expected.slice(4999),
    );
  });

  test("a text that is not UTF-8 costs its row", async () => {
    const bytes = (text: string) => Buffer.from(text, "latin1");
    const file = folder.write(
      "latin.parquet",
      parquetBytes({
        columnData: [{ name: "name", data: [bytes("ok"), bytes("caf\xe9"), bytes("so")] }],
        schema: [
          { name: "root", num_children: 1 },
          { name: "name", type: "BYTE_ARRAY", logical_type: { type: "STRING" }, ...required },
        ],
      }),
    );
    const { lines, rejects } = await readParquet(file);
    expect(lines).toEqual(['{"name":"ok"}', '{"name":"so"}']);
    expect(rejects).toEqual([
      { code: "INVALID_UTF8", reason: 'column "name" holds bytes that are not UTF-8', record: 2 },
    ]);
  });

  test("that are cut, encrypted, compressed as a whole or streams are told", async () => {
    const whole = parquetBytes({ columnData });
    const opened = (name: string, bytes: Uint8Array) => readParquet(folder.write(name, bytes));
    await expect(opened("cut.parquet", whole.subarray(0, -9))).rejects.toMatchObject({
      code: "PARQUET_UNSUPPORTED",
    });
    await expect(opened("short.parquet", Buffer.from("PAR1"))).rejects.toMatchObject({
      code: "PARQUET_UNSUPPORTED",
    });
    const encrypted = Buffer.concat([whole.subarray(0, -4), Buffer.from("PARE")]);
    await expect(opened("secret.parquet", encrypted)).rejects.toThrow("encrypted");
    await expect(opened("whole.parquet.gz", zlib.gzipSync(whole))).rejects.toThrow("compressed as a whole");
    await expect(resolveSources(["-"], { cwd: folder.path, stdin: pieces(whole, 1000) })).rejects.toThrow(
      "stream",
    );
    const length = Buffer.from(whole);
    length.writeUInt32LE(whole.length, whole.length - 8);
    await expect(opened("footer.parquet", length)).rejects.toMatchObject({ code: "SOURCE_DAMAGED" });
  });

  test("whatever byte is hurt: rows, or a condition with a code", async () => {
    const small = parquetBytes({
      columnData: columnData.map((column) => ({ ...column, data: column.data.slice(0, 300) })),
      pageSize: 512,
    } as never);
    await fc.assert(
      fc.asyncProperty(fc.nat(small.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const hurt = Buffer.from(small);
        hurt[at]! ^= mask;
        try {
          const { lines } = await readParquet(folder.write("hurt.parquet", hurt));
          for (const line of lines) JSON.parse(line);
        } catch (error) {
          // A first byte that is hurt makes it no Parquet, which is text then or nothing.
          if (at < 4 && !("code" in (error as object))) return;
          expect((error as { code?: string }).code).toMatch(/^(SOURCE_DAMAGED|PARQUET_|FORMAT_UNKNOWN)/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** A block of LZ4 that holds everything as it is. */
/** How Hadoop wrote LZ4: both sizes, the larger end first, before each block. */
function inHadoopFrame(input: Uint8Array, block: Uint8Array): Uint8Array {
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32BE(input.length, 0);
  sizes.writeUInt32BE(block.length, 4);
  return Buffer.concat([sizes, block]);
}

function lz4Block(input: Uint8Array): Uint8Array {
  if (input.length < 15) return Buffer.concat([Uint8Array.of(input.length << 4), input]);
  const more = input.length - 15;
  const lengths = Buffer.alloc(Math.floor(more / 255) + 1, 255);
  lengths[lengths.length - 1] = more % 255;
  return Buffer.concat([Uint8Array.of(0xf0), lengths, input]);
}
