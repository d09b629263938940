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
  /** The same file without the fault; null when there is nothing to mend. */
  mended: Buffer | null;
  /** What is exported in the end: these, and the mended record. */
  stored: string[];
  mendedRecord: string | null;
  /** What it is found by, and what it is not found by. */
  found?: { by: string; notBy: string | null };
}

type Bytes = string | Buffer;

const csvHeader = "id,name,n\n";
const rowOf = { jsonl: (id: number) => json(id), json: (id: number) => json(id), csv: (id: number) => `${id},r${id},${id}0` };

export function json(id: number, name = `r${id}`): string {
  return `{"id":${id},"name":"${name}","n":${id}0}`;
}

const bytesOf = (...parts: Bytes[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));

/** A file of the given records, one a line in every format. */
function fileOf(format: Format, records: Bytes[]): Buffer {
  const lineEnd = format === "json" ? ",\n" : "\n";
  const body = records.flatMap((record, at) => (at === 0 ? [record] : [lineEnd, record]));
  if (format === "json") return bytesOf("[", ...body, "]\n");
  return bytesOf(format === "csv" ? csvHeader : "", ...body, "\n");
}

/** All that is read well, though it looks odd: the same three records. */
function oddities(): BadInput[] {
  const good = (name: string, format: Format, content: Buffer): BadInput => ({
    name,
    format,
    content,
    read: 3,
    reject: null,
    mended: null,
    exported: [json(1), json(2), json(3)],
    found: [{ n: { gte: 20 } }, 2],
  });
  return formats.flatMap((format) => {
    const rows = [1, 2, 3].map(rowOf[format]);
    const whole = fileOf(format, rows);
    const text = whole.toString();
    return [
      good("no-final-newline", format, bytesOf(text.trimEnd())),
      good("empty-lines", format, bytesOf(`${text.replaceAll("\n", "\n\n")}\n\n`)),
      good("leading-empty-lines", format, bytesOf(`\n\r\n${text}`)),
      good("byte-order-mark", format, bytesOf("\ufeff", whole)),
      good("crlf", format, bytesOf(text.replaceAll("\n", "\r\n"))),
      good("crlf-no-final-newline", format, bytesOf(text.replaceAll("\n", "\r\n").trimEnd())),
    ];
  });
}

interface Bad {
  name: string;
  code: string;
  reason: RegExp;
  /** The bad record, as each format writes it; the formats that can have it. */
  records: Partial<Record<Format, Bytes>>;
}

const raw = (...bytes: number[]) => Buffer.from(bytes);

const bads: Bad[] = [
  {
    name: "invalid-utf8",
    code: "INVALID_UTF8",
    reason: /from byte \d+ on are not UTF-8/,
    records: both((name) => bytesOf(...name("caf", raw(0xe9)))),
  },
  {
    name: "raw-surrogate",
    code: "INVALID_UTF8",
    reason: /not UTF-8/,
    records: both((name) => bytesOf(...name("x", raw(0xed, 0xa0, 0x80)))),
  },
  {
    name: "overlong-utf8",
    code: "INVALID_UTF8",
    reason: /not UTF-8/,
    records: both((name) => bytesOf(...name("x", raw(0xc0, 0xaf)))),
  },
  {
    name: "control-character",
    code: "JSON_SYNTAX",
    reason: /0x01.*control character/,
    records: jsonOnly('{"id":2,"name":"a\u0001b","n":20}'),
  },
  {
    name: "missing-key",
    code: "KEY_MISSING",
    reason: /key field "id" is null or absent/,
    records: { ...jsonOnly('{"name":"r2","n":20}'), csv: ",r2,20" },
  },
  {
    name: "null-key",
    code: "KEY_MISSING",
    reason: /key field "id" is null or absent/,
    records: jsonOnly('{"id":null,"name":"r2","n":20}'),
  },
  {
    name: "wrong-type",
    code: "FIELD_TYPE",
    reason: /"n" must be an integer/,
    records: { ...jsonOnly('{"id":2,"name":"r2","n":"many"}'), csv: "2,r2,many" },
  },
  {
    name: "fraction-for-integer",
    code: "FIELD_TYPE",
    reason: /"n" must be an integer/,
    records: { ...jsonOnly('{"id":2,"name":"r2","n":2.5}'), csv: "2,r2,2.5" },
  },
  { name: "not-json", code: "JSON_SYNTAX", reason: /byte/, records: jsonOnly('{"id":2,"name":r2,"n":20}') },
  { name: "not-an-object", code: "NOT_OBJECT", reason: /./, records: jsonOnly("[2]") },
  { name: "few-columns", code: "CSV_COLUMNS", reason: /columns/, records: { csv: "2,r2" } },
  { name: "many-columns", code: "CSV_COLUMNS", reason: /columns/, records: { csv: "2,r2,20,more" } },
  { name: "text-after-quote", code: "CSV_QUOTE", reason: /quoted cell/, records: { csv: '2,"r"2,20' } },
];

function jsonOnly(record: string): { jsonl: string; json: string } {
  return { jsonl: record, json: record };
}

function both(make: (name: (...name: Bytes[]) => Bytes[]) => Buffer): Record<Format, Buffer> {
  const asJson = make((...name) => ['{"id":2,"name":"', ...name, '","n":20}']);
  return { jsonl: asJson, json: asJson, csv: make((...name) => ["2,", ...name, ",20"]) };
}

/** One bad record between two good ones. */
function badAmongGood(): BadInput[] {
  return bads.flatMap(({ name, code, reason, records }) =>
    formats.flatMap((format) => {
      const record = records[format];
      if (record === undefined) return [];
      const [first, second, third] = [1, 2, 3].map(rowOf[format]) as [string, string, string];
      const content = fileOf(format, [first, record, third]);
      const bytes = bytesOf(record);
      const line = format === "csv" ? 3 : 2;
      return {
        name,
        format,
        content,
        read: 3,
        reject: { line, record: 2, offset: content.indexOf(bytes), code, reason, bytes },
        mended: fileOf(format, [first, second, third]),
        exported: [json(1), json(3), json(2)],
      };
    }),
  );
}

/** The last record is cut off. */
function truncated(): BadInput[] {
  const cuts = {
    jsonl: { cut: '{"id":2,"na', code: "JSON_SYNTAX", reason: /unexpected end at byte 11/ },
    json: { cut: '{"id":2,"na', code: "JSON_SYNTAX", reason: /unexpected end at byte 11/ },
    csv: { cut: '2,"r', code: "CSV_QUOTE", reason: /ends within the quotes/ },
  };
  return formats.map((format) => {
    const { cut, code, reason } = cuts[format];
    const rows = [1, 2].map(rowOf[format]) as [string, string];
    const whole = fileOf(format, [rows[0], cut]).toString();
    const content = bytesOf(whole.slice(0, whole.indexOf(cut) + cut.length));
    const line = format === "csv" ? 3 : 2;
    const offset = content.indexOf(cut);
    return {
      name: "truncated",
      format,
      content,
      read: 2,
      reject: { line, record: 2, offset, code, reason, bytes: bytesOf(cut) },
      mended: fileOf(format, rows),
      exported: [json(1), json(2)],
    };
  });
}

/** Records that `JSON.parse` accepts are stored with their own bytes. */
function accepted(): BadInput[] {
  const nested = `{"id":2,"name":"r2","n":20,"deep":${"[".repeat(1e5)}${"]".repeat(1e5)}}`;
  const objects = `{"id":2,"name":"r2","n":20,"deep":${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}}`;
  const records: Record<string, { record: string; found: [object, number] }> = {
    "surrogate-escape": { record: '{"id":2,"name":"\\ud800","n":20}', found: [{ name: "\ud800" }, 1] },
    "nested-arrays": { record: nested, found: [{ n: { eq: 20 } }, 1] },
    "nested-objects": { record: objects, found: [{ n: { eq: 20 } }, 1] },
    "duplicate-members": { record: '{"id":9,"n":1,"id":2,"name":"a","name":"b","n":20}', found: [{ name: "b" }, 1] },
    "duplicate-members-first": { record: '{"id":2,"name":"a","n":1,"name":"b"}', found: [{ name: "a" }, 0] },
  };
  const inJson = Object.entries(records).flatMap(([name, { record, found }]) =>
    (["jsonl", "json"] as const).map((format) => ({
      name,
      format,
      content: fileOf(format, [json(1), record, json(3)]),
      read: 3,
      reject: null,
      mended: null,
      exported: [json(1), record, json(3)],
      found,
    })),
  );
  const control: BadInput = {
    name: "control-character",
    format: "csv",
    content: fileOf("csv", ["1,a\u0001b,10"]),
    read: 1,
    reject: null,
    mended: null,
    exported: ['{"id":1,"name":"a\\u0001b","n":10}'],
    found: [{ name: "a\u0001b" }, 1],
  };
  return [...inJson, control];
}

export const badInputs: BadInput[] = [...oddities(), ...truncated(), ...badAmongGood(), ...accepted()];
