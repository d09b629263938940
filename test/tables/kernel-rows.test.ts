import fc from "fast-check";
import { expect, test } from "vitest";
import { compileMapping, type Mapping } from "../../src/mapping/index.js";
import type { CompiledMapping, FieldType } from "../../src/model/index.js";
import type { LoadReject } from "../../src/pipeline/load-rejects.js";
import type { LoadJob, RowTable } from "../../src/pipeline/record-loader.js";
import {
  compileRowProgram,
  kernelMapping,
  openRowPage,
  planTables,
  type RowForm,
  type RowPage,
  RowWriter,
  type TablePlan,
} from "../../src/tables/index.js";
import { LeafReader } from "../../src/targets/sqlite/leaf-reader.js";
import { RowCursor } from "../../src/targets/sqlite/row-cursor.js";
import { LoaderRig } from "../pipeline/loader-rig.js";

/** What the kernel writes must be what the row writer writes, byte by byte, with the same rejects. */

const types: FieldType[] = ["string", "int", "float", "bool", "date", "hex", "json"];

/** Values as they stand in JSON: of all types, and such as are at the edge of one or beyond it. */
const numbers = fc.oneof(
  fc.constantFrom("0", "-0", "1", "-1", "1.5", "1e3", "-2E-2", "0.1", "5e-324", "1e308", "1e309", "-1e400"),
  fc.constantFrom("9223372036854775807", "9223372036854775808", "-9223372036854775808"),
  fc.constantFrom("-9223372036854775809", "99999999999999999999", "123456789012345678", "-0.0", "1e-400"),
  fc.constantFrom("253402300799999", "253402300800000", "-62135596800000", "-62135596800001", "1e14"),
  fc.maxSafeInteger().map(String),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);
const dates = fc.oneof(
  fc.date({ noInvalidDate: true, min: new Date("0000-01-01"), max: new Date("9999-12-31") }).map((date) => {
    return date.toISOString();
  }),
  fc.constantFrom("2024-02-29", "2023-02-29", "0001-01-01", "0000-12-31", "9999-12-31", "0099-03-01"),
  fc.constantFrom("2024-01-01T24:00", "2024-01-01 07:08", "2024-01-01t07:08:09,1234z", "2024-1-1", "2024"),
  fc.constantFrom("0001-01-01T00:00+01:00", "9999-12-31T23:59-0200", "2024-06-07T08:09:10.5+05:30"),
  fc.constantFrom("1969-12-31T23:59:59.999Z", "1600-02-29T12:00:00.000Z", "1900-03-01"),
);
const plainTexts = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(
    "",
    "x".repeat(127),
    "é".repeat(64),
    "y".repeat(9000),
    'say "so"\n',
    "\u0000",
    "\ud7ff\ue000",
  ),
  fc.stringMatching(/^(?:[0-9a-fA-F]{2}){0,20}$/),
  dates,
);
const rawTexts = fc.constantFrom(
  '"\\ud83d\\ude00"',
  '"\\ud83d"',
  '"\\ude00\\ud83d"',
  '"a\\u0000b\\/\\b"',
  '"2024-01-0\\u0031"',
  '"2024-01-01T0\\u0031:00"',
  '"a\\u0042"',
  `"${"\\u0041".repeat(300)}"`,
);
const rawJson = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom("[1, 2 ,3]", '{ "a" : [ ] }', "[]", '{"b":null}', '[["t","v"],["u"]]'),
);
const tokens = fc.oneof(
  { weight: 3, arbitrary: numbers },
  { weight: 4, arbitrary: plainTexts.map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: rawTexts },
  { weight: 1, arbitrary: rawJson },
  { weight: 2, arbitrary: fc.constantFrom("true", "false", "null") },
);

/** Of a value that its field is likely to take. */
const fitting: Record<string, fc.Arbitrary<string>> = {
  string: plainTexts.map((text) => JSON.stringify(text)),
  int: fc.oneof(fc.maxSafeInteger().map(String), numbers),
  float: numbers,
  bool: fc.constantFrom("true", "false"),
  date: fc.oneof(
    dates.map((text) => JSON.stringify(text)),
    fc.integer().map(String),
  ),
  hex: fc.stringMatching(/^(?:[0-9a-fA-F]{2}){1,20}$/).map((text) => JSON.stringify(text)),
  json: rawJson,
};

interface Field {
  name: string;
  type: FieldType;
  isRequired: boolean;
  isDeep: boolean;
}

const fields = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "d", "e", "f", "name with spaces", "ünïcode"),
    type: fc.constantFrom(...types),
    isRequired: fc.boolean(),
    isDeep: fc.nat(9).map((chance) => chance === 0),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 8 },
);

function mappingOf(chosen: readonly Field[], hasKey: boolean, hasRest = false): CompiledMapping {
  const written = chosen.map(({ name, type, isRequired, isDeep }) => {
    return [
      name,
      { type, ...(isRequired ? { required: true } : {}), ...(isDeep ? { path: `in.${name}` } : {}) },
    ];
  });
  const plain = chosen.find(({ type }) => type !== "json");
  const key = hasKey && plain !== undefined ? { key: plain.name } : {};
  const entity = { ...(hasRest ? {} : { rest: false }), ...key, fields: Object.fromEntries(written) };
  return compileMapping({ version: 1, entities: { Thing: entity } } as Mapping);
}

const others = [
  '"zz":[1,{"a":"}\\"]"}]',
  '"\\u007a" : { "b" : [ ] } ',
  ' "":null',
  '"\\u0061\\u0062":true',
  '"é\\ud800":-1.5e3',
  `"${"\\u0061".repeat(1500)}":"${"long ".repeat(40)}"`,
  '"nested":{"x":"\\\\","y":[[],{}]}',
];

/** A record with some of its fields, now and then one twice, and members that no field names. */
function recordOf(chosen: readonly Field[]): fc.Arbitrary<string> {
  const members = chosen.map(({ name, type, isDeep }) => {
    const value = fc.oneof({ weight: 8, arbitrary: fitting[type]! }, { weight: 1, arbitrary: tokens });
    const member = value.map((token) =>
      isDeep ? `"in":{${JSON.stringify(name)}:${token}}` : `${JSON.stringify(name)}:${token}`,
    );
    const escaped = value.map(
      (token) => `"\\u${name.codePointAt(0)!.toString(16).padStart(4, "0")}${name.slice(1)}":${token}`,
    );
    return fc.oneof(
      { weight: 1, arbitrary: (isDeep ? member : escaped).map((one) => [one]) },
      { weight: 14, arbitrary: member.map((one) => [one]) },
      { weight: 2, arbitrary: fc.constant([] as string[]) },
      { weight: 1, arbitrary: fc.tuple(member, member).map((two) => [...two]) },
    );
  });
  const other = fc.array(fc.constantFrom(...others), { maxLength: 2 });
  return fc.tuple(other, fc.boolean(), ...members).map(([before, isBehind, ...parts]) => {
    const own = parts.flat() as string[];
    return `{${(isBehind ? [...own, ...before] : [...before, ...own]).join(",")}}`;
  });
}

interface Outcome {
  pages: RowPage[];
  rejects: LoadReject[];
  records: number;
}

const rig = new LoaderRig({ rowBytesFixed: 64 + 40 * 8, outputBytes: 1 << 16, inputBytes: 1 << 19 });

function byKernel(
  mapping: CompiledMapping,
  plan: TablePlan,
  form: RowForm,
  job: Omit<LoadJob, "entity" | "bytes" | "firstId"> & { text: string },
): Outcome {
  const entity = kernelMapping(mapping, plan, false).entities[0]!;
  const program = compileRowProgram(entity, plan, form, false);
  expect(program).not.toBeNull();
  const table = { table: plan.tables[0], program } as RowTable;
  const { pages, rejects, result, blocks } = rig.load({ ...job, entity, table, hasNoBlocks: true });
  expect(blocks).toEqual([]);
  return { pages, rejects, records: result.records };
}

function byRowWriter(
  mapping: CompiledMapping,
  plan: TablePlan,
  job: Omit<LoadJob, "entity" | "bytes" | "firstId"> & { text: string },
): Outcome {
  const pages: RowPage[] = [];
  const writer = new RowWriter(mapping, plan, {
    isDeleting: false,
    emit: (group) => {
      for (const { head, bytes } of group) pages.push(openRowPage(head, new Uint8Array(bytes).buffer, 0));
    },
  });
  const entity = kernelMapping(mapping, plan, false).entities[0]!;
  const { rejects, result } = rig.load({ ...job, entity, hasNoBlocks: true }, (view) => writer.write(view));
  writer.flush();
  return { pages, rejects, records: result.records };
}

/** Ordinal and bytes of each row. */
function tuplesOf(pages: readonly RowPage[]): [number, string][] {
  return pages.flatMap((page) =>
    Array.from(page.ordinals, (ordinal, row): [number, string] => [
      ordinal,
      page.rows.toString("hex", page.offsets[row], page.offsets[row + 1]),
    ]),
  );
}

/** Ordinal and values of each row, as they are bound to statements. */
function valuesOf(pages: readonly RowPage[], plan: TablePlan): unknown[][] {
  const rows = new RowCursor(pages, plan.tables[0]!.columns);
  const found: unknown[][] = [];
  while (rows.ordinal < Number.POSITIVE_INFINITY) {
    const values: never[] = [];
    const { ordinal } = rows;
    rows.read(values);
    found.push([ordinal, ...values]);
  }
  return found;
}

function compare(
  mapping: CompiledMapping,
  job: Omit<LoadJob, "entity" | "bytes" | "firstId"> & { text: string },
): void {
  const plan = planTables(mapping, "here");
  const twin = byRowWriter(mapping, plan, job);
  const tuples = byKernel(mapping, plan, "tuples", job);
  expect(tuples.rejects).toEqual(twin.rejects);
  expect(tuples.records).toBe(twin.records);
  expect(tuplesOf(tuples.pages)).toEqual(tuplesOf(twin.pages));
  const leaves = byKernel(mapping, plan, "leaf", job);
  expect(leaves.rejects).toEqual(twin.rejects);
  expect(leaves.records).toBe(twin.records);
  expect(valuesOf(leaves.pages, plan)).toEqual(valuesOf(twin.pages, plan));
}

test("rows of JSON are those of the row writer, whatever the mapping and the records", () => {
  const cases = fc
    .tuple(fields, fc.boolean())
    .chain(([chosen, hasKey]) =>
      fc.tuple(fc.constant({ chosen, hasKey }), fc.array(recordOf(chosen), { maxLength: 12, size: "max" })),
    );
  fc.assert(
    fc.property(cases, fc.boolean(), fc.boolean(), ([{ chosen, hasKey }, records], isArray, mayRest) => {
      const mapping = mappingOf(chosen, hasKey, mayRest && !chosen.some(({ isDeep }) => isDeep));
      const text = isArray ? records.join(",") : records.map((record) => `${record}\n`).join("");
      compare(mapping, { format: isArray ? "json" : "jsonl", header: null, text });
    }),
    { numRuns: 200 },
  );
}, 60_000);

test("rows of CSV are those of the row writer", () => {
  const cell = fc.oneof(numbers, dates, plainTexts, fc.constantFrom("", " 7 ", "TRUE", "no", "[1, 2]"));
  const cases = fields.chain((chosen) => {
    const flat = chosen.map((field) => ({ ...field, isDeep: false }));
    const row = fc.tuple(...flat.map(() => cell));
    return fc.tuple(fc.constant(flat), fc.array(row, { maxLength: 12, size: "max" }));
  });
  fc.assert(
    fc.property(cases, ([chosen, rows]) => {
      const header = { columns: chosen.map(({ name }) => name), delimiter: "," };
      const quoted = (text: string) => (/^[\w.+-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);
      const text = rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");
      compare(mappingOf(chosen, false), { format: "csv", header, text });
    }),
    { numRuns: 200 },
  );
}, 60_000);

test("pages end at their bounds, and a row that no leaf holds is a page of its own", () => {
  const mapping = mappingOf([{ name: "a", type: "string", isRequired: false, isDeep: false }], false);
  const lengths = [
    1,
    40_000,
    40_000,
    66_000,
    3,
    65_300,
    200_000,
    ...Array<number>(6000).fill(9),
    100,
    30_000,
  ];
  const text = lengths.map((length, at) => `{"a":"${String(at % 10).repeat(length)}"}\n`).join("");
  const frames = text.slice(0, 1 << 19);
  compare(mapping, { format: "jsonl", header: null, text: frames });
  const plan = planTables(mapping, "here");
  const { pages } = byKernel(mapping, plan, "leaf", { format: "jsonl", header: null, text: frames });
  const forms = pages.map(({ form, count }) => `${form} ${count > 1 ? "many" : 1}`);
  expect(forms.slice(0, 6)).toEqual(["leaf many", "leaf 1", "tuples 1", "leaf 1", "tuples 1", "tuples 1"]);
});

test("values of a leaf are read where rows must go one by one", () => {
  const mapping = mappingOf([{ name: "a", type: "int", isRequired: false, isDeep: false }], false);
  const plan = planTables(mapping, "here");
  const text = '{"a":9223372036854775807}\n{"a":-3}\n{}\n';
  const { pages } = byKernel(mapping, plan, "leaf", { format: "jsonl", header: null, text });
  const reader = new LeafReader(pages[0]!);
  const found = [2, 0, 1].map((row) => {
    reader.openRow(row);
    return reader.read();
  });
  expect(found).toEqual([null, 2n ** 63n - 1n, -3n]);
});

test("what a column of one value cannot say is left to the row writer", () => {
  const programOf = (entity: object, isDeleting = false) => {
    const mapping = compileMapping({ version: 1, entities: { Thing: entity } } as Mapping);
    const plan = planTables(mapping, "here");
    return compileRowProgram(
      kernelMapping(mapping, plan, isDeleting).entities[0]!,
      plan,
      "tuples",
      isDeleting,
    );
  };
  const id = { id: "int" };
  expect(programOf({ key: "id", rest: false, fields: id })).not.toBeNull();
  expect(programOf({ key: "id", rest: false, fields: id }, true)).toBeNull();
  expect(programOf({ key: "id", fields: id })).not.toBeNull();
  const deep = { type: "string", path: "in.a" };
  expect(programOf({ key: "id", rest: false, fields: { ...id, deep } })).not.toBeNull();
  expect(programOf({ key: "id", fields: { ...id, deep } })).toBeNull();
  expect(programOf({ key: "id", rest: false, deleted: "gone", fields: { ...id, gone: "bool" } })).toBeNull();
  const tags = { type: "string", list: true };
  expect(programOf({ key: "id", rest: false, fields: { ...id, tags } })).toBeNull();
  const nested = { a: "json", b: { type: "string", path: "a.b" } };
  expect(programOf({ key: "id", rest: false, fields: { ...id, ...nested } })).toBeNull();
});
