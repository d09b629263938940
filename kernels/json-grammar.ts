// The grammar of JSON (RFC 8259, as JSON.parse reads it) over bytes that end in a zero byte: `openText` puts
// one at the end of the text, so that no rule needs a bound of its own. A rule takes the position of its
// first byte and returns the position after its last, or 0 after `fail`. Rules may read 16 bytes past the
// end.
import { utf8SequenceBytes } from "./utf8";

/** What became of a text. */
export const SCAN_OK: u32 = 0;
export const SCAN_SYNTAX: u32 = 1;
export const SCAN_INVALID_UTF8: u32 = 2;
export const SCAN_NOT_OBJECT: u32 = 3;
export const SCAN_TOO_DEEP: u32 = 4;
export const SCAN_TOO_MANY_VALUES: u32 = 5;

/** What was expected where the text went wrong; at the position of the end, the text ended too early. */
export const REASON_NONE: u32 = 0;
export const REASON_VALUE: u32 = 1;
export const REASON_NAME: u32 = 2;
export const REASON_COLON: u32 = 3;
export const REASON_COMMA_OR_BRACE: u32 = 4;
export const REASON_COMMA_OR_BRACKET: u32 = 5;
export const REASON_END: u32 = 6;
export const REASON_STRING: u32 = 7;
export const REASON_ESCAPE: u32 = 8;
export const REASON_HEX_DIGIT: u32 = 9;
export const REASON_DIGIT: u32 = 10;
export const REASON_LITERAL: u32 = 11;
export const REASON_UTF8: u32 = 12;
export const REASON_OBJECT: u32 = 13;
export const REASON_LEVELS: u32 = 14;
export const REASON_VALUES: u32 = 15;

/** Types and flags of a value, as entries of a value list hold them. */
export const TYPE_NULL: u32 = 0;
export const TYPE_BOOL: u32 = 1;
export const TYPE_NUMBER: u32 = 2;
export const TYPE_STRING: u32 = 3;
export const TYPE_OBJECT: u32 = 4;
export const TYPE_ARRAY: u32 = 5;
export const TYPE_PAIR_NAME: u32 = 6;
export const TYPE_PAIR_VALUE: u32 = 7;
export const FLAG_ESCAPES: u32 = 1;
export const FLAG_NON_ASCII: u32 = 2;
export const FLAG_INTEGER: u32 = 4;
export const FLAG_TRUE: u32 = 8;

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const BACKSLASH: u32 = 0x5c;
const OPEN_BRACKET: u32 = 0x5b;
const CLOSE_BRACKET: u32 = 0x5d;
const OPEN_BRACE: u32 = 0x7b;
const CLOSE_BRACE: u32 = 0x7d;

let textEnd: usize = 0;
let textEndByte: u8 = 0;
let stackStart: usize = 0;
let levelsMax: u32 = 0;

/** Levels that are open around the value being read; rules that open one outside `valueEnd` count it here. */
export let levelsOpen: u32 = 0;
export let failStatus: u32 = 0;
export let failReason: u32 = 0;
export let failAt: usize = 0;
/** Flags of the last string; the caller sets 0 before the rule runs. */
export let stringFlags: u32 = 0;
/** Type and flags of the last number, boolean or null. */
export let scalarType: u32 = 0;
export let scalarFlags: u32 = 0;

/** Makes a text ready to be read; the bit stack has one bit for each level of nesting. */
export function openText(end: usize, stack: usize, stackBytes: u32): void {
  textEnd = end;
  textEndByte = load<u8>(end);
  store<u8>(end, 0);
  stackStart = stack;
  levelsMax = stackBytes > 0x1fff_ffff ? 0xffff_fff0 : stackBytes << 3;
  levelsOpen = 0;
  failStatus = SCAN_OK;
  failReason = REASON_NONE;
  failAt = 0;
}

/** Puts back the byte that stood at the end of the text. */
export function closeText(): void {
  store<u8>(textEnd, textEndByte);
}

/** Notes the first failure and returns 0. Bytes that are not UTF-8 are named as such wherever they stand. */
export function fail(status: u32, reason: u32, at: usize): usize {
  const isBroken = at < textEnd && load<u8>(at) >= 0x80 && utf8SequenceBytes(at) == 0;
  failStatus = isBroken ? SCAN_INVALID_UTF8 : status;
  failReason = isBroken ? REASON_UTF8 : reason;
  failAt = at;
  return 0;
}

@inline
export function clearStringFlags(): void {
  stringFlags = 0;
}

/** Counts a level that is opened at `at`; false when the stack has no bit for it. */
@inline
export function levelOpen(at: usize): bool {
  if (levelsOpen >= levelsMax) {
    fail(SCAN_TOO_DEEP, REASON_LEVELS, at);
    return false;
  }
  levelsOpen += 1;
  return true;
}

@inline
export function levelsClose(count: u32): void {
  levelsOpen -= count;
}

/** The position of the first byte from p on that is not white space. */
@inline
export function blankEnd(p: usize): usize {
  return load<u8>(p) > 0x20 ? p : blankRunEnd(p);
}

function blankRunEnd(p: usize): usize {
  while (true) {
    const c = <u32>load<u8>(p);
    if (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09) return p;
    p += 1;
  }
}

/** One bit for each of the 16 bytes at p that ends a plain run: quote, backslash, control, non-ASCII. */
@inline
export function stringStops(p: usize): u32 {
  const block = v128.load(p);
  const quotes = i8x16.eq(block, i8x16.splat(0x22));
  const backslashes = i8x16.eq(block, i8x16.splat(0x5c));
  // Signed, so that bytes from 0x80 on are below 0x20 too.
  const others = i8x16.lt_s(block, i8x16.splat(0x20));
  return i8x16.bitmask(v128.or(v128.or(quotes, backslashes), others));
}

/** The position of the quote that ends the string whose first byte after the opening quote is at p. */
@inline
export function stringEnd(p: usize): usize {
  let stops = stringStops(p);
  while (stops == 0) {
    p += 16;
    stops = stringStops(p);
  }
  p += ctz(stops);
  return load<u8>(p) == QUOTE ? p : stringRestEnd(p);
}

/** As `stringEnd`, from a byte on that is no plain one. */
function stringRestEnd(p: usize): usize {
  while (true) {
    const c = <u32>load<u8>(p);
    if (c == BACKSLASH) {
      stringFlags |= FLAG_ESCAPES;
      p = escapeEnd(p + 1);
      if (p == 0) return 0;
    } else if (c >= 0x80) {
      stringFlags |= FLAG_NON_ASCII;
      do {
        const bytes = utf8SequenceBytes(p);
        if (bytes == 0) return fail(SCAN_INVALID_UTF8, REASON_UTF8, p);
        p += bytes;
      } while (load<u8>(p) >= 0x80);
    } else if (c == QUOTE) {
      return p;
    } else if (c < 0x20) {
      return fail(SCAN_SYNTAX, REASON_STRING, p);
    }
    let stops = stringStops(p);
    while (stops == 0) {
      p += 16;
      stops = stringStops(p);
    }
    p += ctz(stops);
  }
}

/** The position after the escape whose letter is at p. */
function escapeEnd(p: usize): usize {
  switch (load<u8>(p)) {
    case 0x22:
    case 0x2f:
    case 0x5c:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return p + 1;
    case 0x75:
      break;
    default:
      return fail(SCAN_SYNTAX, REASON_ESCAPE, p);
  }
  for (let i = 0; i < 4; i++) {
    const c = <u32>load<u8>(++p);
    if (!isDigit(c) && (c | 0x20) - 0x61 > 5) return fail(SCAN_SYNTAX, REASON_HEX_DIGIT, p);
  }
  return p + 1;
}

@inline
function isDigit(c: u32): bool {
  return c - 0x30 < 10;
}

/** The position after the number that begins at p with a digit or a minus sign. */
export function numberEnd(p: usize): usize {
  let c = <u32>load<u8>(p);
  if (c == 0x2d) c = load<u8>(++p);
  scalarType = TYPE_NUMBER;
  scalarFlags = FLAG_INTEGER;
  if (!isDigit(c)) return fail(SCAN_SYNTAX, REASON_DIGIT, p);
  const isZero = c == 0x30;
  c = load<u8>(++p);
  if (!isZero) while (isDigit(c)) c = load<u8>(++p);
  if (c == 0x2e) {
    scalarFlags = 0;
    c = load<u8>(++p);
    if (!isDigit(c)) return fail(SCAN_SYNTAX, REASON_DIGIT, p);
    while (isDigit(c)) c = load<u8>(++p);
  }
  if ((c | 0x20) == 0x65) {
    scalarFlags = 0;
    c = load<u8>(++p);
    if (c == 0x2b || c == 0x2d) c = load<u8>(++p);
    if (!isDigit(c)) return fail(SCAN_SYNTAX, REASON_DIGIT, p);
    while (isDigit(c)) c = load<u8>(++p);
  }
  return p;
}

/** The position after the number, boolean or null at p. */
export function scalarEnd(p: usize): usize {
  const c = <u32>load<u8>(p);
  if (isDigit(c) || c == 0x2d) return numberEnd(p);
  scalarFlags = 0;
  if (c == 0x6e) {
    scalarType = TYPE_NULL;
    return load<u32>(p) == 0x6c6c_756e ? p + 4 : literalFail(p, 0x6c6c_756e);
  }
  scalarType = TYPE_BOOL;
  if (c == 0x74) {
    scalarFlags = FLAG_TRUE;
    return load<u32>(p) == 0x6575_7274 ? p + 4 : literalFail(p, 0x6575_7274);
  }
  if (c == 0x66) return load<u32>(p, 1) == 0x6573_6c61 ? p + 5 : literalFail(p + 1, 0x6573_6c61);
  return fail(SCAN_SYNTAX, REASON_VALUE, p);
}

/** Fails at the first byte from p on that differs from the word. */
function literalFail(p: usize, word: u32): usize {
  while (<u32>load<u8>(p) == (word & 0xff)) {
    p += 1;
    word >>= 8;
  }
  return fail(SCAN_SYNTAX, REASON_LITERAL, p);
}

/** The position of a member's value, from the position after the quote that ends its name. */
@inline
export function memberValueStart(p: usize): usize {
  p = blankEnd(p);
  if (load<u8>(p) != 0x3a) return fail(SCAN_SYNTAX, REASON_COLON, p);
  return blankEnd(p + 1);
}

/** The position of the value of the member whose name should begin at p. */
@inline
function memberSkipName(p: usize): usize {
  if (load<u8>(p) != QUOTE) return fail(SCAN_SYNTAX, REASON_NAME, p);
  p = stringEnd(p + 1);
  return p == 0 ? 0 : memberValueStart(p + 1);
}

/**
 * The position after the value at p, whatever it is. Kinds of the open levels are bits (1 for an object): the
 * latest 64 in a register, the others in the bit stack.
 */
export function valueEnd(p: usize): usize {
  const depthMax = levelsMax - levelsOpen;
  let depth: u32 = 0;
  let kinds: u64 = 0;
  while (true) {
    const c = <u32>load<u8>(p);
    if (c == QUOTE) {
      p = stringEnd(p + 1);
      if (p == 0) return 0;
      p += 1;
    } else if (c == OPEN_BRACE || c == OPEN_BRACKET) {
      if (depth >= depthMax) return fail(SCAN_TOO_DEEP, REASON_LEVELS, p);
      if (depth != 0 && (depth & 63) == 0) store<u64>(stackStart + (depth >> 3) - 8, kinds);
      depth += 1;
      kinds = (kinds << 1) | <u64>((c >> 5) & 1);
      p = blankEnd(p + 1);
      if (<u32>load<u8>(p) != c + 2) {
        if (c == OPEN_BRACKET) continue;
        p = memberSkipName(p);
        if (p == 0) return 0;
        continue;
      }
    } else {
      p = scalarEnd(p);
      if (p == 0) return 0;
    }
    while (true) {
      if (depth == 0) return p;
      p = blankEnd(p);
      const next = <u32>load<u8>(p);
      const isObject = <u32>kinds & 1;
      if (next == COMMA) {
        p = blankEnd(p + 1);
        if (!isObject) break;
        p = memberSkipName(p);
        if (p == 0) return 0;
        break;
      }
      if (next != CLOSE_BRACKET + (isObject << 5)) {
        return fail(SCAN_SYNTAX, isObject ? REASON_COMMA_OR_BRACE : REASON_COMMA_OR_BRACKET, p);
      }
      p += 1;
      depth -= 1;
      kinds >>= 1;
      if (depth != 0 && (depth & 63) == 0) kinds = load<u64>(stackStart + (depth >> 3) - 8);
    }
  }
}
