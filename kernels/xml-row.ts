/**
 * Reads one row of an XML dump, `<row Id="1" Title="..." />` on a line of its own (XML 1.0), and writes it as
 * one line of JSON with a member for each attribute, in the order in which they are written.
 *
 * Program, as the host writes it (src/model/xml-program.ts), u32 each, at a multiple of 4:
 *   0 attributes   4 to 12 zeros
 *   then for each attribute whose type is known (16 bytes): type, offset and bytes of its name as JSON with a
 *   comma before and a colon after it, slot of its field
 * An attribute without a type becomes a string. A line break stands somewhere behind every position, so no
 * rule needs a bound of its own; rules read up to 32 bytes beyond.
 */
import { CELL_BAD, CELL_FULL, blockCopy, boolWrite, floatWrite, intWrite, nullWrite } from "./csv-cell";
import {
  XML_REASON_END,
  XML_REASON_EQUALS,
  XML_REASON_MANY,
  XML_REASON_NAME,
  XML_REASON_NONE,
  XML_REASON_QUOTE,
  XML_REASON_ROOM,
  XML_REASON_ROW,
  XML_REASON_TWICE,
  namesRead,
  plainRead,
  stringRead,
  textEnd,
  textIsOdd,
  textStart,
  xmlFail,
  xmlHasRoom,
  xmlLimit,
  xmlOut,
  xmlOutMove,
  xmlValueOpen,
} from "./xml-value";

const PROGRAM_BYTES: usize = 16;
const ATTRIBUTE_BYTES: usize = 16;

const TYPE_STRING: u32 = 1;
const TYPE_INT: u32 = 2;
const TYPE_FLOAT: u32 = 3;
const TYPE_BOOL: u32 = 4;
const TYPE_DATE: u32 = 5;
const TYPE_NAMES: u32 = 6;

/** `<row`, and `/>`, as little-endian numbers. */
const ROW_OPEN: u32 = 0x776f_723c;
const ROW_CLOSE: u32 = 0x3e2f;

const ATTRIBUTES_MAX: u32 = 128;
/** Start and bytes of the names of a row's attributes, u32 each. */
const names = memory.data(128 * 8, 16);
let nameCount: u32 = 0;

/** Where the program's search goes on: attributes come in much the same order in every row. */
let turn: u32 = 0;
let program: usize = 0;
/** Slot of the field whose value is not of its type. */
export let xmlBadSlot: u32 = 0;

/**
 * Reads the row in the line at `p` and returns whether it was one: else `xmlFailReason` tells why, or it is
 * XML_REASON_NONE when the value of field `xmlBadSlot` is not of its type.
 */
export function xmlRowRead(rowProgram: usize, p: usize, dst: usize, dstBytes: u32): bool {
  program = rowProgram;
  xmlValueOpen(dst, dstBytes);
  nameCount = 0;
  turn = 0;
  p = blanksEnd(p);
  if (load<u32>(p) != ROW_OPEN) return xmlFail(XML_REASON_ROW, p) != 0;
  p = attributesRead(p + 4);
  if (p == 0) return false;
  p = blanksEnd(p);
  if (load<u8>(p) != 0x0a) return xmlFail(XML_REASON_END, p) != 0;
  if (nameCount == 0) xmlOutMove(dst + 1);
  store<u8>(dst, 0x7b);
  store<u8>(xmlOut, 0x7d);
  xmlOutMove(xmlOut + 1);
  return true;
}

/** Attributes up to the end of the row; the position behind it, or 0. */
function attributesRead(p: usize): usize {
  while (true) {
    const start = p;
    p = blanksEnd(p);
    if (load<u16>(p) == ROW_CLOSE) return p + 2;
    const end = nameEnd(p);
    if (end == p || p == start) return xmlFail(XML_REASON_NAME, p);
    if (nameCount == ATTRIBUTES_MAX) return xmlFail(XML_REASON_MANY, p);
    if (!nameNote(p, <u32>(end - p))) return xmlFail(XML_REASON_TWICE, p);
    const equals = blanksEnd(end);
    if (load<u8>(equals) != 0x3d) return xmlFail(XML_REASON_EQUALS, equals);
    const value = blanksEnd(equals + 1);
    const quote = <u32>load<u8>(value);
    if (quote != 0x22 && quote != 0x27) return xmlFail(XML_REASON_QUOTE, value);
    p = attributeRead(p, <u32>(end - p), value);
    if (p == 0) return 0;
  }
}

/** The position of the first byte from p on that is no space, tab or CR. */
@inline
function blanksEnd(p: usize): usize {
  let c = <u32>load<u8>(p);
  while (c == 0x20 || c == 0x09 || c == 0x0d) c = load<u8>(++p);
  return p;
}

/** The end of the ASCII name at p. */
function nameEnd(p: usize): usize {
  const first = p;
  while (true) {
    const c = <u32>load<u8>(p);
    const isStart = (c | 0x20) - 0x61 < 26 || c == 0x5f || c == 0x3a;
    if (!isStart && (p == first || (c - 0x30 >= 10 && c != 0x2d && c != 0x2e))) return p;
    p++;
  }
}

/** Keeps a name; false when the row has had it. */
function nameNote(name: usize, bytes: u32): bool {
  const end = names + (<usize>nameCount << 3);
  for (let at = names; at < end; at += 8) {
    if (load<u32>(at, 4) == bytes && memory.compare(load<u32>(at), name, bytes) == 0) return false;
  }
  store<u32>(end, <u32>name);
  store<u32>(end, bytes, 4);
  nameCount++;
  return true;
}

/** The program's entry of a name, or 0. */
function entryOf(name: usize, bytes: u32): usize {
  const count = load<u32>(program);
  for (let tried: u32 = 0; tried < count; tried++) {
    if (turn == count) turn = 0;
    const entry = program + PROGRAM_BYTES + <usize>turn * ATTRIBUTE_BYTES;
    turn++;
    const isSame =
      load<u32>(entry, 8) == bytes + 4 && memory.compare(program + load<u32>(entry, 4) + 2, name, bytes) == 0;
    if (isSame) return entry;
  }
  return 0;
}

/** Writes the member of an attribute whose value's quote is at `value`; the position behind it, or 0. */
function attributeRead(name: usize, nameBytes: u32, value: usize): usize {
  if (!xmlHasRoom(nameBytes + 4)) return xmlFail(XML_REASON_ROOM, name);
  const entry = entryOf(name, nameBytes);
  if (entry == 0) {
    store<u16>(xmlOut, 0x222c);
    const end = blockCopy(xmlOut + 2, name, nameBytes);
    store<u16>(end, 0x3a22);
    xmlOutMove(end + 2);
    return stringRead(value);
  }
  xmlOutMove(blockCopy(xmlOut, program + load<u32>(entry, 4), load<u32>(entry, 8)));
  const type = load<u32>(entry);
  if (type == TYPE_STRING) return stringRead(value);
  return type == TYPE_NAMES ? namesRead(value) : typedRead(value, type, load<u32>(entry, 12));
}

/** Writes a number, a truth or a date; one without a text is null. */
function typedRead(value: usize, type: u32, slot: u32): usize {
  if (load<u8>(value) == load<u8>(value, 1)) {
    xmlOutMove(nullWrite(xmlOut));
    return value + 2;
  }
  if (type == TYPE_DATE) return stringRead(value);
  const next = plainRead(value);
  if (next == 0) return 0;
  const out = textIsOdd ? CELL_BAD : textWrite(type);
  if (out == CELL_FULL) return xmlFail(XML_REASON_ROOM, value);
  if (out != CELL_BAD) {
    xmlOutMove(out);
    return next;
  }
  xmlBadSlot = slot;
  return xmlFail(XML_REASON_NONE, value);
}

function textWrite(type: u32): usize {
  if (type == TYPE_INT) return intWrite(xmlOut, xmlLimit, textStart, textEnd);
  return type == TYPE_FLOAT
    ? floatWrite(xmlOut, xmlLimit, textStart, textEnd)
    : boolWrite(xmlOut, textStart, textEnd);
}
