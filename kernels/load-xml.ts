/** Lines of an XML dump, each a row and a record: see xml-row.ts. */
import { lineEnd } from "./load-frame";
import { recordRead } from "./load-record";
import {
  REJECT_FIELD_TYPE,
  REJECT_INVALID_UTF8,
  REJECT_NONE,
  REJECT_RECORD_TOO_LARGE,
  REJECT_XML_SYNTAX,
  state,
} from "./load-state";
import { utf8InvalidAt } from "./utf8";
import { xmlBadSlot, xmlRowRead } from "./xml-row";
import {
  XML_REASON_NONE,
  XML_REASON_ROOM,
  xmlFailAt,
  xmlFailReason,
  xmlNonAscii,
  xmlOut,
} from "./xml-value";

const LINE_FEED: u32 = 0x0a;

let isRead: bool = false;

/** A line break behind the frame, where its slack is, ends a last line that has none. */
export function xmlOpen(): void {
  store<u8>(state.frameEnd, 0x0a);
}

/** Reads the next line that is to be a row into JSON; what is wrong with it is told by `xmlLoad`. */
export function xmlNext(): bool {
  while (state.cursor < state.frameEnd) {
    const start = state.cursor;
    const end = lineEnd(start, state.frameEnd);
    state.next = end + 1;
    if (!isAside(start)) {
      state.recordStart = start;
      state.recordEnd = end;
      const program = state.program;
      const rows = changetype<usize>(program) + program.rows;
      isRead = xmlRowRead(rows, start, state.csvText, state.csvTextBytes);
      return true;
    }
    state.cursor = state.next;
  }
  return false;
}

/** Appends the entries of the row that was read; returns REJECT_NONE or what is wrong with it. */
export function xmlLoad(): u32 {
  const recordStart = state.recordStart;
  state.jsonStart = state.csvText;
  state.jsonEnd = xmlOut;
  // What broke off may have looked at few of its bytes.
  if (!isRead || xmlNonAscii != 0) {
    const invalidAt = utf8InvalidAt(recordStart, state.recordEnd);
    if (invalidAt != state.recordEnd) {
      state.rejectOffset = <u32>(invalidAt - recordStart);
      return REJECT_INVALID_UTF8;
    }
  }
  if (!isRead) {
    state.rejectOffset = <u32>(xmlFailAt - recordStart);
    state.rejectDetail = xmlFailReason;
    if (xmlFailReason == XML_REASON_ROOM) return REJECT_RECORD_TOO_LARGE;
    if (xmlFailReason != XML_REASON_NONE) return REJECT_XML_SYNTAX;
    state.rejectDetail = xmlBadSlot;
    return REJECT_FIELD_TYPE;
  }
  if (state.jsonEnd - state.jsonStart > state.recordBytesMax) return REJECT_RECORD_TOO_LARGE;
  return recordRead();
}

/**
 * Whether the line at `p` holds no row and is not meant to: nothing, the declaration, or a tag of the element
 * around the rows. The framer goes by the same rule (src/sources/framers/xml-rows.ts).
 */
function isAside(p: usize): bool {
  p = blanksEnd(p);
  if (load<u8>(p) == LINE_FEED) return true;
  if (load<u16>(p) == 0x3f3c) {
    p = declarationEnd(p + 2);
    if (p == 0) return false;
    if (load<u8>(p) == LINE_FEED) return true;
  }
  if (load<u8>(p) != 0x3c) return false;
  p += load<u8>(p, 1) == 0x2f ? 2 : 1;
  const name = p;
  while ((<u32>load<u8>(p) | 0x20) - 0x61 < 26) p++;
  if (p == name || load<u8>(p) != 0x3e) return false;
  if (p - name == 3 && (load<u32>(name) & 0xffffff) == 0x77_6f72) return false;
  return load<u8>(blanksEnd(p + 1)) == LINE_FEED;
}

/** Behind `?>` and blanks; 0 when the line ends without it. */
function declarationEnd(p: usize): usize {
  while (load<u8>(p) != LINE_FEED && load<u16>(p) != 0x3e3f) p++;
  return load<u8>(p) == LINE_FEED ? 0 : blanksEnd(p + 2);
}

@inline
function blanksEnd(p: usize): usize {
  let c = <u32>load<u8>(p);
  while (c == 0x20 || c == 0x09 || c == 0x0d) c = load<u8>(++p);
  return p;
}
