import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import type { MadeSource, MakeOptions, SourceSubject, SuiteRecord } from "../../conformance/source.js";
import type { SourceCompression, SourceFormat } from "../../src/ports/index.js";
import { hasCommand, resolveSources } from "../../src/sources/index.js";

export const formats: SourceFormat[] = ["jsonl", "json", "csv", "tsv", "nquads", "stackexchange"];
export const compressions: SourceCompression[] = ["none", "gzip", "zstd", "bzip2", "xz"];

/** Records in a format, the last line without its line break. */
export function encode(records: readonly SuiteRecord[], format: SourceFormat): string {
  if (format === "jsonl") return records.map((record) => JSON.stringify(record)).join("\n");
  if (format === "json") return `[${records.map((record) => JSON.stringify(record, null, 2)).join(",\n")}]`;
  if (format === "nquads") return records.map((record) => statement(JSON.stringify(record))).join("\n");
  if (format === "stackexchange") return `<rows>\n${records.map(xmlRow).join("\r\n")}\n</rows>`;
  if (records.length === 0) return "";
  const delimiter = format === "tsv" ? "\t" : ",";
  const columns = Object.keys(records[0]!);
  const cell = (text: string) => (/[",\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const row = (cells: readonly string[]) => cells.map(cell).join(delimiter);
  return [row(columns), ...records.map((record) => row(columns.map((column) => record[column]!)))].join("\n");
}

/** A quad whose literal is a text of JSON. */
function statement(json: string): string {
  const text = json.replace(/["\\]/g, (character) => `\\${character}`);
  return `<suite:record> <suite:json> "${text}" . # ${json.length}`;
}

function xmlRow(record: SuiteRecord): string {
  const escaped = (text: string) =>
    text.replace(/["<&\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
  const attributes = Object.entries(record).map(([name, text]) => ` ${name}="${escaped(text)}"`);
  return `  <row${attributes.join("")} />`;
}

/** Why a compression cannot be made here; null when it can. */
export function missing(compression: SourceCompression): string | null {
  if (compression === "none" || compression === "gzip" || hasCommand(compression)) return null;
  return `no ${compression} command on this machine`;
}

const written = new Map<string, Buffer>();

export function compress(content: Uint8Array, compression: SourceCompression): Buffer {
  if (compression === "none") return Buffer.from(content);
  if (compression === "gzip") return gzipSync(content);
  const key = `${compression}:${Buffer.from(content).toString("latin1")}`;
  const known = written.get(key);
  if (known !== undefined) return Buffer.from(known);
  const stored = execFileSync(compression, [compression === "xz" ? "-0c" : "-1c"], {
    input: content,
    maxBuffer: 2 ** 30,
  });
  written.set(key, stored);
  return Buffer.from(stored);
}

/** A folder for a test file's own files. */
export function testFolder(): {
  path: string;
  remove: () => void;
  write: (name: string, content: string | Uint8Array) => string;
} {
  const path = mkdtempSync(join(tmpdir(), "plimsoll-sources-"));
  return {
    path,
    remove: () => rmSync(path, { recursive: true, force: true }),
    write: (name, content) => {
      const file = join(path, name);
      writeFileSync(file, content);
      return file;
    },
  };
}

export function pieces(stored: Uint8Array, pieceBytes: number): Readable {
  function* cut(): Generator<Uint8Array> {
    for (let at = 0; at < stored.length; at += pieceBytes) yield stored.subarray(at, at + pieceBytes);
  }
  return Readable.from(cut(), { objectMode: false, highWaterMark: 1 });
}

export interface SubjectOptions {
  format: SourceFormat;
  compression: SourceCompression;
  origin: "file" | "stream";
  folder: string;
}

export function makeSubject({ format, compression, origin, folder }: SubjectOptions): SourceSubject {
  const name = `${format} ${compression} ${origin}`;
  const path = join(folder, `${format}.${compression}`);
  const storedOf = (records: readonly SuiteRecord[], options: MakeOptions = {}) => {
    const content = Buffer.from(encode(records, format));
    const stored = compress(content, compression);
    if (options.hurtByte !== undefined) stored[options.hurtByte]! ^= 0xff;
    return { content, stored: stored.subarray(0, options.keptBytes ?? stored.length) };
  };
  const make = async (records: readonly SuiteRecord[], options: MakeOptions = {}): Promise<MadeSource> => {
    const { content, stored } = storedOf(records, options);
    if (origin === "stream") {
      const stdin = pieces(stored, options.pieceBytes ?? 65536);
      const [source] = await resolveSources(["-"], { cwd: folder, format, stdin });
      return { source: source!, content };
    }
    writeFileSync(path, stored);
    const [source] = await resolveSources([path], { cwd: folder, format });
    return { source: source!, content };
  };
  return { name, make, storedBytes: async (records) => storedOf(records).stored.length };
}
