export const formats = ["jsonl", "csv", "json"] as const;
export type Format = (typeof formats)[number];

export const itemMapping = `
version: 1
entities:
  Item:
    key: id
    fields:
      id: int
      name: { type: string, index: exact }
      n: { type: int, index: range }
`;

export interface ExpectedReject {
  line: number;
  record: number;
  offset: number;
  code: string;
  reason: RegExp;
  /** The record as it stands in the source. */
  bytes: Buffer;
}

export interface BadInput {
  name: string;
  format: Format;
  content: Buffer;
  read: number;
  reject: ExpectedReject | null;
  /** The file without the fault, and the record that is stored then. */
  mended: { content: Buffer; record: string } | null;
  /** What is exported of the file as it is. */
  stored: string[];
  /** Names by which one record is found, and none. */
  found?: { by: string; notBy?: string };
}

type Bytes = string | Buffer;
type Row = (id: number) => string;

const csvHeader = "id,name,n\n";
export const jsonRow: Row = (id) => `{"id":${id},"name":"r${id}","n":${id}0}`;
const rowOf: Record<Format, Row> = { jsonl: jsonRow, json: jsonRow, csv: (id) => `${id},r${id},${id}0` };

let cases = 0;

/** Every file has ids of its own. */
function newIds(): [number, number, number] {
  cases += 1;
  return [cases * 10 + 1, cases * 10 + 2, cases * 10 + 3];
}

const bytesOf = (...parts: Bytes[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));

/** Puts the record's number for ID and its tenfold for TEN. */
function numbered(record: Bytes, id: number): Buffer {
  const text = bytesOf(record).toString("latin1");
  return Buffer.from(text.replaceAll("ID", `${id}`).replaceAll("TEN", `${id}0`), "latin1");
}

/** A file of the given records, one a line in every format. */
function fileOf(format: Format, records: Bytes[]): Buffer {
  const lineEnd = format === "json" ? ",\n" : "\n";
  const body = records.flatMap((record, at) => (at === 0 ? [record] : [lineEnd, record]));
  if (format === "json") return bytesOf("[", ...body, "]\n");
  return bytesOf(format === "csv" ? csvHeader : "", ...body, "\n");
}

const lineOf = (format: Format, record: number) => (format === "csv" ? record + 1 : record);

/** What looks odd and is read well: three records each. */
const oddities: Record<string, (text: string) => string> = {
  "no-final-newline": (text) => text.trimEnd(),
  "empty-lines": (text) => `${text.replaceAll("\n", "\n\n")}\n\n`,
  "leading-empty-lines": (text) => `\n\r\n${text}`,
  "byte-order-mark": (text) => `\ufeff${text}`,
  crlf: (text) => text.replaceAll("\n", "\r\n"),
  "crlf-no-final-newline": (text) => text.replaceAll("\n", "\r\n").trimEnd(),
};

function oddInputs(): BadInput[] {
  return Object.entries(oddities).flatMap(([name, change]) =>
    formats.map((format) => {
      const ids = newIds();
      const content = bytesOf(change(fileOf(format, ids.map(rowOf[format])).toString()));
      return { name, format, content, read: 3, reject: null, mended: null, stored: ids.map(jsonRow) };
    }),
  );
}

interface Bad {
  name: string;
  code: string;
  reason: RegExp;
  /** The bad record, as the formats that can have it write it. */
  records: Partial<Record<Format, Bytes>>;
}

const inJson = (record: string) => ({ jsonl: record, json: record });

function inName(...name: Bytes[]): Record<Format, Buffer> {
  const json = bytesOf('{"id":ID,"name":"', ...name, '","n":TEN}');
  return { jsonl: json, json, csv: bytesOf("ID,", ...name, ",TEN") };
}

const keyMissing = { code: "KEY_MISSING", reason: /^the key field "id" is null or absent$/ };
const notInteger = { code: "FIELD_TYPE", reason: /"n" must be an integer$/ };
const notUtf8 = { code: "INVALID_UTF8", reason: /^the bytes from byte \d+ on are not UTF-8$/ };
const columns = { code: "CSV_COLUMNS", reason: /^the header has 3 columns and this row [24]$/ };

const bads: Bad[] = [
  { name: "invalid-utf8", ...notUtf8, records: inName("caf", Buffer.of(0xe9)) },
  { name: "raw-surrogate", ...notUtf8, records: inName("x", Buffer.of(0xed, 0xa0, 0x80)) },
  { name: "overlong-utf8", ...notUtf8, records: inName("x", Buffer.of(0xc0, 0xaf)) },
  {
    name: "control-character",
    code: "JSON_SYNTAX",
    reason: /^unexpected byte 0x01 at byte \d+: .*control character/,
    records: inJson('{"id":ID,"name":"a\u0001b","n":TEN}'),
  },
  { name: "missing-key", ...keyMissing, records: { ...inJson('{"name":"r","n":TEN}'), csv: ",r,TEN" } },
  { name: "null-key", ...keyMissing, records: inJson('{"id":null,"name":"r","n":TEN}') },
  {
    name: "wrong-type",
    ...notInteger,
    records: { ...inJson('{"id":ID,"name":"r","n":"many"}'), csv: "ID,r,many" },
  },
  {
    name: "fraction",
    ...notInteger,
    records: { ...inJson('{"id":ID,"name":"r","n":2.5}'), csv: "ID,r,2.5" },
  },
  {
    name: "not-json",
    code: "JSON_SYNTAX",
    reason: /^unexpected byte 0x72 at byte \d+/,
    records: inJson('{"id":ID,"name":r,"n":TEN}'),
  },
  { name: "not-an-object", code: "NOT_OBJECT", reason: /./, records: inJson("[ID]") },
  { name: "few-columns", ...columns, records: { csv: "ID,r" } },
  { name: "many-columns", ...columns, records: { csv: "ID,r,TEN,more" } },
  { name: "text-after-quote", code: "CSV_QUOTE", reason: /quoted cell/, records: { csv: 'ID,"r"2,TEN' } },
];

/** One bad record between two good ones costs only itself. */
function badAmongGood({ name, code, reason, records }: Bad): BadInput[] {
  return formats.flatMap((format) => {
    const record = records[format];
    if (record === undefined) return [];
    const ids = newIds();
    const [first, second, third] = ids.map(rowOf[format]) as [string, string, string];
    const bytes = numbered(record, ids[1]);
    const content = fileOf(format, [first, bytes, third]);
    const line = lineOf(format, 2);
    return {
      name,
      format,
      content,
      read: 3,
      reject: { line, record: 2, offset: content.indexOf(bytes), code, reason, bytes },
      mended: { content: fileOf(format, [first, second, third]), record: jsonRow(ids[1]) },
      stored: [jsonRow(ids[0]), jsonRow(ids[2])],
    };
  });
}

const cutInString = {
  cut: '{"id":ID,"na',
  code: "JSON_SYNTAX",
  reason: /^unexpected end at byte \d+: a string/,
};
const cuts = {
  jsonl: cutInString,
  json: cutInString,
  csv: { cut: 'ID,"r', code: "CSV_QUOTE", reason: /^the file ends within the quotes$/ },
};

/** The last record is cut off. */
function truncated(format: Format): BadInput {
  const ids = newIds();
  const { code, reason } = cuts[format];
  const bytes = numbered(cuts[format].cut, ids[1]);
  const whole = fileOf(format, [rowOf[format](ids[0]), bytes]);
  const offset = whole.indexOf(bytes);
  // A quote that is never closed is the place, and not the row that it is in.
  const at = offset + (format === "csv" ? bytes.indexOf('"') : 0);
  return {
    name: "truncated",
    format,
    content: whole.subarray(0, offset + bytes.length),
    read: 2,
    reject: { line: lineOf(format, 2), record: 2, offset: at, code, reason, bytes },
    mended: { content: fileOf(format, ids.slice(0, 2).map(rowOf[format])), record: jsonRow(ids[1]) },
    stored: [jsonRow(ids[0])],
  };
}

/** An array that ends between two elements. */
function unclosedArray(): BadInput {
  const ids = newIds();
  const [first, second, third] = ids.map(jsonRow) as [string, string, string];
  const content = bytesOf(`[${first},\n${second}`);
  const reason = /^the input ends before the array is closed$/;
  const place = { line: 2, record: 3, offset: content.length };
  return {
    name: "unclosed-array",
    format: "json",
    content,
    read: 3,
    reject: { ...place, code: "RECORD_TRUNCATED", reason, bytes: Buffer.alloc(0) },
    mended: { content: fileOf("json", [first, second, third]), record: third },
    stored: [first, second],
  };
}

const deepArrays = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
const deepObjects = `${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}`;

/** What `JSON.parse` accepts is stored with its own bytes. */
const accepted: Record<string, { record: string; found: NonNullable<BadInput["found"]> }> = {
  "surrogate-escape": { record: '{"id":ID,"name":"\\ud800","n":20}', found: { by: "\ud800" } },
  "nested-arrays": { record: `{"id":ID,"deep":${deepArrays},"name":"arrays"}`, found: { by: "arrays" } },
  "nested-objects": { record: `{"id":ID,"deep":${deepObjects},"name":"objects"}`, found: { by: "objects" } },
  "duplicate-members": {
    record: '{"id":9,"n":"x","id":ID,"name":"former","name":"latter","n":20}',
    found: { by: "latter", notBy: "former" },
  },
};

function acceptedInputs(): BadInput[] {
  const given = { read: 3, reject: null, mended: null };
  const inputs = Object.entries(accepted).flatMap(([name, { record, found }]) =>
    (["jsonl", "json"] as const).map((format) => {
      const ids = newIds();
      const records = [jsonRow(ids[0]), numbered(record, ids[1]).toString("latin1"), jsonRow(ids[2])];
      return { name, format, content: fileOf(format, records), ...given, stored: records, found };
    }),
  );
  const [id] = newIds();
  const control: BadInput = {
    name: "control-character",
    format: "csv",
    content: fileOf("csv", [`${id},a\u0001b,10`]),
    ...given,
    read: 1,
    stored: [`{"id":${id},"name":"a\\u0001b","n":10}`],
    found: { by: "a\u0001b" },
  };
  return [...inputs, control];
}

export const badInputs: BadInput[] = [
  ...oddInputs(),
  ...formats.map(truncated),
  unclosedArray(),
  ...bads.flatMap(badAmongGood),
  ...acceptedInputs(),
];
