/**
 * Values of XML attributes (XML 1.0), held to the grammar while they are copied: into JSON strings, or as
 * plain text for those that become numbers and the like. A rule takes the position of the value's quote and
 * returns the position behind the closing one, or 0 after `xmlFail`.
 */
import { CSV_SLACK_BYTES, blockCopy, escapeWrite } from "./csv-cell";
import { writePoint } from "./unescape";

/** What was expected where a row went wrong; in words in src/model/xml-fault.ts. */
export const XML_REASON_NONE: u32 = 0;
export const XML_REASON_ROW: u32 = 1;
export const XML_REASON_NAME: u32 = 2;
export const XML_REASON_EQUALS: u32 = 3;
export const XML_REASON_QUOTE: u32 = 4;
export const XML_REASON_VALUE: u32 = 5;
export const XML_REASON_REFERENCE: u32 = 6;
export const XML_REASON_TWICE: u32 = 7;
export const XML_REASON_MANY: u32 = 8;
export const XML_REASON_END: u32 = 9;
/** The output is full: nothing is wrong with the row. */
export const XML_REASON_ROOM: u32 = 10;

const AMPERSAND: u32 = 0x26;
const LESS: u32 = 0x3c;
const MORE: u32 = 0x3e;
const BAR: u32 = 0x7c;
const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;

/** `&lt;` and `&gt;` as little-endian numbers: HTML within XML is full of them. */
const LESS_REFERENCE: u32 = 0x3b74_6c26;
const MORE_REFERENCE: u32 = 0x3b74_6726;

const POINT_NONE: u32 = 0xffffffff;

/** Where the next byte is written, and the end of the room for it. */
export let xmlOut: usize = 0;
export let xmlLimit: usize = 0;
export let xmlFailReason: u32 = 0;
export let xmlFailAt: usize = 0;
/** Not 0 when a byte near the values read since `xmlValueOpen` is not ASCII. */
export let xmlNonAscii: u32 = 0;
let referenceEnd: usize = 0;

export function xmlValueOpen(dst: usize, dstBytes: u32): void {
  xmlOut = dst;
  xmlLimit = dst + dstBytes - 2 * CSV_SLACK_BYTES;
  xmlFailReason = XML_REASON_NONE;
  xmlNonAscii = 0;
}

export function xmlFail(reason: u32, at: usize): usize {
  xmlFailReason = reason;
  xmlFailAt = at;
  return 0;
}

/** Goes on writing from this position on. */
export function xmlOutMove(out: usize): void {
  xmlOut = out;
}

/** Whether so many bytes can be written, and a block behind them. */
@inline
export function xmlHasRoom(bytes: usize): bool {
  return xmlOut + bytes <= xmlLimit;
}

/** One bit for each of the 16 bytes that do not stand for themselves in a JSON string, or end the value. */
@inline
function valueStops(block: v128, quotes: v128): u32 {
  const marks = v128.or(i8x16.eq(block, i8x16.splat(0x26)), i8x16.eq(block, i8x16.splat(0x3c)));
  const escapes = v128.or(i8x16.eq(block, i8x16.splat(0x22)), i8x16.eq(block, i8x16.splat(0x5c)));
  const ends = v128.or(i8x16.eq(block, quotes), i8x16.lt_u(block, i8x16.splat(0x20)));
  return i8x16.bitmask(v128.or(v128.or(marks, escapes), ends));
}

/** Writes a value as a JSON string, escaped as JSON.stringify does. */
export function stringRead(p: usize): usize {
  const quote = <u32>load<u8>(p++);
  const quotes = i8x16.splat(<i8>quote);
  const limit = xmlLimit;
  let seen = i8x16.splat(0);
  let out = xmlOut;
  store<u8>(out++, QUOTE);
  while (true) {
    if (out > limit) return xmlFail(XML_REASON_ROOM, p);
    const block = v128.load(p);
    v128.store(out, block);
    seen = v128.or(seen, block);
    const stops = valueStops(block, quotes);
    const plain: usize = stops == 0 ? 16 : ctz(stops);
    p += plain;
    out += plain;
    if (stops == 0) continue;
    const c = <u32>load<u8>(p);
    if (c == quote) break;
    const word = load<u32>(p);
    if (word == LESS_REFERENCE || word == MORE_REFERENCE) {
      store<u8>(out++, word == LESS_REFERENCE ? LESS : MORE);
      p += 4;
      continue;
    }
    const point = pointRead(p, c);
    if (point == POINT_NONE) return 0;
    p = referenceEnd;
    const isPlain = point >= 0x20 && point != QUOTE && point != BACKSLASH;
    out = isPlain ? writePoint(out, point) : escapeWrite(out, point);
  }
  store<u8>(out++, QUOTE);
  xmlOut = out;
  xmlNonAscii |= i8x16.bitmask(seen);
  return p + 1;
}

/**
 * What the character `c` at p, or the reference that it begins, stands for in a value, or POINT_NONE. A
 * reader of XML makes spaces of tabs and CRs; dumps mean them as they are.
 */
@inline
function pointRead(p: usize, c: u32): u32 {
  referenceEnd = p + 1;
  if (c == AMPERSAND) return referencePoint(p);
  if ((c >= 0x20 && c != LESS) || c == 0x09 || c == 0x0d) return c;
  xmlFail(XML_REASON_VALUE, p);
  return POINT_NONE;
}

/** The character of the reference at p, or POINT_NONE; `referenceEnd` is behind it. */
function referencePoint(p: usize): u32 {
  // "lt;", "gt;", "amp;", "quot", "apos" and "#" as little-endian numbers.
  const name = load<u32>(p, 1);
  if ((name & 0xffffff) == 0x3b_746c) return ended(p + 4, LESS);
  if ((name & 0xffffff) == 0x3b_7467) return ended(p + 4, MORE);
  if (name == 0x3b70_6d61) return ended(p + 5, AMPERSAND);
  const isShut = load<u8>(p, 5) == 0x3b;
  if (name == 0x746f_7571 && isShut) return ended(p + 6, QUOTE);
  if (name == 0x736f_7061 && isShut) return ended(p + 6, 0x27);
  const point = (name & 0xff) == 0x23 ? numberPoint(p + 2) : POINT_NONE;
  if (point == POINT_NONE) xmlFail(XML_REASON_REFERENCE, p);
  return point;
}

@inline
function ended(end: usize, point: u32): u32 {
  referenceEnd = end;
  return point;
}

/** The character whose number stands at p; control characters but zero may be named so, as XML 1.1 has it. */
function numberPoint(p: usize): u32 {
  const isHex = load<u8>(p) == 0x78;
  if (isHex) p++;
  const base: u32 = isHex ? 16 : 10;
  const first = p;
  let point: u32 = 0;
  while (true) {
    const c = <u32>load<u8>(p);
    const isDigit = c - 0x30 < 10 || (isHex && (c | 0x20) - 0x61 < 6);
    if (!isDigit) break;
    point = point * base + ((c & 15) + (c >> 6) * 9);
    if (point > 0x10ffff) return POINT_NONE;
    p++;
  }
  if (p == first || load<u8>(p) != 0x3b) return POINT_NONE;
  const isCharacter = point != 0 && (point & 0x1f_f800) != 0xd800 && (point & ~1) != 0xfffe;
  return isCharacter ? ended(p + 1, point) : POINT_NONE;
}

/** The text that `plainRead` found; it is odd when it holds what no number, truth or date does. */
export let textStart: usize = 0;
export let textEnd: usize = 0;
export let textIsOdd: bool = false;

/** Numbers and the like that have references in them are put together here; none of them is this long. */
const textBytesMax: usize = 128;
const textRoom = memory.data(128 + 32, 16);

/** Finds the text of a value, or puts it together where it has references. */
export function plainRead(p: usize): usize {
  const quote = <u32>load<u8>(p++);
  const quotes = i8x16.splat(<i8>quote);
  textStart = p;
  textIsOdd = false;
  while (true) {
    const block = v128.load(p);
    xmlNonAscii |= i8x16.bitmask(block);
    const stops = valueStops(block, quotes);
    if (stops == 0) {
      p += 16;
      continue;
    }
    p += ctz(stops);
    if (<u32>load<u8>(p) != quote) return gather(quote, p);
    textEnd = p;
    return p + 1;
  }
}

/** Goes on from `p`, the first character that may not stand for itself. */
function gather(quote: u32, p: usize): usize {
  const plain = min<usize>(p - textStart, textBytesMax);
  textIsOdd = textStart + plain < p;
  let out = blockCopy(textRoom, textStart, plain);
  textStart = textRoom;
  while (true) {
    const c = <u32>load<u8>(p);
    if (c == quote) break;
    const point = pointRead(p, c);
    if (point == POINT_NONE) return 0;
    p = referenceEnd;
    if (point > 0x7f) xmlNonAscii = 1;
    if (point > 0x7f || out == textRoom + textBytesMax) textIsOdd = true;
    else store<u8>(out++, point);
  }
  textEnd = out;
  return p + 1;
}

/**
 * Writes a value such as `<a><b>` or `|a|b|` as a list of strings; one in another form is a list of itself.
 */
export function namesRead(p: usize): usize {
  const start = xmlOut;
  p = stringRead(p);
  if (p == 0) return 0;
  const bytes = xmlOut - start;
  const list = xmlOut + CSV_SLACK_BYTES;
  if (!xmlHasRoom(bytes * 2 + CSV_SLACK_BYTES)) return xmlFail(XML_REASON_ROOM, p);
  let end = list + 2;
  if (bytes == 2) store<u16>(list, 0x5d5b);
  else {
    end = namesWrite(start + 1, xmlOut - 1, list);
    if (end == 0) {
      store<u8>(list, 0x5b);
      memory.copy(list + 1, start, bytes);
      store<u8>(list + 1 + bytes, 0x5d);
      end = list + 2 + bytes;
    }
  }
  memory.copy(start, list, end - list);
  xmlOut = start + (end - list);
  return p;
}

/** Writes the names in a text of JSON; the end of the list, or 0 when the text has neither form. */
function namesWrite(p: usize, end: usize, out: usize): usize {
  const open = <u32>load<u8>(p);
  if (open != LESS && open != BAR) return 0;
  const close = open == LESS ? MORE : BAR;
  store<u8>(out++, 0x5b);
  while (true) {
    if (<u32>load<u8>(p) != open) return 0;
    const first = ++p;
    store<u8>(out++, QUOTE);
    while (p < end && <u32>load<u8>(p) != close && <u32>load<u8>(p) != open) store<u8>(out++, load<u8>(p++));
    if (p >= end || p == first || <u32>load<u8>(p) != close) return 0;
    store<u8>(out++, QUOTE);
    if (p + 1 == end) break;
    if (open == LESS) p++;
    store<u8>(out++, 0x2c);
  }
  store<u8>(out, 0x5d);
  return out + 1;
}
