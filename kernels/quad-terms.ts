/**
 * Terms of N-Triples and N-Quads (RDF 1.1), held to the grammar while they are copied into JSON strings. A
 * rule takes the position behind what told it (`<`, `_:`, a quote, `@`) and returns the position behind the
 * term, or 0 after `quadFail`. A line break stands somewhere behind every position, so no rule needs a bound
 * of its own; rules read up to 32 bytes beyond.
 */
import { escapeWrite } from "./csv-cell";
import { FLAG_ESCAPES } from "./json-grammar";
import { writePoint } from "./unescape";
import { utf8SequenceBytes } from "./utf8";

/** What was expected where a statement went wrong; in words in src/model/quad-fault.ts. */
export const QUAD_REASON_NONE: u32 = 0;
export const QUAD_REASON_NODE: u32 = 1;
export const QUAD_REASON_IRI: u32 = 2;
export const QUAD_REASON_OBJECT: u32 = 3;
export const QUAD_REASON_IRI_CHARACTER: u32 = 4;
export const QUAD_REASON_IRI_RELATIVE: u32 = 5;
export const QUAD_REASON_ESCAPE: u32 = 6;
export const QUAD_REASON_CODE_POINT: u32 = 7;
export const QUAD_REASON_LABEL: u32 = 8;
export const QUAD_REASON_LITERAL: u32 = 9;
export const QUAD_REASON_LANGUAGE: u32 = 10;
export const QUAD_REASON_STOP: u32 = 11;
export const QUAD_REASON_END: u32 = 12;
export const QUAD_REASON_GRAPH: u32 = 13;
/** The output is full: nothing is wrong with the statement. */
export const QUAD_REASON_ROOM: u32 = 14;
/** What only Dgraph's dialect has. */
export const QUAD_REASON_FACET_KEY: u32 = 15;
export const QUAD_REASON_FACET_VALUE: u32 = 16;
export const QUAD_REASON_FACET_TWICE: u32 = 17;
export const QUAD_REASON_FACET_END: u32 = 18;
export const QUAD_REASON_DELETION: u32 = 19;

/**
 * Room that a rule leaves behind what it has written: rules store whole blocks, and a scope behind a label.
 */
const SLACK_BYTES: usize = 96;

const LINE_FEED: u32 = 0x0a;
const CARRIAGE_RETURN: u32 = 0x0d;
const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const CLOSE_IRI: u32 = 0x3e;
const DOT: u32 = 0x2e;

const POINT_NONE: u32 = 0xffffffff;

/** Where the next byte is written, and the end of the room for it. */
export let quadOut: usize = 0;
let quadLimit: usize = 0;
export let quadFailReason: u32 = 0;
export let quadFailAt: usize = 0;
/** Flags of the JSON string that was written last. */
export let quadFlags: u32 = 0;
/** Not 0 when a byte near the terms read since `quadTermsOpen` is not ASCII. */
export let quadNonAscii: u32 = 0;
let escapeNext: usize = 0;

/** What the labels of blank nodes get behind them, so that those of two documents stay apart. */
const SCOPE_BYTES_MAX: usize = 64;
const scopeRoom = memory.data(64, 16);
let scopeBytes: usize = 0;

/** Room for the scope of the frames to come, which is ASCII. */
export function quadScope(bytes: u32): usize {
  scopeBytes = min<usize>(bytes, SCOPE_BYTES_MAX);
  return scopeRoom;
}

/** Whether IRIs may be relative and literals have the escapes of Go: Dgraph's dialect. */
let isDialect: bool = false;

export function quadTermsOpen(dst: usize, dstBytes: u32, inDialect: bool): void {
  isDialect = inDialect;
  quadOut = dst;
  quadLimit = dst + dstBytes - SLACK_BYTES;
  quadFailReason = QUAD_REASON_NONE;
  quadNonAscii = 0;
}

export function quadFail(reason: u32, at: usize): usize {
  quadFailReason = reason;
  quadFailAt = at;
  return 0;
}

/** Writes up to 16 bytes as they are; what lies behind them is overwritten. */
@inline
export function quadWrite(from: usize, bytes: usize): void {
  v128.store(quadOut, v128.load(from));
  quadOut += bytes;
}

/** Whether there is room for what rules write without looking. */
export function quadHasRoom(): bool {
  return quadOut <= quadLimit;
}

/** Writes bytes that need no escapes; false when there is no room for them. */
export function quadPlainRead(from: usize, end: usize): bool {
  const bytes = end - from;
  if (quadOut + bytes > quadLimit) return false;
  for (let at = from; at < end; at++) quadNonAscii |= <u32>load<u8>(at) & 0x80;
  memory.copy(quadOut, from, bytes);
  quadOut += bytes;
  return true;
}

/** Takes back what was written from this position on. */
export function quadTakeBack(out: usize): void {
  quadOut = out;
}

/** The position of the first byte from p on that is no space and no tab. */
@inline
export function blanksEnd(p: usize): usize {
  let c = <u32>load<u8>(p);
  while (c == 0x20 || c == 0x09) c = load<u8>(++p);
  return p;
}

/** One bit for each of the 16 bytes that cannot stand in an IRI as it is, by its two halves. */
@inline
function iriStops(block: v128): u32 {
  const low = i8x16.swizzle(
    i8x16(11, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 17, 21, 17, 5, 1),
    v128.and(block, i8x16.splat(15)),
  );
  const high = i8x16.swizzle(
    i8x16(1, 1, 2, 4, 0, 4, 8, 16, 0, 0, 0, 0, 0, 0, 0, 0),
    i8x16.shr_u(block, 4),
  );
  return i8x16.bitmask(i8x16.ne(v128.and(low, high), i8x16.splat(0)));
}

/**
 * An IRI up to its `>`, absolute but in Dgraph's dialect; escapes in it become the characters they stand for.
 */
export function iriRead(p: usize): usize {
  const first = quadOut;
  quadFlags = 0;
  while (true) {
    if (quadOut > quadLimit) return quadFail(QUAD_REASON_ROOM, p);
    const block = v128.load(p);
    v128.store(quadOut, block);
    quadNonAscii |= i8x16.bitmask(block);
    const stops = iriStops(block);
    const plain: usize = stops == 0 ? 16 : ctz(stops);
    p += plain;
    quadOut += plain;
    if (stops == 0) continue;
    const c = <u32>load<u8>(p);
    if (c == CLOSE_IRI) break;
    if (c != BACKSLASH) return quadFail(QUAD_REASON_IRI_CHARACTER, p);
    const point = pointRead(p);
    if (point == POINT_NONE) return 0;
    if (!iriHolds(point)) return quadFail(QUAD_REASON_IRI_CHARACTER, p);
    quadOut = writePoint(quadOut, point);
    p = escapeNext;
  }
  return (isDialect && quadOut > first) || isAbsolute(first) ? p + 1 : quadFail(QUAD_REASON_IRI_RELATIVE, p);
}

/** Whether a character may stand in an IRI: what must not stand there itself must not be escaped there. */
function iriHolds(point: u32): bool {
  if (point <= 0x20) return false;
  if (point > 0x7f) return true;
  return (iriStops(i8x16.splat(<i8>point)) & 1) == 0;
}

/** Whether the text from `p` to what was written last begins with a scheme and a colon. */
function isAbsolute(p: usize): bool {
  if (p >= quadOut || ((<u32>load<u8>(p) | 0x20) - 0x61) >= 26) return false;
  for (p += 1; p < quadOut; p++) {
    const c = <u32>load<u8>(p);
    if (c == 0x3a) return true;
    if (!isAlphanumeric(c) && c != 0x2b && c != 0x2d && c != DOT) return false;
  }
  return false;
}

@inline
function isAlphanumeric(c: u32): bool {
  return (c | 0x20) - 0x61 < 26 || c - 0x30 < 10;
}

/** The label of a blank node behind `_:`; a dot at its end is no part of it. */
export function labelRead(p: usize): usize {
  quadFlags = 0;
  store<u16>(quadOut, 0x3a5f);
  quadOut += 2;
  const first = p;
  let end = p;
  let out = quadOut;
  while (true) {
    if (out > quadLimit) return quadFail(QUAD_REASON_ROOM, p);
    const c = <u32>load<u8>(p);
    let bytes: u32 = 1;
    if (c < 0x80) {
      const isInside = isAlphanumeric(c) || c == 0x5f || (p > first && (c == 0x2d || c == DOT));
      if (!isInside) break;
    } else {
      quadNonAscii = 1;
      bytes = utf8SequenceBytes(p);
      if (bytes == 0 || !labelHolds(pointAt(p, bytes), p == first)) break;
    }
    store<u32>(out, load<u32>(p));
    p += bytes;
    out += bytes;
    if (c == DOT) continue;
    end = p;
    quadOut = out;
  }
  if (end == first) return quadFail(QUAD_REASON_LABEL, p);
  for (let i: usize = 0; i < scopeBytes; i += 16) v128.store(quadOut + i, v128.load(scopeRoom + i));
  quadOut += scopeBytes;
  return end;
}

/** The code point of a well-formed sequence of two to four bytes. */
function pointAt(p: usize, bytes: u32): u32 {
  let point = <u32>load<u8>(p) & (0xff >> (bytes + 1));
  for (let i: u32 = 1; i < bytes; i++) point = (point << 6) | (<u32>load<u8>(p + i) & 0x3f);
  return point;
}

/** PN_CHARS beyond ASCII, and where a label begins PN_CHARS_U. */
function labelHolds(point: u32, isFirst: bool): bool {
  const isMark = (point >= 0x300 && point <= 0x36f) || point == 0x203f || point == 0x2040;
  if (isMark || point == 0xb7) return !isFirst;
  if (point < 0x2000) return point >= 0xc0 && point != 0xd7 && point != 0xf7 && point != 0x37e;
  if (point < 0x3001) {
    return (
      point == 0x200c ||
      point == 0x200d ||
      (point >= 0x2070 && point <= 0x218f) ||
      (point >= 0x2c00 && point <= 0x2fef)
    );
  }
  if (point <= 0xd7ff) return true;
  if (point < 0x10000) return (point >= 0xf900 && point <= 0xfdcf) || (point >= 0xfdf0 && point <= 0xfffd);
  return point <= 0xeffff;
}

/** The text of a literal up to its closing quote. */
export function literalRead(p: usize): usize {
  quadFlags = 0;
  while (true) {
    if (quadOut > quadLimit) return quadFail(QUAD_REASON_ROOM, p);
    const block = v128.load(p);
    v128.store(quadOut, block);
    quadNonAscii |= i8x16.bitmask(block);
    const quotes = i8x16.eq(block, i8x16.splat(0x22));
    const backslashes = i8x16.eq(block, i8x16.splat(0x5c));
    const controls = i8x16.lt_u(block, i8x16.splat(0x20));
    const stops = i8x16.bitmask(v128.or(v128.or(quotes, backslashes), controls));
    const plain: usize = stops == 0 ? 16 : ctz(stops);
    p += plain;
    quadOut += plain;
    if (stops == 0) continue;
    const c = <u32>load<u8>(p);
    if (c == QUOTE) return p + 1;
    if (c == LINE_FEED || c == CARRIAGE_RETURN) return quadFail(QUAD_REASON_LITERAL, p);
    if (c != BACKSLASH) {
      characterWrite(c);
      p += 1;
      continue;
    }
    const point = escapedPoint(p);
    if (point == POINT_NONE) return 0;
    characterWrite(point);
    p = escapeNext;
  }
}

/** Writes a character as JSON.stringify does. */
function characterWrite(point: u32): void {
  if (point >= 0x20 && point != QUOTE && point != BACKSLASH) {
    quadOut = writePoint(quadOut, point);
    return;
  }
  quadFlags = FLAG_ESCAPES;
  quadOut = escapeWrite(quadOut, point);
}

/** The character of an escape in a literal, by a letter or a number. */
function escapedPoint(p: usize): u32 {
  escapeNext = p + 2;
  switch (<u32>load<u8>(p, 1)) {
    case 0x74:
      return 9;
    case 0x62:
      return 8;
    case 0x6e:
      return 10;
    case 0x72:
      return 13;
    case 0x66:
      return 12;
    case 0x22:
    case 0x27:
    case 0x5c:
      return load<u8>(p, 1);
    default:
      return isDialect ? goPoint(p) : pointRead(p);
  }
}

/** The character of an escape that Go has and RDF has not: `\a`, `\v` and `\xHH` for ASCII. */
function goPoint(p: usize): u32 {
  const letter = <u32>load<u8>(p, 1);
  if (letter == 0x61) return 7;
  if (letter == 0x76) return 11;
  if (letter != 0x78) return pointRead(p);
  const high = hexDigit(load<u8>(p, 2));
  const low = hexDigit(load<u8>(p, 3));
  if (high > 7 || low > 15) {
    quadFail(QUAD_REASON_ESCAPE, p);
    return POINT_NONE;
  }
  escapeNext = p + 4;
  return (high << 4) | low;
}

/** The value of a hexadecimal digit; 16 or more when it is none. */
function hexDigit(c: u32): u32 {
  if (c - 0x30 < 10) return c - 0x30;
  const letter = (c | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 16;
}

/** The character of `\uXXXX` or `\UXXXXXXXX` at p, or POINT_NONE. */
function pointRead(p: usize): u32 {
  const letter = <u32>load<u8>(p, 1);
  if ((letter | 0x20) != 0x75) {
    quadFail(QUAD_REASON_ESCAPE, p);
    return POINT_NONE;
  }
  escapeNext = p + (letter == 0x75 ? 6 : 10);
  let point: u32 = 0;
  for (let at = p + 2; at < escapeNext; at++) {
    const c = <u32>load<u8>(at);
    const isHex = c - 0x30 < 10 || (c | 0x20) - 0x61 < 6;
    if (!isHex || point >= 0x1000_0000) {
      quadFail(QUAD_REASON_CODE_POINT, p);
      return POINT_NONE;
    }
    point = (point << 4) | ((c & 15) + (c >> 6) * 9);
  }
  if (point > 0x10ffff || (point & 0xffff_f800) == 0xd800) {
    quadFail(QUAD_REASON_CODE_POINT, p);
    return POINT_NONE;
  }
  return point;
}

/** A language tag behind its `@`, as it is written. */
export function languageRead(p: usize): usize {
  quadFlags = 0;
  let partAt = p;
  let isFirstPart = true;
  while (true) {
    if (quadOut > quadLimit) return quadFail(QUAD_REASON_ROOM, p);
    const c = <u32>load<u8>(p);
    const isLetter = (c | 0x20) - 0x61 < 26;
    if (isLetter || (!isFirstPart && c - 0x30 < 10)) {
      store<u8>(quadOut++, c);
      p += 1;
      continue;
    }
    if (p == partAt) return quadFail(QUAD_REASON_LANGUAGE, p);
    if (c != 0x2d) return p;
    store<u8>(quadOut++, c);
    p += 1;
    partAt = p;
    isFirstPart = false;
  }
}
