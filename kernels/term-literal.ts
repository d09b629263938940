/** The texts of literals that are read as numbers, truth values and dates, as people and RDF write them. */
import { parseDate } from "./term-date";

const PLUS: u32 = 0x2b;
const MINUS: u32 = 0x2d;
const DOT: u32 = 0x2e;

/** Where the number that was found begins: a plus in front of it is left out. */
export let literalStart: usize = 0;

@inline
function isDigit(at: usize): bool {
  return <u32>load<u8>(at) - 0x30 < 10;
}

/** Behind the digits from p on. */
function digitsEnd(p: usize, end: usize): usize {
  while (p < end && isDigit(p)) p++;
  return p;
}

function signEnd(start: usize, end: usize): usize {
  literalStart = start;
  if (start == end) return start;
  const c = <u32>load<u8>(start);
  if (c == PLUS) literalStart = start + 1;
  return c == PLUS || c == MINUS ? start + 1 : start;
}

/** A sign, or none, and digits. */
export function isIntegerText(start: usize, end: usize): bool {
  const first = signEnd(start, end);
  return first < end && digitsEnd(first, end) == end;
}

/** A number as JSON writes it. */
export function isJsonNumberText(start: usize, end: usize): bool {
  let p = start < end && <u32>load<u8>(start) == MINUS ? start + 1 : start;
  if (p == end || !isDigit(p)) return false;
  if (<u32>load<u8>(p) == 0x30 && p + 1 < end && isDigit(p + 1)) return false;
  p = digitsEnd(p, end);
  if (p < end && <u32>load<u8>(p) == DOT && (p + 1 == end || !isDigit(p + 1))) return false;
  return isDecimalText(start, end);
}

/** Digits with a point among, before or behind them, and an exponent, or not. */
export function isDecimalText(start: usize, end: usize): bool {
  const first = signEnd(start, end);
  let p = digitsEnd(first, end);
  let digits = p - first;
  if (p < end && <u32>load<u8>(p) == DOT) {
    const fraction = p + 1;
    p = digitsEnd(fraction, end);
    digits += p - fraction;
  }
  if (digits == 0) return false;
  if (p < end && (<u32>load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (p < end && (<u32>load<u8>(p) == PLUS || <u32>load<u8>(p) == MINUS)) p++;
    const exponent = p;
    p = digitsEnd(exponent, end);
    if (p == exponent) return false;
  }
  return p == end;
}

export const TRUTH_NONE: u32 = 2;

/** 1 for true, 0 for false, in any of their usual spellings; else TRUTH_NONE. */
export function truthOf(start: usize, end: usize): u32 {
  const bytes = end - start;
  const first = <u32>load<u8>(start);
  if (bytes == 1) {
    if (first == 0x31 || (first | 0x20) == 0x74) return 1;
    return first == 0x30 || (first | 0x20) == 0x66 ? 0 : TRUTH_NONE;
  }
  if (bytes == 4) {
    const word = load<u32>(start);
    return word == 0x65757274 || word == 0x65757254 || word == 0x45555254 ? 1 : TRUTH_NONE;
  }
  if (bytes != 5) return TRUTH_NONE;
  const word = load<u32>(start);
  const last = <u32>load<u8>(start, 4);
  const isLower = (word == 0x736c6166 || word == 0x736c6146) && last == 0x65;
  return isLower || (word == 0x534c4146 && last == 0x45) ? 0 : TRUTH_NONE;
}

/** Room for a year or a month with the rest of its first day. */
const dayRoom = memory.data(16, 16);
/** `-01-01` as it lies in memory. */
const DAY_ONE: u64 = 0x31302d31302d;

/** A date, or a year or a month for the first moment of it; `dateIsValid` says whether it is one. */
export function parseLiteralDate(start: usize, end: usize): i64 {
  const bytes = end - start;
  if (bytes != 4 && bytes != 7) return parseDate(start, end);
  memory.copy(dayRoom, start, bytes);
  store<u64>(dayRoom + bytes, bytes == 4 ? DAY_ONE : DAY_ONE & 0xffffff);
  return parseDate(dayRoom, dayRoom + 10);
}
