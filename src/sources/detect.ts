import { PlimsollError } from "../kernel/index.js";
import { isQuadFormat, type SourceFormat } from "../ports/index.js";
import { JsonArrayFramer } from "./framers/index.js";
import { tableEntity } from "./xml-tables.js";

export interface TextShape {
  format: SourceFormat;
  /** Meant for csv and tsv only. */
  delimiter: string;
  /** The entity that the content says it holds; null where it does not. */
  entityTold: string | null;
  /** The members that lead to the array of records; absent when it stands by itself. */
  recordsAt?: readonly string[];
}

const delimiters = [",", "\t", ";", "|"] as const;
const linesLookedAt = 30;

/** What a name says of the format, whatever compression its last ending names. */
export function formatOfName(name: string): SourceFormat | null {
  const plain = name.toLowerCase().replace(/\.(gz|zst|zstd|bz2|xz)$/, "");
  const ending = /\.([a-z0-9]+)$/.exec(plain)?.[1];
  if (ending === "jsonl" || ending === "ndjson" || ending === "jsonlines") return "jsonl";
  if (ending === "json") return "json";
  if (ending === "csv") return "csv";
  if (ending === "tsv" || ending === "tab") return "tsv";
  if (ending === "nt") return "ntriples";
  if (ending === "nq") return "nquads";
  if (ending === "ttl") return "turtle";
  if (ending === "trig") return "trig";
  return null;
}

/** Format and delimiter from the head of the content, the name being a hint; a given format stands. */
export function detectShape(name: string, head: Uint8Array, given: SourceFormat | null): TextShape {
  refuseEncoding(name, head);
  const text = headText(head);
  const hint = given ?? formatOfName(name);
  const entityTold = tableEntity(text);
  const isDump = hint === null && entityTold !== null;
  const format = given ?? (isDump ? "stackexchange" : formatOfContent(text, hint));
  if (format === null) throw unknownFormat(name, text);
  if (format === "stackexchange") return { format, delimiter: ",", entityTold };
  if (!isTable(format)) return { format, delimiter: ",", entityTold: null };
  const isTab = format === "tsv";
  const delimiter = isTab ? "\t" : (findDelimiter(text)?.delimiter ?? ",");
  return { format: given ?? (delimiter === "\t" ? "tsv" : "csv"), delimiter, entityTold: null };
}

/** Whether records are rows of cells: prose has commas too, so only a name makes sure of it. */
export function isTable(format: SourceFormat | null): boolean {
  return format === "csv" || format === "tsv";
}

/** Whether a head that is still growing tells enough: its first two lines. */
export function isHeadEnough(head: Uint8Array): boolean {
  const first = head.indexOf(0x0a);
  return first !== -1 && head.indexOf(0x0a, first + 1) !== -1 && new TextDecoder().decode(head).trim() !== "";
}

function refuseEncoding(source: string, head: Uint8Array): void {
  const encoding =
    head[0] === 0xff && head[1] === 0xfe
      ? "UTF-16LE"
      : head[0] === 0xfe && head[1] === 0xff
        ? "UTF-16BE"
        : null;
  const found = encoding ?? encodingWithoutMark(head);
  if (found !== null) {
    throw new PlimsollError("UNSUPPORTED_ENCODING", { source, encoding: found }, { place: { source } });
  }
}

/** Western text in UTF-16 has a zero in every other byte. */
function encodingWithoutMark(head: Uint8Array): string | null {
  const pairs = Math.min(32, head.length >> 1);
  if (pairs < 2) return null;
  let even = 0;
  let odd = 0;
  for (let pair = 0; pair < pairs; pair++) {
    if (head[pair * 2] === 0) even++;
    if (head[pair * 2 + 1] === 0) odd++;
  }
  if (odd === pairs && even === 0) return "UTF-16LE";
  return even === pairs && odd === 0 ? "UTF-16BE" : null;
}

function headText(head: Uint8Array): string {
  return new TextDecoder("utf-8").decode(head);
}

function formatOfContent(text: string, hint: SourceFormat | null): SourceFormat | null {
  const start = text.trimStart();
  if (start === "") return hint ?? "jsonl";
  if (hint !== null && isQuadFormat(hint)) return hint;
  const isCsvName = isTable(hint);
  if (!isCsvName && start[0] === "[") return "json";
  if (!isCsvName && start[0] === "{") return isObjectPerLine(start) ? "jsonl" : "json";
  if (hint !== null) return hint;
  if (isStatement(start)) return "nquads";
  const found = isBinary(text) ? null : findDelimiter(text);
  if (found === null || found.lines < 2) return null;
  return found.delimiter === "\t" ? "tsv" : "csv";
}

/** Whether the text begins with a statement of N-Quads; that its IRI is absolute tells it from XML. */
function isStatement(start: string): boolean {
  const [line = ""] = start.replace(/^(?:#.*\s+)+/, "").split(/[\r\n]/, 1);
  return /^(?:<[a-z][a-z0-9+.-]*:[^\s<>]*>|_:\S+)[ \t]*<[^\s<>]+>.*\.[ \t]*(?:#.*)?$/i.test(line);
}

/** An object that is not complete at the end of its line is pretty-printed: no JSON lines. */
function isObjectPerLine(start: string): boolean {
  const end = start.indexOf("\n");
  if (end === -1) return true;
  const line = new TextEncoder().encode(start.slice(0, end));
  const framer = new JsonArrayFramer(line.length + 1);
  framer.lead(line, 0, line.length);
  framer.begin(1);
  framer.scan(line, line.length);
  return framer.records === 1 || /^\s*\{/.test(start.slice(end + 1));
}

/** Text holds no control characters but white space, and what is no UTF-8 decodes to the replacement mark. */
function isBinary(text: string): boolean {
  const looked = text.slice(0, 4096);
  for (let at = 0; at < looked.length; at++) {
    const code = looked.charCodeAt(at);
    if (code < 0x09 || (code > 0x0d && code < 0x20) || code === 0xfffd) return true;
  }
  return false;
}

/** The delimiter that stands equally often, outside quotes, on the most of the first lines. */
export function findDelimiter(text: string): { delimiter: string; lines: number } | null {
  const lines = headLines(text);
  let best: { delimiter: string; lines: number; score: number } | null = null;
  for (const delimiter of delimiters) {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const first = counts[0] ?? 0;
    if (first === 0) continue;
    const agreeing = counts.filter((count) => count === first).length;
    const score = agreeing / counts.length + first / 1e4;
    if (agreeing * 2 > counts.length && (best === null || score > best.score)) {
      best = { delimiter, lines: lines.length, score };
    }
  }
  return best;
}

/** The first rows that are whole, without what stands within quotes. */
function headLines(text: string): string[] {
  const bare = text.replace(/^\ufeff/, "").replace(/"(?:[^"]|"")*"/g, '""');
  const lines = bare.split(/\r?\n/);
  if (lines.length > 1) lines.pop();
  return lines.filter((line) => line !== "").slice(0, linesLookedAt);
}

function unknownFormat(source: string, text: string): PlimsollError {
  const reason = isBinary(text)
    ? "it is no text"
    : "neither JSON nor quads nor rows with one delimiter nor a table of Stack Exchange";
  return new PlimsollError("FORMAT_UNKNOWN", { source, reason }, { place: { source } });
}
