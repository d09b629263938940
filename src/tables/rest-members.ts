import type { RecordView } from "../model/index.js";

const brace = { open: 0x7b, close: 0x7d };
const bracket = { open: 0x5b, close: 0x5d };
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const space = 0x20;

/**
 * The members of a record that no field holds, as a JSON object of their own bytes; null when there are none.
 * The kernel has checked the text, so it is only cut here.
 */
export function restOf(view: RecordView, named: ReadonlySet<string>): Buffer | null {
  const { bytes } = view;
  const pieces: Buffer[] = [];
  let at = bytes.indexOf(brace.open, view.start) + 1;
  for (;;) {
    at = skipBlanks(bytes, at);
    if (bytes[at] === brace.close) break;
    const start = at;
    const nameEnd = stringEnd(bytes, at);
    const name = JSON.parse(bytes.toString("utf8", start, nameEnd)) as string;
    at = skipBlanks(bytes, nameEnd);
    const end = valueEnd(bytes, skipBlanks(bytes, bytes[at] === colon ? at + 1 : at));
    if (!named.has(name)) pieces.push(Buffer.from(bytes.subarray(start, end)));
    at = skipBlanks(bytes, end);
    if (bytes[at] === comma) at += 1;
  }
  if (pieces.length === 0) return null;
  const parts = pieces.flatMap((piece, index) => (index === 0 ? [piece] : [Buffer.from(","), piece]));
  return Buffer.concat([Buffer.from("{"), ...parts, Buffer.from("}")]);
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at]! <= space) at += 1;
  return at;
}

/** Behind the closing quote of the string that begins at `from`. */
function stringEnd(bytes: Buffer, from: number): number {
  let at = from + 1;
  for (; bytes[at] !== quote; at += 1) if (bytes[at] === backslash) at += 1;
  return at + 1;
}

/** Behind the value that begins at `from`. */
function valueEnd(bytes: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; ; ) {
    const byte = bytes[at]!;
    if (byte === quote) {
      at = stringEnd(bytes, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === brace.open || byte === bracket.open) depth += 1;
    else if (byte === brace.close || byte === bracket.close) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === comma || byte <= space)) return at;
    at += 1;
  }
}
