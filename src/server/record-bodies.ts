import type { IncomingMessage } from "node:http";
import { headersMsMax, jsonBodyBytesMax, liveRequestRecordsMax, PlimsollError } from "../kernel/index.js";
import { ClientGone } from "./client-gone.js";

const [lineFeed, carriageReturn, space] = [10, 13, 32];
const [quote, backslash, comma] = [34, 92, 44];
const [openBracket, closeBracket, openBrace, closeBrace] = [91, 93, 123, 125];

/** A small body as it came; a larger one, or one that takes its time, is refused. */
export async function readSmallBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new PlimsollError("BODY_TOO_LARGE", { bytesMax: jsonBodyBytesMax });
  if (Number(request.headers["content-length"] ?? 0) > jsonBodyBytesMax) throw tooLarge();
  const timer = setTimeout(() => request.destroy(), headersMsMax);
  try {
    return await bytesOf(request, tooLarge);
  } finally {
    clearTimeout(timer);
  }
}

/** By its events: an iterator of the stream would take as long as all else that is done for a small body. */
function bytesOf(request: IncomingMessage, tooLarge: () => PlimsollError): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= jsonBodyBytesMax) chunks.push(chunk);
      else {
        request.pause();
        reject(tooLarge());
      }
    });
    request.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once("error", reject);
    request.once("close", () => {
      if (!request.complete) reject(new ClientGone());
    });
  });
}

/**
 * The records of a body: lines of JSON, the elements of an array, or one record. Each is one line afterwards:
 * a line break within JSON is white space. The body is theirs from then on.
 */
export function recordsOfBody(body: Buffer, isLines: boolean): Uint8Array[] {
  const first = body.findIndex((byte) => byte > 32);
  const isArray = !isLines && body[first] === openBracket;
  const spans = isLines
    ? linesOf(body)
    : isArray
      ? elementsOf(body, first)
      : [{ start: 0, end: body.length }];
  const records = recordsAt(body, spans, isLines ? [carriageReturn] : [lineFeed, carriageReturn]);
  if (records.length > liveRequestRecordsMax) {
    const what = `it has ${records.length} records, and may have ${liveRequestRecordsMax}: import them`;
    throw new PlimsollError("REQUEST_INVALID", { what });
  }
  return records;
}

/** Where a record and the white space around it stand. */
interface Span {
  start: number;
  end: number;
}

function linesOf(body: Buffer): Span[] {
  const lines: Span[] = [];
  for (let start = 0; start < body.length; ) {
    const lineEnd = body.indexOf(lineFeed, start);
    const end = lineEnd < 0 ? body.length : lineEnd;
    lines.push({ start, end });
    start = end + 1;
  }
  return lines;
}

/** What stands between the commas of the outermost array; an element may be wrong in itself. */
function elementsOf(body: Buffer, start: number): Span[] {
  const elements: Span[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === quote) {
      at = endOfString(body, at);
    } else if (byte === openBracket || byte === openBrace) {
      depth++;
    } else if (byte === closeBracket || byte === closeBrace) {
      depth--;
      if (depth > 0) continue;
      elements.push({ start: from, end: at });
      const rest = trimmed(body, { start: at + 1, end: body.length });
      if (rest.start === rest.end && byte === closeBracket) return elements;
      break;
    } else if (byte === comma && depth === 1) {
      elements.push({ start: from, end: at });
      from = at + 1;
    }
  }
  throw new PlimsollError("REQUEST_INVALID", { what: "its body is an array that does not end well" });
}

function endOfString(body: Buffer, start: number): number {
  let at = start + 1;
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1;
  return at;
}

/** Views of the body; copies where an eighth of its memory is something else, which they would keep. */
function recordsAt(body: Buffer, spans: readonly Span[], breaks: readonly number[]): Uint8Array[] {
  for (const lineBreak of breaks) {
    for (let at = body.indexOf(lineBreak); at >= 0; at = body.indexOf(lineBreak, at + 1)) body[at] = space;
  }
  const records: Uint8Array[] = [];
  let bytes = 0;
  for (const span of spans) {
    const { start, end } = trimmed(body, span);
    if (start === end) continue;
    records.push(new Uint8Array(body.buffer, body.byteOffset + start, end - start));
    bytes += end - start;
  }
  const isMostlyRecords = 8 * bytes >= 7 * body.buffer.byteLength;
  return isMostlyRecords ? records : records.map((record) => record.slice());
}

function trimmed(body: Buffer, { start, end }: Span): Span {
  let [first, last] = [start, end];
  while (first < last && body[first]! <= space) first++;
  while (last > first && body[last - 1]! <= space) last--;
  return { start: first, end: last };
}
