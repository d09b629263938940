import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Kernel } from "../../src/kernel/wasm.js";
import { type ColumnRules, shapeColumns } from "../../src/model/column-rules.js";
import { compileCsvProgram } from "../../src/model/csv-program.js";
import type { FieldType } from "../../src/model/index.js";

const kernel = new Kernel({ memoryBytes: 4 << 20 });
const { exports, u8, view } = kernel;
const [programAt, stack, textAt, outAt] = [1 << 16, 4096, 1 << 16, 1 << 16].map((bytes) =>
  kernel.alloc(bytes),
);
const context = kernel.alloc(exports.CSV_CONTEXT_BYTES.value);

/** The first row of a text as the kernel writes it; null when it turns the row down. */
function readRow(
  columns: string[],
  rules: ColumnRules,
  text: string,
  types: Record<string, FieldType> = {},
  outBytes = 1 << 16,
): { json: string | null; column: number } {
  const paths = new Map(Object.entries(types).map(([path, type]) => [path, type]));
  const program = compileCsvProgram(
    columns.length,
    shapeColumns(columns, rules),
    {
      at: (path) => paths.get(path.join("/")) ?? null,
      below: (path) => {
        const isBelow = (name: string) => name.split("/").slice(0, -1).join("/") === path.join("/");
        const below = [...paths].filter(([name]) => isBelow(name));
        return new Map(below.map(([name, type]) => [name.split("/").at(-1)!, type]));
      },
    },
    ",",
  );
  u8.set(program, programAt);
  [programAt!, stack!, 4096].forEach((word, i) => {
    view.setUint32(context + i * 4, word, true);
  });
  const bytes = new TextEncoder().encode(text);
  u8.set(bytes, textAt!);
  const status = exports.csvRow(context, textAt!, textAt! + bytes.length, outAt!, outBytes);
  const written = view.getUint32(context + 16, true);
  const json = Buffer.from(u8.subarray(outAt!, outAt! + written)).toString();
  return { json: status === exports.CSV_ROW.value ? json : null, column: view.getUint32(context + 20, true) };
}

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;

describe("localised columns", () => {
  it("become members of one object, wherever they stand", () => {
    const columns = ["sku", "name.en_US", "stock", "name.de_DE", "url"];
    const types = { stock: "int", "name/de_DE": "string" } as const;
    const { json } = readRow(columns, { localised: true }, 'A,"a ""chair""",7,Stuhl,\n', types);
    expect(json).toBe('{"sku":"A","name":{"en_US":"a \\"chair\\"","de_DE":"Stuhl"},"stock":7,"url":null}');
  });

  it("are those of a list, where one is given", () => {
    const rules = { localised: ["en", "x"] };
    const { json } = readRow(["a.en", "b.en_US", "a.x"], rules, "1,2,3\n");
    expect(json).toBe('{"a":{"en":"1","x":"3"},"b.en_US":"2"}');
  });

  it("stay members of their own beside a column of their name", () => {
    const { json } = readRow(["name", "name.en_US", "data.volume"], { localised: true }, "1,2,3\n");
    expect(json).toBe('{"name":"1","name.en_US":"2","data.volume":"3"}');
  });
});

describe("numbered pairs", () => {
  const rules: ColumnRules = {
    localised: true,
    pairs: { attributes: { key: "attribute_key_*", value: "value_*" } },
  };
  const columns = ["sku", "attribute_key_1", "value_1", "attribute_key_2", "value_2"];
  const local = ["attribute_key_1.en_US", "value_1.en_US"];

  it("become one object; what is empty is left out", () => {
    expect(readRow(columns, rules, "A,color,red,size,XL\n").json).toBe(
      '{"sku":"A","attributes":{"color":"red","size":"XL"}}',
    );
    expect(readRow(columns, rules, "A,,,size,\n").json).toBe('{"sku":"A","attributes":{"size":null}}');
    expect(readRow(columns, rules, "A,,,,\n").json).toBe('{"sku":"A","attributes":{}}');
  });

  it("of a locale become an object of the locale", () => {
    const { json } = readRow([...columns, ...local], rules, "A,color,red,,,farbe,rot\n");
    expect(json).toBe('{"sku":"A","attributes":{"en_US":{"farbe":"rot"},"color":"red"}}');
  });

  it("have values of the type of the field that they fill", () => {
    const types = { "attributes/weight": "float", "attributes/size": "int" } as const;
    expect(readRow(columns, rules, "A,weight,.5,size,042\n", types).json).toBe(
      '{"sku":"A","attributes":{"weight":0.5,"size":42}}',
    );
    expect(readRow(columns, rules, "A,weight,.5,size,XL\n", types)).toEqual({ json: null, column: 4 });
  });

  it("are turned down when a name comes twice, however it is quoted", () => {
    expect(readRow(columns, rules, "A,color,red,color,blue\n")).toEqual({ json: null, column: 3 });
    expect(readRow(columns, rules, 'A,"a""b",1,"a""b",2\n').json).toBe(null);
    expect(readRow(columns, rules, 'A,a"b,1,"a""b",2\n').json).toBe(null);
    expect(readRow(columns, rules, 'A,a,1,"a""",2\n').json).toBe(
      '{"sku":"A","attributes":{"a":"1","a\\"":"2"}}',
    );
    expect(readRow([...columns, ...local], rules, "A,en_US,red,,,farbe,rot\n").json).toBe(null);
    expect(readRow(columns, rules, "A,,,,\n").json).not.toBe(null);
  });

  it("without a partner stay columns", () => {
    expect(readRow(["attribute_key_1", "value_2"], rules, "a,b\n").json).toBe(
      '{"attribute_key_1":"a","value_2":"b"}',
    );
  });
});

describe("lists", () => {
  it("are split at their separator, blanks and empty parts left out", () => {
    const rules = { lists: { tags: ";", sizes: "|" }, localised: true } as const;
    const types = { sizes: "int" } as const;
    const columns = ["tags", "sizes"];
    expect(readRow(columns, rules, 'a; b ;;"c",1|02\n', types).json).toBe(
      '{"tags":["a","b","\\"c\\""],"sizes":[1,2]}',
    );
    expect(readRow(columns, rules, '"x""y;z",\n', types).json).toBe('{"tags":["x\\"y","z"],"sizes":null}');
    expect(readRow(columns, rules, ";,1|x\n", types)).toEqual({ json: null, column: 1 });
    expect(readRow(["tags.en_US"], rules, "a;b\n").json).toBe('{"tags":{"en_US":["a","b"]}}');
  });
});

/** The plainest way to make a record of named cells. */
function naiveRecord(columns: string[], cells: string[]): Record<string, unknown> | null {
  const record: Record<string, Record<string, unknown>> = {};
  const put = (object: Record<string, unknown>, name: string, value: unknown): boolean => {
    if (Object.hasOwn(object, name)) return false;
    // As JSON.parse does it: `__proto__` is a name like others.
    Object.defineProperty(object, name, { value, enumerable: true });
    return true;
  };
  const cellOf = (name: string) => cells[columns.indexOf(name)]!;
  const locals: [string, string, string][] = [];
  for (const [index, column] of columns.entries()) {
    const [base, locale] = column.split(".") as [string, string?];
    const cell = cells[index]!;
    const key = /^k(\d)$/.exec(base);
    if (key !== null) {
      record.pairs ??= {};
      if (locale !== undefined) record.pairs[locale] ??= {};
      const value = cellOf(column.replace("k", "v"));
      if (cell !== "" || value !== "") locals.push([locale ?? "", cell, value]);
    } else if (/^v\d/.test(base)) continue;
    else if (locale !== undefined) {
      record[base] ??= {};
      record[base][locale] = cell === "" ? null : cell;
    } else if (base === "list") {
      const parts = cell.split(";").map((part) => part.trim());
      record.list = (cell === "" ? null : parts.filter((part) => part !== "")) as never;
    } else record[base] = (cell === "" ? null : cell) as never;
  }
  for (const [locale, name, value] of locals) {
    const owner = locale === "" ? record.pairs! : (record.pairs![locale] as Record<string, unknown>);
    if (!put(owner, name, value === "" ? null : value)) return null;
  }
  return record;
}

it("any table is what a plain reader makes of it", () => {
  const header = fc.uniqueArray(
    fc.constantFrom(
      "sku",
      "name.en_US",
      "name.de_DE",
      "list",
      "url.en_US",
      "k1",
      "k2",
      "k1.en_US",
      "k2.en_US",
    ),
    {
      minLength: 1,
    },
  );
  const cell = fc.oneof(
    fc.constantFrom(
      "",
      "",
      "a",
      "b",
      ";",
      "a;b",
      '"',
      'a"b',
      "en_US",
      "x ;é",
      "日本;\u{1f600}",
      "\\",
      "__proto__",
    ),
    fc.string({ maxLength: 40 }).map((text) => text.replace(/[\r\n\t]/g, "").trim()),
  );
  const rules: ColumnRules = {
    localised: true,
    lists: { list: ";" },
    pairs: { pairs: { key: "k*", value: "v*" } },
  };
  const table = header.chain((names) => {
    const columns = names.flatMap((name) => (name.startsWith("k") ? [name, name.replace("k", "v")] : [name]));
    return fc.tuple(
      fc.constant(columns),
      fc.array(cell, { minLength: columns.length, maxLength: columns.length }),
      fc.boolean(),
    );
  });
  fc.assert(
    fc.property(table, ([columns, cells, isQuoted]) => {
      const needsQuotes = (text: string) => text !== "" && (isQuoted || /^"|,/.test(text));
      const line = cells.map((text) => (needsQuotes(text) ? quoted(text) : text)).join(",");
      fc.pre(line !== "");
      const { json } = readRow(columns, rules, `${line}\n`);
      const expected = naiveRecord(columns, cells);
      expect(json === null ? null : JSON.parse(json)).toEqual(expected);
      if (json === null) return;
      // Too little room is told, and nothing is written behind it.
      const room = Math.floor(json.length / 2);
      u8.fill(0xee, outAt! + room, outAt! + room + 64);
      expect(readRow(columns, rules, `${line}\n`, {}, room).json).toBe(null);
      expect(new Set(u8.subarray(outAt! + room, outAt! + room + 64))).toEqual(new Set([0xee]));
    }),
    { numRuns: 1000 },
  );
});
