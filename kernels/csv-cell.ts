// Writes the cells of a CSV row as JSON values. A writer returns the position after what it wrote, CELL_BAD
// when the cell is not of its type, or CELL_FULL when fewer than CSV_SLACK_BYTES would be left before
// `limit`.
import { SCAN_OK, blankEnd, closeText, failStatus, openText, valueEnd } from "./json-grammar";
import { minifyJson } from "./json-minify";

/** Room that must be left behind every cell: writers store whole blocks. */
export const CSV_SLACK_BYTES: u32 = 32;

export const CELL_BAD: usize = 0;
export const CELL_FULL: usize = 1;

const BLOCK_BYTES: usize = 16;

/** The position after the digits at p. */
@inline
function digitsEnd(p: usize, end: usize): usize {
  while (p < end) {
    const values = i8x16.sub(v128.load(p), i8x16.splat(0x30));
    const others = i8x16.bitmask(i8x16.gt_u(values, i8x16.splat(9)));
    if (others != 0) return min<usize>(p + ctz(others), end);
    p += BLOCK_BYTES;
  }
  return end;
}

@inline
function hexDigit(value: u32): u32 {
  return value + (value < 10 ? 0x30 : 0x57);
}

/** Copies bytes in blocks; what lies up to 15 bytes behind the copy is overwritten. */
@inline
export function blockCopy(out: usize, start: usize, bytes: usize): usize {
  for (let i: usize = 0; i < bytes; i += BLOCK_BYTES) v128.store(out + i, v128.load(start + i));
  return out + bytes;
}

/** Writes null. */
export function nullWrite(out: usize): usize {
  store<u32>(out, 0x6c6c_756e);
  return out + 4;
}

/** The letter after the backslash of a short escape of this control character, or 0. */
function escapeLetter(c: u32): u32 {
  switch (c) {
    case 8:
      return 0x62;
    case 9:
      return 0x74;
    case 10:
      return 0x6e;
    case 12:
      return 0x66;
    case 13:
      return 0x72;
    default:
      return 0;
  }
}

/** Writes the escape of a quote, a backslash or a control character. */
export function escapeWrite(out: usize, c: u32): usize {
  store<u8>(out, 0x5c);
  const letter = c >= 0x20 ? c : escapeLetter(c);
  if (letter != 0) {
    store<u8>(out, letter, 1);
    return out + 2;
  }
  store<u32>(out, 0x3030_3075, 1);
  store<u8>(out, hexDigit(c >> 4), 4);
  store<u8>(out, hexDigit(c & 15), 5);
  return out + 6;
}

/** Writes a cell as a JSON string, escaped as JSON.stringify does; `quoteBytes` quotes in it are one. */
export function stringWrite(out: usize, limit: usize, p: usize, end: usize, quoteBytes: usize): usize {
  store<u8>(out++, 0x22);
  while (p < end) {
    if (out + CSV_SLACK_BYTES > limit) return CELL_FULL;
    const block = v128.load(p);
    v128.store(out, block);
    const quotes = i8x16.eq(block, i8x16.splat(0x22));
    const backslashes = i8x16.eq(block, i8x16.splat(0x5c));
    const controls = i8x16.lt_u(block, i8x16.splat(0x20));
    const stops = i8x16.bitmask(v128.or(v128.or(quotes, backslashes), controls));
    const plain = min<usize>(stops == 0 ? BLOCK_BYTES : ctz(stops), end - p);
    p += plain;
    out += plain;
    if (stops == 0 || p >= end) continue;
    const c = <u32>load<u8>(p);
    out = escapeWrite(out, c);
    p += c == 0x22 ? quoteBytes : 1;
  }
  store<u8>(out, 0x22);
  return out + 1;
}

/** Writes an integer without plus sign and leading zeros. */
export function intWrite(out: usize, limit: usize, p: usize, end: usize): usize {
  if (out + (end - p) + CSV_SLACK_BYTES > limit) return CELL_FULL;
  const sign = <u32>load<u8>(p);
  if (sign == 0x2b || sign == 0x2d) p += 1;
  if (p >= end || digitsEnd(p, end) != end) return CELL_BAD;
  while (p + 1 < end && load<u8>(p) == 0x30) p += 1;
  if (sign == 0x2d && load<u8>(p) != 0x30) store<u8>(out++, 0x2d);
  return blockCopy(out, p, end - p);
}

/** Writes a number; one that is no JSON number for want or excess of zeros, dot or plus sign is mended. */
export function floatWrite(out: usize, limit: usize, p: usize, end: usize): usize {
  if (out + (end - p) + CSV_SLACK_BYTES > limit) return CELL_FULL;
  const sign = <u32>load<u8>(p);
  if (sign == 0x2b || sign == 0x2d) p += 1;
  if (sign == 0x2d) store<u8>(out++, 0x2d);
  let whole = p;
  const wholeEnd = digitsEnd(p, end);
  p = wholeEnd;
  let part = p;
  if (p < end && load<u8>(p) == 0x2e) {
    part = p + 1;
    p = digitsEnd(part, end);
  }
  const partEnd = p;
  if (whole == wholeEnd && part == partEnd) return CELL_BAD;
  if (p < end) {
    if ((load<u8>(p) | 0x20) != 0x65) return CELL_BAD;
    const c = <u32>load<u8>(p, 1);
    const digits = p + (p + 1 < end && (c == 0x2b || c == 0x2d) ? 2 : 1);
    if (digits >= end || digitsEnd(digits, end) != end) return CELL_BAD;
  }
  while (whole + 1 < wholeEnd && load<u8>(whole) == 0x30) whole += 1;
  if (whole == wholeEnd) store<u8>(out++, 0x30);
  out = blockCopy(out, whole, wholeEnd - whole);
  if (part < partEnd) {
    store<u8>(out++, 0x2e);
    out = blockCopy(out, part, partEnd - part);
  }
  return blockCopy(out, partEnd, end - partEnd);
}

/** Writes true (true, t, yes, 1) or false (false, f, no, 0), in whatever case the cell has it. */
export function boolWrite(out: usize, p: usize, end: usize): usize {
  const bytes = <u32>(end - p);
  if (bytes > 5) return CELL_BAD;
  const mask = (<u64>1 << (bytes << 3)) - 1;
  const word = load<u64>(p) & mask;
  const lower = word | (0x2020_2020_2020_2020 & mask);
  // "true", "t", "yes" and "1"; then "false", "f", "no" and "0", as little-endian numbers.
  if (lower == 0x6575_7274 || lower == 0x74 || lower == 0x73_6579 || word == 0x31) {
    store<u32>(out, 0x6575_7274);
    return out + 4;
  }
  if (lower == 0x65_736c_6166 || lower == 0x66 || lower == 0x6f6e || word == 0x30) {
    store<u64>(out, 0x65_736c_6166);
    return out + 5;
  }
  return CELL_BAD;
}

/** Writes a cell that holds a JSON value; one with line breaks becomes one line. */
export function jsonWrite(
  out: usize,
  limit: usize,
  p: usize,
  end: usize,
  hasDoubled: bool,
  stack: usize,
  stackBytes: u32,
): usize {
  if (out + (end - p) + CSV_SLACK_BYTES > limit) return CELL_FULL;
  const textEnd = hasDoubled ? undoubledCopy(out, p, end) : blockCopy(out, p, end - p);
  openText(textEnd, stack, stackBytes);
  const value = blankEnd(out);
  const last = valueEnd(value);
  const isWhole = last != 0 && blankEnd(last) == textEnd;
  closeText();
  if (failStatus != SCAN_OK || !isWhole) return CELL_BAD;
  let at = out;
  while (at < textEnd && load<u8>(at) != 0x0a && load<u8>(at) != 0x0d) at += 1;
  if (at < textEnd) return out + minifyJson(value, last, out);
  return last;
}

/** Copies a quoted cell with each pair of quotes as one. */
function undoubledCopy(out: usize, p: usize, end: usize): usize {
  while (p < end) {
    const c = load<u8>(p);
    store<u8>(out++, c);
    p += c == 0x22 ? 2 : 1;
  }
  return out;
}
