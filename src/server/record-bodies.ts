import type { IncomingMessage } from "node:http";
import { headersMsMax, jsonBodyBytesMax, liveRequestRecordsMax, PlimsollError } from "../kernel/index.js";
import { ClientGone } from "./client-gone.js";

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
 * a line break within JSON is white space.
 */
export function recordsOfBody(body: Buffer, isLines: boolean): Uint8Array[] {
  const first = body.findIndex((byte) => byte > 32);
  const parts = isLines ? linesOf(body) : body[first] === openBracket ? elementsOf(body, first) : [body];
  const records = parts.map(trimmed).filter((record) => record.length > 0);
  if (records.length > liveRequestRecordsMax) {
    const what = `it has ${records.length} records, and may have ${liveRequestRecordsMax}: import them`;
    throw new PlimsollError("REQUEST_INVALID", { what });
  }
  return records;
}

function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(10, at);
    const lineEnd = end < 0 ? body.length : end;
    lines.push(body.subarray(at, lineEnd));
    at = lineEnd + 1;
  }
  return lines;
}

/** What stands between the commas of the outermost array; an element may be wrong in itself. */
function elementsOf(body: Buffer, start: number): Buffer[] {
  const elements: Buffer[] = [];
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
      elements.push(body.subarray(from, at));
      if (trimmed(body.subarray(at + 1)).length === 0 && byte === closeBracket) return elements;
      break;
    } else if (byte === comma && depth === 1) {
      elements.push(body.subarray(from, at));
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

function trimmed(bytes: Buffer): Buffer {
  let [start, end] = [0, bytes.length];
  while (start < end && bytes[start]! <= 32) start++;
  while (end > start && bytes[end - 1]! <= 32) end--;
  const record = Buffer.from(bytes.subarray(start, end));
  for (let at = 0; at < record.length; at++) if (record[at] === 10 || record[at] === 13) record[at] = 32;
  return record;
}
