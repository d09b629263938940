/**
 * Text to tokens: maximal runs of letters, digits and marks, lower-cased; Han and kana characters stand
 * alone. Two steps over a small buffer: `fold` copies a stretch of the text lower-cased with 0 for every
 * separator (16 ASCII bytes at a time), then runs of non-zero bytes are found 16 bytes at a time.
 */
import { escapeEnd, readEscape, writePoint } from "./unescape";

const foldBytes: usize = 4096;
/** One step writes up to 16 bytes, and searches read up to 16 bytes past the end. */
const foldSlack: usize = 64;
const fold0 = memory.data(4096 + 64, 16);

const tokenBytesMax: usize = 64;
/** What is kept of a token that spans stretches: enough to see a code point that straddles the cut. */
const tokenBytesKept: usize = 68;

const pointsMapped: u32 = 0x34000;
const bitmapBytes: usize = 0x34000 >> 3;
const lowerBytes: usize = 0x10000 << 1;
const astralRangesMax: usize = 32;
const astralRangeBytes: usize = 12;

let wordBits: usize = 0;
let aloneBits: usize = 0;
let lowerTable: usize = 0;
let astralRanges: usize = 0;

let sourceAt: usize = 0;
let sourceEnd: usize = 0;
let foldEnd: usize = 0;
let tokenAt: usize = 0;

/** The token found by the last `textNext`. */
export let tokenStart: usize = 0;
export let tokenEnd: usize = 0;

/** Code points covered by the two bitmaps. */
export function textPointsMapped(): u32 {
  return pointsMapped;
}

/**
 * Bytes of the tables: word bitmap, stand-alone bitmap, u16 lower-case table of the BMP, astral ranges
 * (first, last, delta).
 */
export function textTablesBytes(): usize {
  return bitmapBytes * 2 + lowerBytes + astralRangesMax * astralRangeBytes;
}

export function textTablesSet(tables: usize): void {
  wordBits = tables;
  aloneBits = tables + bitmapBytes;
  lowerTable = aloneBits + bitmapBytes;
  astralRanges = lowerTable + lowerBytes;
}

/** Begins a text; backslashes are escapes when `hasEscapes`. */
export function textOpen(start: usize, end: usize, hasEscapes: bool): void {
  sourceAt = start;
  sourceEnd = end;
  foldEnd = fold0;
  tokenAt = fold0;
  backslash = hasEscapes ? i8x16.splat(0x5c) : i8x16.splat(-1);
}

/** Never met in ASCII when the text has no escapes, so that one comparison serves both cases. */
let backslash: v128 = i8x16.splat(-1);

/** Finds the next token; false at the end of the text. */
export function textNext(): bool {
  let first = tokenAt;
  while (true) {
    first = runStart(first, foldEnd);
    if (first >= foldEnd) {
      if (sourceAt >= sourceEnd) return false;
      foldEnd = fold0;
      fold();
      first = fold0;
      continue;
    }
    const last = runEnd(first);
    if (last < foldEnd || sourceAt >= sourceEnd) {
      tokenAt = last;
      tokenStart = first;
      tokenEnd = last - first > tokenBytesMax ? cutEnd(first) : last;
      return true;
    }
    // The run touches the end of the stretch: it may go on in the next one.
    const kept = min(last - first, tokenBytesKept);
    memory.copy(fold0, first, kept);
    foldEnd = fold0 + kept;
    fold();
    first = fold0;
  }
}

/** The last code point border at or before the token's bound. */
function cutEnd(first: usize): usize {
  let end = first + tokenBytesMax;
  while ((load<u8>(end) & 0xc0) == 0x80) end--;
  return end;
}

function runStart(from: usize, end: usize): usize {
  const zero = i8x16.splat(0);
  for (let at = from; at < end; at += 16) {
    const mask = i8x16.bitmask(i8x16.ne(v128.load(at), zero));
    if (mask != 0) return at + ctz(mask);
  }
  return end;
}

/** `foldEnd` is followed by zeros, so the search always ends. */
function runEnd(from: usize): usize {
  const zero = i8x16.splat(0);
  let at = from;
  while (true) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), zero));
    if (mask != 0) return at + ctz(mask);
    at += 16;
  }
}

/** Folds from the source behind `foldEnd` until the buffer is full or the source ends. */
function fold(): void {
  const limit = fold0 + foldBytes;
  let to = foldEnd;
  let at = sourceAt;
  while (at < sourceEnd && to < limit) {
    const bytes = v128.load(at);
    const stops = i8x16.bitmask(v128.or(bytes, i8x16.eq(bytes, backslash)));
    if (stops == 0) {
      v128.store(to, foldAscii(bytes));
      const step = min<usize>(sourceEnd - at, 16);
      at += step;
      to += step;
      continue;
    }
    // The plain bytes before the first special one, then the special one.
    v128.store(to, foldAscii(bytes));
    const step = min<usize>(sourceEnd - at, ctz(stops));
    at += step;
    to += step;
    if (at < sourceEnd) {
      to = foldSpecials(at, to, limit);
      at = sourceAt;
    }
  }
  sourceAt = at;
  foldEnd = to;
  v128.store(to, i8x16.splat(0));
}

function foldAscii(bytes: v128): v128 {
  const lower = v128.or(bytes, i8x16.splat(0x20));
  const letters = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(26));
  const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  return v128.or(v128.and(letters, lower), v128.and(digits, bytes));
}

/** Folds a stretch of non-ASCII bytes and escapes; `sourceAt` says where it stopped. */
function foldSpecials(from: usize, target: usize, limit: usize): usize {
  let at = from;
  let to = target;
  const escapes = i8x16.extract_lane_s(backslash, 0) == 0x5c;
  while (at < sourceEnd && to < limit) {
    const byte = <u32>load<u8>(at);
    if (byte >= 0x80) {
      to = foldPoint(readPoint(at, byte), to);
      at += byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    } else if (escapes && byte == 0x5c) {
      to = foldPoint(readEscape(at), to);
      at = escapeEnd;
    } else if (byte > 0x40 || at + 1 >= sourceEnd || load<u8>(at + 1) < 0x80) {
      break;
    } else {
      // A space or a digit amid non-ASCII text: cheaper here than to start over.
      store<u8>(to++, byte - 0x30 < 10 ? byte : 0);
      at++;
    }
  }
  sourceAt = at;
  return to;
}

/** The code point of more than one byte at `at`. */
export function readPoint(at: usize, byte: u32): u32 {
  if (byte < 0xe0) return ((byte & 0x1f) << 6) | (load<u8>(at + 1) & 0x3f);
  const second = <u32>load<u8>(at + 1) & 0x3f;
  const third = <u32>load<u8>(at + 2) & 0x3f;
  if (byte < 0xf0) return ((byte & 0x0f) << 12) | (second << 6) | third;
  return ((byte & 0x07) << 18) | (second << 12) | (third << 6) | (load<u8>(at + 3) & 0x3f);
}

function foldPoint(point: u32, target: usize): usize {
  if (!isWord(point)) {
    store<u8>(target, 0);
    return target + 1;
  }
  if (point < 0x10000) {
    if (!bitIsSet(aloneBits, point)) return writePoint(target, load<u16>(lowerTable + (<usize>point << 1)));
  } else if (point >= pointsMapped || !bitIsSet(aloneBits, point)) {
    return writePoint(target, lowerAstral(point));
  }
  store<u8>(target, 0);
  const end = writePoint(target + 1, point);
  store<u8>(end, 0);
  return end + 1;
}

/** The simple lower-case form of a code point. */
export function lowerPoint(point: u32): u32 {
  return point < 0x10000 ? load<u16>(lowerTable + (<usize>point << 1)) : lowerAstral(point);
}

function isWord(point: u32): bool {
  if (point < pointsMapped) return bitIsSet(wordBits, point);
  // Beyond the bitmap only the supplementary variation selectors (marks) are assigned.
  return point >= 0xe0100 && point <= 0xe01ef;
}

function bitIsSet(bits: usize, point: u32): bool {
  return (load<u8>(bits + (point >> 3)) & (1 << (point & 7))) != 0;
}

function lowerAstral(point: u32): u32 {
  for (let i: usize = 0; i < astralRangesMax; i++) {
    const range = astralRanges + i * astralRangeBytes;
    const first = load<u32>(range);
    if (first == 0 || point < first) break;
    if (point <= load<u32>(range, 4)) return point + load<u32>(range, 8);
  }
  return point;
}
