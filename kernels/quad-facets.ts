/**
 * Facets, which Dgraph's dialect has behind a statement's terms: `(since=2006-01-02, close=true, by="Ann")`.
 * They become the last member of the record,
 *   "facets":{"since":{"datetime":"2006-01-02"},"close":true,"by":"Ann"}
 * so that every value keeps its type: texts in quotes, numbers and truth values as they are, dates apart.
 */
import {
  QUAD_REASON_FACET_END,
  QUAD_REASON_FACET_KEY,
  QUAD_REASON_FACET_TWICE,
  QUAD_REASON_FACET_VALUE,
  QUAD_REASON_ROOM,
  blanksEnd,
  literalRead,
  quadFail,
  quadHasRoom,
  quadOut,
  quadPlainRead,
  quadWrite,
} from "./quad-terms";
import { dateIsValid } from "./term-date";
import { isJsonNumberText, parseLiteralDate } from "./term-literal";

const FACETS_MAX: u32 = 32;
/** Start and end of every key, in what was written. */
const keys = memory.data(32 * 8, 8);

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const EQUAL: u32 = 0x3d;
const CLOSE: u32 = 0x29;
const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;
/** `0x`, with an x of either case once its bit is set. */
const HEX_MARK: u16 = 0x7830;

/** What closes the text before, and begins the member: `","facets":{` */
const facetsText = memory.data<u8>([34, 44, 34, 102, 97, 99, 101, 116, 115, 34, 58, 123, 0, 0, 0, 0], 16);
const endText = memory.data<u8>([125, 125, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
const commaText = memory.data<u8>([44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
const quoteText = memory.data<u8>([34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
const valueText = memory.data<u8>([34, 58, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
/** `{"datetime":"` and `"}` */
const dateText = memory.data<u8>([123, 34, 100, 97, 116, 101, 116, 105, 109, 101, 34, 58, 34, 0, 0, 0], 16);
const dateEndText = memory.data<u8>([34, 125, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);

/** A number in tens, written from its end. */
const digits = memory.data(24, 8);
const DIGITS_MAX: usize = 24;

/** Facets behind their `(`; returns the position behind the `)`, or 0 after `quadFail`. */
export function facetsRead(p: usize): usize {
  quadWrite(facetsText, 12);
  for (let count: u32 = 0; ; count++) {
    p = blanksEnd(p);
    if (count == FACETS_MAX) return quadFail(QUAD_REASON_FACET_TWICE, p);
    if (count > 0) quadWrite(commaText, 1);
    p = keyRead(p, count);
    if (p == 0) return 0;
    p = blanksEnd(p);
    if (load<u8>(p) != EQUAL) return quadFail(QUAD_REASON_FACET_KEY, p);
    p = facetValueRead(blanksEnd(p + 1));
    if (p == 0) return 0;
    p = blanksEnd(p);
    const c = <u32>load<u8>(p);
    p++;
    if (c == COMMA) continue;
    if (c != CLOSE) return quadFail(QUAD_REASON_FACET_END, p - 1);
    quadWrite(endText, 2);
    return p;
  }
}

/** Behind the bytes from p on that end neither a key nor a value. */
function wordEnd(p: usize): usize {
  while (true) {
    const c = <u32>load<u8>(p);
    const isEnd =
      c <= 0x20 || c == QUOTE || c == 0x5c || c == EQUAL || c == COMMA || c == CLOSE || c == 0x28;
    if (isEnd) return p;
    p++;
  }
}

function keyRead(p: usize, count: u32): usize {
  quadWrite(quoteText, 1);
  const end = wordEnd(p);
  if (end == p) return quadFail(QUAD_REASON_FACET_KEY, p);
  const first = quadOut;
  if (!quadPlainRead(p, end)) return quadFail(QUAD_REASON_ROOM, p);
  const bytes = end - p;
  for (let i: u32 = 0; i < count; i++) {
    const other = keys + ((<usize>i) << 3);
    const isSame = load<u32>(other, 4) == <u32>bytes && memory.compare(load<u32>(other), first, bytes) == 0;
    if (isSame) return quadFail(QUAD_REASON_FACET_TWICE, p);
  }
  const entry = keys + ((<usize>count) << 3);
  store<u32>(entry, <u32>first);
  store<u32>(entry, <u32>bytes, 4);
  quadWrite(valueText, 2);
  return end;
}

/** A text in quotes, a number, true, false, a date, or nothing, which is an empty text. */
function facetValueRead(p: usize): usize {
  if (!quadHasRoom()) return quadFail(QUAD_REASON_ROOM, p);
  if (load<u8>(p) == QUOTE) {
    quadWrite(quoteText, 1);
    p = literalRead(p + 1);
    quadWrite(quoteText, 1);
    return p;
  }
  const end = wordEnd(p);
  const bytes = end - p;
  if (bytes == 0) {
    quadWrite(quoteText, 1);
    quadWrite(quoteText, 1);
    return p;
  }
  const isTruth =
    (bytes == 4 && load<u32>(p) == TRUE) || (bytes == 5 && load<u32>(p) == FALS && load<u8>(p, 4) == 0x65);
  if (isTruth || isJsonNumberText(p, end)) {
    return quadPlainRead(p, end) ? end : quadFail(QUAD_REASON_ROOM, p);
  }
  if (bytes > 2 && (load<u16>(p) | 0x2000) == HEX_MARK) return hexRead(p, end);
  parseLiteralDate(p, end);
  if (!dateIsValid()) return quadFail(QUAD_REASON_FACET_VALUE, p);
  quadWrite(dateText, 13);
  if (!quadPlainRead(p, end)) return quadFail(QUAD_REASON_ROOM, p);
  quadWrite(dateEndText, 2);
  return end;
}

/** A whole number of 63 bits as Go writes it in sixteens; it is kept in tens, since JSON has no other. */
function hexRead(p: usize, end: usize): usize {
  let value: u64 = 0;
  for (let at = p + 2; at < end; at++) {
    const c = <u32>load<u8>(at);
    const letter = (c | 0x20) - 0x61;
    const digit = c - 0x30 < 10 ? c - 0x30 : letter < 6 ? letter + 10 : 16;
    if (digit == 16 || value >> 59 != 0) return quadFail(QUAD_REASON_FACET_VALUE, p);
    value = (value << 4) | digit;
  }
  let first = digits + DIGITS_MAX;
  do {
    first--;
    store<u8>(first, <u8>(0x30 + (value % 10)));
    value /= 10;
  } while (value != 0);
  return quadPlainRead(first, digits + DIGITS_MAX) ? end : quadFail(QUAD_REASON_ROOM, p);
}
