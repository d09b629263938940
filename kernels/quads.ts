/**
 * Reads one statement of N-Triples, N-Quads or Dgraph's dialect of them and writes it as one line of JSON,
 *   {"subject":S,"predicate":P,"object":O,"graph":G}   or, in place of the object,
 *   "value":V   "value":V,"language":L   "value":V,"datatype":D
 * with IRIs as they are and blank nodes as `_:label`; the graph and the datatype xsd:string are left out. The
 * values are listed on the way as json-scan lists them, so that the text need not be read again.
 */
import { TYPE_STRING } from "./json-grammar";
import { FORMAT_DGRAPH, FORMAT_TRIPLES } from "./load-state";
import { Value } from "./program";
import { facetsRead } from "./quad-facets";
import {
  QUAD_REASON_DELETION,
  QUAD_REASON_END,
  QUAD_REASON_GRAPH,
  QUAD_REASON_IRI,
  QUAD_REASON_NODE,
  QUAD_REASON_OBJECT,
  QUAD_REASON_STOP,
  blanksEnd,
  iriRead,
  labelRead,
  languageRead,
  literalRead,
  quadFail,
  quadFlags,
  quadOut,
  quadTakeBack,
  quadTermsOpen,
  quadWrite,
} from "./quad-terms";

/** Members of a quad, in the order in which a program has their slots: u16 each. */
export const QUAD_SUBJECT: u32 = 0;
export const QUAD_PREDICATE: u32 = 1;
export const QUAD_OBJECT: u32 = 2;
export const QUAD_VALUE: u32 = 3;
export const QUAD_LANGUAGE: u32 = 4;
export const QUAD_DATATYPE: u32 = 5;
export const QUAD_GRAPH: u32 = 6;

/** The slot of a member that no field reads. */
const SLOT_NONE: u32 = 0xffff;

const LINE_FEED: u32 = 0x0a;
const CARRIAGE_RETURN: u32 = 0x0d;
const OPEN_IRI: u32 = 0x3c;
const UNDERSCORE: u32 = 0x5f;
const QUOTE: u32 = 0x22;
const AT: u32 = 0x40;
const CARET: u32 = 0x5e;
const DOT: u32 = 0x2e;
const HASH: u32 = 0x23;
const STAR: u32 = 0x2a;
const OPEN_FACETS: u32 = 0x28;

/** What stands before each member's text, `{"subject":"` and so on, each in the 16 bytes of a block. */
const subjectText = memory.data<u8>(
  [123, 34, 115, 117, 98, 106, 101, 99, 116, 34, 58, 34, 0, 0, 0, 0],
  16,
);
const predicateText = memory.data<u8>(
  [34, 44, 34, 112, 114, 101, 100, 105, 99, 97, 116, 101, 34, 58, 34, 0],
  16,
);
const objectText = memory.data<u8>(
  [34, 44, 34, 111, 98, 106, 101, 99, 116, 34, 58, 34, 0, 0, 0, 0],
  16,
);
const valueText = memory.data<u8>(
  [34, 44, 34, 118, 97, 108, 117, 101, 34, 58, 34, 0, 0, 0, 0, 0],
  16,
);
const languageText = memory.data<u8>(
  [34, 44, 34, 108, 97, 110, 103, 117, 97, 103, 101, 34, 58, 34, 0, 0],
  16,
);
const datatypeText = memory.data<u8>(
  [34, 44, 34, 100, 97, 116, 97, 116, 121, 112, 101, 34, 58, 34, 0, 0],
  16,
);
const graphText = memory.data<u8>(
  [34, 44, 34, 103, 114, 97, 112, 104, 34, 58, 34, 0, 0, 0, 0, 0],
  16,
);
const endText = memory.data<u8>(
  [34, 125, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  16,
);

/** http://www.w3.org/2001/XMLSchema#string */
const STRING_TYPE_BYTES: usize = 39;
const stringType = memory.data<u8>([
  104, 116, 116, 112, 58, 47, 47, 119, 119, 119, 46, 119, 51, 46, 111, 114, 103, 47, 50, 48,
  48, 49, 47, 88, 77, 76, 83, 99, 104, 101, 109, 97, 35, 115, 116, 114, 105, 110, 103,
]);

/** The part of it that all such types have in common, for which Dgraph writes `xs:`. */
const TYPE_SPACE_BYTES: usize = 33;
const SHORT_TYPE: u32 = 0x3a7378;
const SHORT_TYPE_BYTES: usize = 3;

let isDialect: bool = false;
let slots: usize = 0;
let values: usize = 0;
/** Behind the last entry of the value list. */
export let quadValuesEnd: usize = 0;

/**
 * Reads the statement at `p`, whose first byte is no blank and no comment, and returns the line break that
 * ends it, or 0 when it went wrong (see quad-terms.ts). Slots may be 0: then no values are listed.
 */
export function quadRead(
  p: usize,
  format: u32,
  slotTable: usize,
  valueList: usize,
  dst: usize,
  dstBytes: u32,
): usize {
  isDialect = format == FORMAT_DGRAPH;
  quadTermsOpen(dst, dstBytes, isDialect);
  slots = slotTable;
  values = valueList;
  quadValuesEnd = valueList;
  quadWrite(subjectText, 12);
  p = nodeRead(p, QUAD_SUBJECT, QUAD_REASON_NODE);
  if (p == 0) return 0;
  p = blanksEnd(p);
  quadWrite(predicateText, 15);
  if (load<u8>(p) != OPEN_IRI) return quadFail(orDeletion(p, QUAD_REASON_IRI), p);
  p = termNote(QUAD_PREDICATE, quadOut, iriRead(p + 1));
  if (p == 0) return 0;
  p = objectRead(blanksEnd(p));
  if (p == 0) return 0;
  p = blanksEnd(p);
  const c = <u32>load<u8>(p);
  if (c == OPEN_IRI || c == UNDERSCORE) {
    if (format == FORMAT_TRIPLES) return quadFail(QUAD_REASON_GRAPH, p);
    quadWrite(graphText, 11);
    p = nodeRead(p, QUAD_GRAPH, QUAD_REASON_NODE);
    if (p == 0) return 0;
    p = blanksEnd(p);
  }
  if (isDialect && load<u8>(p) == OPEN_FACETS) {
    p = facetsRead(p + 1);
    if (p == 0) return 0;
    p = blanksEnd(p);
  } else {
    quadWrite(endText, 2);
  }
  return statementEnd(p);
}

/** What is wrong where no term begins: in Dgraph's dialect a star deletes. */
@inline
function orDeletion(p: usize, reason: u32): u32 {
  return isDialect && load<u8>(p) == STAR ? QUAD_REASON_DELETION : reason;
}

/** Lists the value that was written from `start` on, unless `p` says that it went wrong; returns `p`. */
@inline
function termNote(member: u32, start: usize, p: usize): usize {
  if (p == 0 || slots == 0) return p;
  const slot = <u32>load<u16>(slots + (<usize>member << 1));
  if (slot == SLOT_NONE) return p;
  const value = changetype<Value>(quadValuesEnd);
  value.slot = <u16>slot;
  value.type = <u8>TYPE_STRING;
  value.flags = <u8>quadFlags;
  value.start = <u32>start;
  value.end = <u32>quadOut;
  quadValuesEnd += offsetof<Value>();
  return p;
}

/** An IRI or a blank node. */
function nodeRead(p: usize, member: u32, reason: u32): usize {
  const start = quadOut;
  if (load<u8>(p) == OPEN_IRI) return termNote(member, start, iriRead(p + 1));
  if (load<u16>(p) == 0x3a5f) return termNote(member, start, labelRead(p + 2));
  return quadFail(orDeletion(p, reason), p);
}

function objectRead(p: usize): usize {
  if (load<u8>(p) != QUOTE) {
    quadWrite(objectText, 12);
    return nodeRead(p, QUAD_OBJECT, QUAD_REASON_OBJECT);
  }
  quadWrite(valueText, 11);
  p = termNote(QUAD_VALUE, quadOut, literalRead(p + 1));
  if (p == 0) return 0;
  const next = blanksEnd(p);
  const c = <u32>load<u8>(next);
  if (c == AT) {
    quadWrite(languageText, 14);
    return termNote(QUAD_LANGUAGE, quadOut, languageRead(next + 1));
  }
  if (c != CARET) return p;
  if (load<u8>(next, 1) != CARET) return quadFail(QUAD_REASON_STOP, next);
  return datatypeRead(blanksEnd(next + 2));
}

/** The datatype xsd:string is what a literal without one has: it is taken back. */
function datatypeRead(p: usize): usize {
  if (load<u8>(p) != OPEN_IRI) return quadFail(QUAD_REASON_IRI, p);
  const before = quadOut;
  quadWrite(datatypeText, 14);
  const start = quadOut;
  if (isDialect && (load<u32>(p, 1) & 0xffffff) == SHORT_TYPE) {
    quadWrite(stringType, 16);
    quadWrite(stringType + 16, 16);
    quadWrite(stringType + 32, TYPE_SPACE_BYTES - 32);
    p += SHORT_TYPE_BYTES;
  }
  p = iriRead(p + 1);
  if (p == 0) return 0;
  const isString =
    quadOut - start == STRING_TYPE_BYTES && memory.compare(start, stringType, STRING_TYPE_BYTES) == 0;
  if (!isString) return termNote(QUAD_DATATYPE, start, p);
  quadTakeBack(before);
  return p;
}

/** The full stop, and nothing behind it but a comment. */
function statementEnd(p: usize): usize {
  if (load<u8>(p) != DOT) return quadFail(QUAD_REASON_STOP, p);
  p = blanksEnd(p + 1);
  const c = <u32>load<u8>(p);
  if (c == LINE_FEED || c == CARRIAGE_RETURN) return p;
  return c == HASH ? quadLineEnd(p) : quadFail(QUAD_REASON_END, p);
}

/** The line break at or behind p; one is there. */
export function quadLineEnd(p: usize): usize {
  while (true) {
    const block = v128.load(p);
    const lineFeeds = i8x16.eq(block, i8x16.splat(0x0a));
    const mask = i8x16.bitmask(v128.or(lineFeeds, i8x16.eq(block, i8x16.splat(0x0d))));
    if (mask != 0) return p + ctz(mask);
    p += 16;
  }
}
