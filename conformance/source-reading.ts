import assert from "node:assert/strict";
import type {
  Frame,
  Source,
  SourceCursor,
  SourceFormat,
  SourceRead,
  SourceSession,
} from "../src/ports/index.js";
import type { SuiteRecord } from "./source.js";

export interface ReadOptions {
  cursor?: SourceCursor | null;
  recordBytesMax?: number;
  bufferBytes?: number;
  recordsMax?: number;
  skipRecords?: number;
  signal?: AbortSignal;
}

export interface ReadFrame {
  frame: Frame;
  bytes: Uint8Array;
  records: SuiteRecord[];
}

export const recordBytesMax = 64 * 1024;

export async function openSource(source: Source, options: ReadOptions = {}): Promise<SourceSession> {
  return source.open({
    cursor: options.cursor ?? null,
    recordBytesMax: options.recordBytesMax ?? recordBytesMax,
    signal: options.signal ?? new AbortController().signal,
    ...(options.skipRecords === undefined ? {} : { skipRecords: options.skipRecords }),
  });
}

/** One read, with what the port promises of a frame held against it. */
export async function readFrame(
  session: SourceSession,
  source: Source,
  options: ReadOptions = {},
): Promise<ReadFrame | null> {
  const bytesMax = options.recordBytesMax ?? recordBytesMax;
  const grow = (bytes: number) => {
    assert.ok(bytes <= bytesMax, `grow was asked for ${bytes} bytes, beyond recordBytesMax`);
    return new Uint8Array(bytes);
  };
  const read = await session.read(new Uint8Array(options.bufferBytes ?? 4096), grow, options.recordsMax);
  return read === null ? null : decoded(read, source.format);
}

function decoded({ frame, buffer }: SourceRead, format: SourceFormat): ReadFrame {
  assert.ok(frame.length <= buffer.length, "the frame is longer than its buffer");
  const bytes = buffer.slice(0, frame.length);
  const records = recordsOf(frame, bytes, format);
  assert.equal(records.length, frame.records - frame.rejects.length, "the count of records is wrong");
  return { frame, bytes, records };
}

/** Everything that a source holds, frame by frame. */
export async function readAll(source: Source, options: ReadOptions = {}): Promise<ReadFrame[]> {
  const session = await openSource(source, options);
  try {
    const frames: ReadFrame[] = [];
    for (;;) {
      const read = await readFrame(session, source, options);
      if (read === null) return frames;
      frames.push(read);
    }
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

export async function readRecords(source: Source, options: ReadOptions = {}): Promise<SuiteRecord[]> {
  return (await readAll(source, options)).flatMap(({ records }) => records);
}

/** A decoder that shares nothing with the product's. */
function recordsOf(frame: Frame, bytes: Uint8Array, format: SourceFormat): SuiteRecord[] {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  if (format === "json") return JSON.parse(`[${text}]`);
  if (format === "jsonl" || format === "parquet") {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return lines.map((line) => JSON.parse(line));
  }
  if (format === "nquads") {
    const literals = [...text.matchAll(/"((?:[^"\\]|\\.)*)" \. #/g)].map(([, literal]) => literal!);
    return literals.map((literal) => JSON.parse(literal.replace(/\\(.)/g, "$1")));
  }
  if (format === "stackexchange") {
    const rows = [...text.matchAll(/^ *<row(.*) \/>\r?$/gm)].map(([, attributes]) => attributes!);
    return rows.map((row) =>
      Object.fromEntries(
        [...row.matchAll(/ (\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, unescaped(value!)]),
      ),
    );
  }
  const { columns, delimiter } = frame.header!;
  return csvRows(text, delimiter).map((cells) =>
    Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""])),
  );
}

/** The text of an attribute all of whose odd characters are written by their numbers. */
function unescaped(value: string): string {
  return value.replace(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)));
}

function csvRows(text: string, delimiter: string): string[][] {
  const cell = `(?:"((?:[^"]|"")*)"|([^${delimiter}\\r\\n]*))`;
  const pattern = new RegExp(`${cell}(${delimiter === "|" ? "\\|" : delimiter}|\\r?\\n|$)`, "gy");
  const rows: string[][] = [];
  let row: string[] = [];
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    assert.ok(match, "the rows of the frame cannot be read");
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === delimiter && pattern.lastIndex < text.length) continue;
    if (match[3] === delimiter) row.push("");
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}
