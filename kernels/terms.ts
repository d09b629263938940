/**
 * Terms of values, the same for records that are loaded and for queries: one term a value, 8 bytes, see the
 * files term-*.ts. A value is a span of bytes with the type and flags that the scanner gave it.
 */
import {
  FLAG_ESCAPES,
  FLAG_INTEGER,
  FLAG_TRUE,
  TYPE_ARRAY,
  TYPE_BOOL,
  TYPE_NUMBER,
  TYPE_STRING,
} from "./json-grammar";
import { dateIsValid, parseDate } from "./term-date";
import {
  TRUTH_NONE,
  isDecimalText,
  isIntegerText,
  literalStart,
  parseLiteralDate,
  truthOf,
} from "./term-literal";
import { floatTerm, integerTerm, parseFloatExact } from "./term-number";
import {
  exactTerm,
  exactTermEscaped,
  hexTerm,
  isHex,
  pairTerm,
  prefixTerm,
  prefixTermEscaped,
} from "./term-string";
import { textNext, tokenEnd, tokenStart } from "./text";
import { unescapeString } from "./utf8";

/** Types of fields, as entity programs hold them. */
export const FIELD_STRING: u32 = 0;
export const FIELD_INT: u32 = 1;
export const FIELD_FLOAT: u32 = 2;
export const FIELD_BOOL: u32 = 3;
export const FIELD_DATE: u32 = 4;
export const FIELD_HEX: u32 = 5;
export const FIELD_JSON: u32 = 6;
export const FIELD_PAIRS: u32 = 7;

const signBit: u64 = (<u64>1) << 63;

/** Hex digits and dates behind escapes are read here; longer ones are not taken for such. */
const plainBytesMax: usize = 4096;
const plainRoom = memory.data(4096 + 64, 16);

/** The number term of the value that `valueFits` saw last, for int, float, bool and date. */
export let numberTerm: u64 = 0;
/** The text of the value that `valueFits` saw last: without escapes where the type is hex. */
export let plainStart: usize = 0;
export let plainEnd: usize = 0;

/** Whether a value that is not null is of a field's type; leaves its number term or its plain text. */
export function valueFits(fieldType: u32, type: u32, flags: u32, start: usize, end: usize): bool {
  plainStart = start;
  plainEnd = end;
  switch (fieldType) {
    case FIELD_STRING:
      return type == TYPE_STRING || type == TYPE_NUMBER || type == TYPE_BOOL;
    case FIELD_INT:
      if (type != TYPE_NUMBER || (flags & FLAG_INTEGER) == 0) return false;
      numberTerm = integerTerm(start, end);
      return true;
    case FIELD_FLOAT:
      if (type != TYPE_NUMBER) return false;
      numberTerm = floatTerm(start, end);
      return true;
    case FIELD_BOOL:
      numberTerm = (flags & FLAG_TRUE) != 0 ? 1 : 0;
      return type == TYPE_BOOL;
    case FIELD_DATE:
      return dateFits(type, flags, start, end);
    case FIELD_HEX:
      return type == TYPE_STRING && hexFits(flags, start, end);
    case FIELD_PAIRS:
      return type >= TYPE_ARRAY;
    default:
      return true;
  }
}

/** The same of the text of a literal, whatever its datatype says. */
export function literalFits(fieldType: u32, flags: u32, start: usize, end: usize): bool {
  plainStart = start;
  plainEnd = end;
  if (fieldType == FIELD_STRING) return true;
  if (!plainOpen(flags, start, end) || plainEnd - plainStart > plainBytesMax) return false;
  switch (fieldType) {
    case FIELD_INT:
      if (!isIntegerText(plainStart, plainEnd)) return false;
      numberTerm = integerTerm(literalStart, plainEnd);
      return true;
    case FIELD_FLOAT:
      if (!isDecimalText(plainStart, plainEnd)) return false;
      numberTerm = floatTerm(literalStart, plainEnd);
      return true;
    case FIELD_BOOL: {
      const truth = truthOf(plainStart, plainEnd);
      numberTerm = truth;
      return truth != TRUTH_NONE;
    }
    case FIELD_DATE:
      numberTerm = <u64>parseLiteralDate(plainStart, plainEnd) ^ signBit;
      return dateIsValid();
    default:
      return false;
  }
}

/** Seconds, milliseconds or whatever a number counts is kept as it is; a fraction is cut off. */
function dateFits(type: u32, flags: u32, start: usize, end: usize): bool {
  if (type == TYPE_NUMBER) {
    if ((flags & FLAG_INTEGER) != 0) numberTerm = integerTerm(start, end);
    else numberTerm = <u64>(<i64>parseFloatExact(start, end)) ^ signBit;
    return true;
  }
  if (type != TYPE_STRING || !plainOpen(flags, start, end)) return false;
  numberTerm = <u64>parseDate(plainStart, plainEnd) ^ signBit;
  return dateIsValid();
}

function hexFits(flags: u32, start: usize, end: usize): bool {
  return plainOpen(flags, start, end) && isHex(plainStart, plainEnd);
}

/** Takes escapes out of a text that need not have any; false when it is too long for that. */
function plainOpen(flags: u32, start: usize, end: usize): bool {
  if ((flags & FLAG_ESCAPES) == 0) return true;
  if (end - start > plainBytesMax) return false;
  plainStart = plainRoom;
  plainEnd = plainRoom + unescapeString(start, end, plainRoom);
  return true;
}

/** The exact term of a string or hex value that `valueFits` has seen. */
@inline
export function stringTerm(fieldType: u32, flags: u32, start: usize, end: usize): u64 {
  if (fieldType == FIELD_HEX) return hexTerm(plainStart, plainEnd);
  return (flags & FLAG_ESCAPES) != 0 ? exactTermEscaped(start, end) : exactTerm(start, end);
}

/** The prefix term of a string or hex value that `valueFits` has seen; hex sorts by its lower-case form. */
export function stringPrefixTerm(fieldType: u32, flags: u32, start: usize, end: usize): u64 {
  if (fieldType == FIELD_HEX) {
    const term = prefixTerm(plainStart, plainEnd);
    const letters = min<usize>(plainEnd - plainStart, 8) << 3;
    return letters == 0 ? 0 : term | (0x2020202020202020 & ~(letters == 64 ? 0 : (<u64>-1) >> letters));
  }
  return (flags & FLAG_ESCAPES) != 0 ? prefixTermEscaped(start, end) : prefixTerm(start, end);
}

// For queries: texts are plain UTF-8 with 16 readable bytes behind them, terms are written to `out`.

export function termExact(start: usize, end: usize, out: usize): void {
  store<u64>(out, exactTerm(start, end));
}

export function termPrefix(start: usize, end: usize, out: usize): void {
  store<u64>(out, prefixTerm(start, end));
}

/** Two bytes in front of the value belong to the caller too. */
export function termPair(name: u8, start: usize, end: usize, out: usize): void {
  store<u64>(out, pairTerm(name, start, end, false));
}

/** The term of a value as a record would hold it; false when it is not of the field's type. */
export function termNumber(
  fieldType: u32,
  type: u32,
  flags: u32,
  start: usize,
  end: usize,
  out: usize,
): bool {
  if (!valueFits(fieldType, type, flags, start, end)) return false;
  store<u64>(out, numberTerm);
  return true;
}

/** The same of the text of a literal. */
export function termLiteral(fieldType: u32, start: usize, end: usize, out: usize): bool {
  if (!literalFits(fieldType, 0, start, end)) return false;
  store<u64>(out, numberTerm);
  return true;
}

/**
 * Writes the next token of the text begun with `textOpen` to `out`: its term (8 bytes), then its bytes;
 * returns their number, or 0 at the end of the text.
 */
export function termToken(out: usize): u32 {
  if (!textNext()) return 0;
  store<u64>(out, exactTerm(tokenStart, tokenEnd));
  memory.copy(out + 8, tokenStart, tokenEnd - tokenStart);
  return <u32>(tokenEnd - tokenStart);
}
