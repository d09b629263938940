import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Kernel } from "../../src/kernel/wasm.js";
import { type ColumnNode, shapeColumns } from "../../src/model/column-rules.js";
import { compileCsvProgram } from "../../src/model/csv-program.js";
import type { FieldType } from "../../src/model/index.js";

/** `skip`: the shape leaves the column out. */
interface CsvColumn {
  name: string;
  type: FieldType | "skip";
}

type Row = { status: number; text: string; column: number; expected: number; found: number; offset: number };

/** The CSV kernel over one text. */
class Reader {
  readonly kernel = new Kernel({ memoryBytes: 4 << 20 });
  readonly #ctx: number;
  readonly #text: number;
  readonly #out: number;

  constructor(columns: readonly CsvColumn[], delimiter = ",") {
    const isKept = (node: ColumnNode) => node.kind === "cell" && columns[node.column]!.type !== "skip";
    const names = columns.map(({ name }, number) =>
      columns[number]!.type === "skip" ? `${name}${number}` : name,
    );
    const nodes = shapeColumns(names, undefined).filter(isKept);
    const types = new Map(columns.map(({ name, type }) => [name, type as FieldType]));
    const typesAt = { at: ([name]: readonly string[]) => types.get(name!) ?? null, below: () => new Map() };
    const program = compileCsvProgram(columns.length, nodes, typesAt, delimiter);
    const address = this.kernel.alloc(program.length);
    this.kernel.u8.set(program, address);
    this.#ctx = this.kernel.alloc(this.kernel.exports.CSV_CONTEXT_BYTES.value);
    const stack = this.kernel.alloc(4096);
    [address, stack, 4096].forEach((value, i) => {
      this.kernel.view.setUint32(this.#ctx + i * 4, value, true);
    });
    this.#text = this.kernel.alloc(1 << 20);
    this.#out = this.kernel.alloc(1 << 20);
  }

  /** Every row of the text; lines and the open end are checked on the way. */
  read(text: string | Uint8Array, outBytes = 1 << 20): Row[] {
    const { exports, u8, view } = this.kernel;
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const end = this.#text + bytes.length;
    u8.set(bytes, this.#text);
    u8.fill([0x2c, 0x22, 0x0a, 0x31][bytes.length % 4]!, end, end + 64);
    const rows: Row[] = [];
    const field = (offset: number) => view.getUint32(this.#ctx + offset, true);
    for (let at = this.#text; at < end; at = field(12)) {
      u8.fill(0xee, this.#out, this.#out + 4096);
      const status = exports.csvRow(this.#ctx, at, end, this.#out, outBytes);
      if (outBytes < 4000)
        expect(new Set(u8.subarray(this.#out + outBytes, this.#out + 4096))).toEqual(new Set([0xee]));
      const next = field(12);
      expect(next).toBeGreaterThan(at);
      expect(field(36)).toBe(u8.subarray(at, next).filter((byte) => byte === 0x0a).length);
      expect(field(40)).toBe(
        next === end && (u8[end - 1] !== 0x0a || status === exports.CSV_QUOTE.value) ? 1 : 0,
      );
      const written = Buffer.from(u8.subarray(this.#out, this.#out + field(16))).toString();
      rows.push({
        status,
        text: written,
        column: field(20),
        expected: field(24),
        found: field(28),
        offset: field(32),
      });
    }
    return rows;
  }
}

const row = 0;
const strings = (count: number): CsvColumn[] =>
  Array.from({ length: count }, (_, i) => ({ name: `c${i}`, type: "string" }));
const one = (type: CsvColumn["type"]) => new Reader([{ name: "v", type }]);
const status = new Reader(strings(1)).kernel.exports;

/** What one cell of a type becomes: JSON text, or the status that refuses it. */
function convert(reader: Reader, cell: string): string | number {
  const [first, ...others] = reader.read(`${cell}\n`);
  expect(others).toEqual([]);
  if (first!.status !== row) return first!.status;
  expect(first!.text.startsWith('{"v":')).toBe(true);
  return first!.text.slice(5, -1);
}

/** The plainest reader of RFC 4180 that can be written, one character at a time. */
function naiveRows(text: string, delimiter: string): { text: string; isQuoted: boolean }[][] {
  const rows: { text: string; isQuoted: boolean }[][] = [];
  let at = 0;
  while (at < text.length) {
    const cells: { text: string; isQuoted: boolean }[] = [];
    for (let isRowDone = false; !isRowDone; ) {
      let cell = "";
      const isQuoted = text[at] === '"';
      if (isQuoted) {
        for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at++) {
          cell += text[at];
          if (text[at] === '"') at += 1;
        }
        at += 1;
      } else {
        while (at < text.length && text[at] !== delimiter && text[at] !== "\n") cell += text[at++];
        if (text[at] !== delimiter && cell.endsWith("\r")) cell = cell.slice(0, -1);
      }
      if (isQuoted && text[at] === "\r" && (text[at + 1] === "\n" || at + 1 === text.length)) at += 1;
      cells.push({ text: cell, isQuoted });
      isRowDone = text[at] !== delimiter;
      at += 1;
    }
    rows.push(cells);
  }
  return rows;
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

const cellText = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    '"',
    '""',
    ",",
    "\n",
    "\r\n",
    "\r",
    " ",
    "é日本\u{1f600}",
    "\\",
    "\u0000\u001f\u007f",
    ";",
    "\t",
  ),
  fc.string(),
  fc
    .array(fc.constantFrom('"', ",", "\n", "\r", "x", "\\", "é", ";"), { maxLength: 40 })
    .map((parts) => parts.join("")),
);

describe("rows of strings", () => {
  it("are what a plain reader makes of them", () => {
    const cells = fc.tuple(cellText, fc.boolean());
    const tables = fc.array(fc.array(cells, { minLength: 3, maxLength: 3 }), { maxLength: 6 });
    const ends = fc.constantFrom("\n", "\r\n");
    fc.assert(
      fc.property(
        tables,
        ends,
        fc.constantFrom(",", ";", "\t"),
        fc.boolean(),
        (table, end, delimiter, isEnded) => {
          const needsQuotes = (text: string) =>
            text.startsWith('"') || [delimiter, "\n", "\r"].some((c) => text.includes(c));
          const lines = table.map((cells) =>
            cells
              .map(([text, isQuoted]) => (isQuoted || needsQuotes(text) ? quoted(text) : text))
              .join(delimiter),
          );
          const text = lines.join(end) + (isEnded && lines.length > 0 ? end : "");
          const rows = new Reader(strings(3), delimiter).read(text);
          const expected = naiveRows(text, delimiter).map((cells) => {
            const members = cells.map(({ text, isQuoted }, i) => [
              `c${i}`,
              text === "" && !isQuoted ? null : text,
            ]);
            return JSON.stringify(Object.fromEntries(members));
          });
          expect(rows.map((read) => read.text)).toEqual(expected);
          expect(rows.map((read) => JSON.parse(read.text))).toEqual(
            table.map((cells) =>
              Object.fromEntries(
                cells.map(([text, isQuoted], i) => [`c${i}`, text === "" && !isQuoted ? null : text]),
              ),
            ),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it("keep quotes in unquoted cells, and escape names", () => {
    const reader = new Reader([
      { name: 'a"b', type: "string" },
      { name: "é", type: "string" },
    ]);
    expect(reader.read('5" disk,x"y"z\n')[0]!.text).toBe('{"a\\"b":"5\\" disk","é":"x\\"y\\"z"}');
  });

  it("leave out skipped columns", () => {
    const skip: CsvColumn = { name: "no", type: "skip" };
    expect(new Reader([skip, { name: "a", type: "int" }, skip]).read("x,1,y")[0]!.text).toBe('{"a":1}');
    expect(new Reader([skip, skip]).read("x,1")[0]!.text).toBe("{}");
  });

  it("skip blank lines", () => {
    const rows = new Reader(strings(2)).read("a,b\n\n\r\nc,d\n\r\n");
    const { CSV_BLANK } = status;
    expect(rows.map((read) => read.status)).toEqual([
      row,
      CSV_BLANK.value,
      CSV_BLANK.value,
      row,
      CSV_BLANK.value,
    ]);
    expect(
      one("string")
        .read('""\n\n""')
        .map((read) => read.status),
    ).toEqual([row, CSV_BLANK.value, row]);
  });
});

describe("types of cells", () => {
  const bad = status.CSV_FIELD_TYPE.value;

  it("string", () => {
    const reader = one("string");
    expect(convert(reader, " a ")).toBe('" a "');
    expect(convert(reader, '""')).toBe('""');
    expect(convert(reader, '"\u0001\b\t\f\u007f/\\"')).toBe(JSON.stringify("\u0001\b\t\f\u007f/\\"));
  });

  it.each([
    ["0", "0"],
    ["-0", "0"],
    ["+7", "7"],
    ["-007", "-7"],
    [" 12\t", "12"],
    ['"12"', "12"],
    ['""', "null"],
    ["  ", "null"],
    ["000", "0"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    ["1.0", bad],
    ["1e3", bad],
    ["-", bad],
    ["+", bad],
    ["--1", bad],
    ["1 2", bad],
    ["x", bad],
    ["١", bad],
  ])("int %j", (cell, expected) => {
    expect(convert(one("int"), cell)).toBe(expected);
  });

  it.each([
    ["1", "1"],
    ["-0.0", "-0.0"],
    [".5", "0.5"],
    ["-.5", "-0.5"],
    ["+1.5", "1.5"],
    ["5.", "5"],
    ["007.50", "7.50"],
    ["1E+5", "1E+5"],
    ["1.e5", "1e5"],
    [".5e-3", "0.5e-3"],
    ["1e400", "1e400"],
    ["1.234567890123456789012345678901234567890", "1.234567890123456789012345678901234567890"],
    [".", bad],
    ["-.", bad],
    ["e5", bad],
    ["1e", bad],
    ["1e+", bad],
    ["1.2.3", bad],
    ["1,5", status.CSV_COLUMNS.value],
    ['"1,5"', bad],
    ["NaN", bad],
    ["Infinity", bad],
    ["0x10", bad],
    ["1 e5", bad],
  ])("float %j", (cell, expected) => {
    expect(convert(one("float"), cell)).toBe(expected);
  });

  it("bool", () => {
    const reader = one("bool");
    for (const cell of ["true", "TRUE", "True", "t", "T", "yes", "Yes", "1", '"1"', " yes "]) {
      expect(convert(reader, cell), cell).toBe("true");
    }
    for (const cell of ["false", "FALSE", "f", "F", "no", "NO", "0"])
      expect(convert(reader, cell), cell).toBe("false");
    for (const cell of ["2", "y", "tru", "truee", "falsey", "\u0011", "\u0010", "yes no"]) {
      expect(convert(reader, cell), cell).toBe(bad);
    }
  });

  it("date and hex", () => {
    for (const type of ["date", "hex"] as const) {
      expect(convert(one(type), "2020-01-02T03:04:05Z")).toBe('"2020-01-02T03:04:05Z"');
      expect(convert(one(type), '" x ""y"" "')).toBe('"x \\"y\\""');
      expect(convert(one(type), '""')).toBe("null");
    }
  });

  it("json", () => {
    const reader = one("json");
    expect(convert(reader, "[1]")).toBe("[1]");
    expect(convert(reader, '"{""a"": ""b\\""c"", ""d"":[ ]}"')).toBe('{"a": "b\\"c", "d":[ ]}');
    expect(convert(reader, '"{\n""a b"" : [1,\r\n 2]}"')).toBe('{"a b":[1,2]}');
    expect(convert(reader, " null ")).toBe("null");
    expect(convert(reader, '""')).toBe("null");
    for (const cell of ["{", "nul", "1 2", '"[1,]"', "é"]) expect(convert(reader, cell), cell).toBe(bad);
  });

  it("are told by column and place when a cell has another", () => {
    const reader = new Reader([
      { name: "a", type: "string" },
      { name: "b", type: "int" },
    ]);
    expect(reader.read("ab,x1\nc,2\n")).toMatchObject([
      { status: bad, column: 1, offset: 3, text: "" },
      { status: row, text: '{"a":"c","b":2}' },
    ]);
  });
});

describe("bad rows", () => {
  const reader = new Reader(strings(2));
  const good = { status: row, text: '{"c0":"y","c1":"z"}' };

  it("with another number of cells are told, and reading goes on", () => {
    expect(reader.read("a\na,b,c\n,,,,\ny,z")).toMatchObject([
      { status: status.CSV_COLUMNS.value, expected: 2, found: 1 },
      { status: status.CSV_COLUMNS.value, expected: 2, found: 3 },
      { status: status.CSV_COLUMNS.value, expected: 2, found: 5 },
      good,
    ]);
  });

  it("with text after a closing quote are told, and reading goes on", () => {
    const { CSV_QUOTE } = status;
    expect(reader.read('"a"b,c\n"a" ,"b"\nx,"a"b"c"\ny,z\n')).toMatchObject([
      { status: CSV_QUOTE.value, offset: 3 },
      { status: CSV_QUOTE.value, offset: 3 },
      { status: CSV_QUOTE.value, offset: 5 },
      good,
    ]);
  });

  it("that leave a quote open are told at the end of the text", () => {
    expect(reader.read('y,z\na,"b\nc,d\n')).toMatchObject([
      good,
      { status: status.CSV_QUOTE.value, offset: 9 },
    ]);
    expect(reader.read('"')).toMatchObject([{ status: status.CSV_QUOTE.value, offset: 1 }]);
    expect(reader.read('a,"""')).toMatchObject([{ status: status.CSV_QUOTE.value, offset: 5 }]);
  });

  it("that are no UTF-8 are told, and reading goes on", () => {
    const bytes = Buffer.concat([Buffer.from("é,"), Buffer.from([0xe9]), Buffer.from("\ny,z\n")]);
    expect(reader.read(bytes)).toMatchObject([{ status: status.CSV_INVALID_UTF8.value, offset: 3 }, good]);
  });

  it("that do not fit are told, and never written beyond the room given", () => {
    const text = `${"é\u0001".repeat(50)},${"x".repeat(100)}\n`;
    const full = reader.read(text)[0]!;
    const bytes = Buffer.byteLength(full.text);
    for (let room = 0; room < bytes; room++) {
      expect(reader.read(text, room)[0]).toMatchObject({ status: status.CSV_OUTPUT_FULL.value, text: "" });
    }
    expect(reader.read(text, bytes + 64)[0]).toEqual(full);
  });
});
