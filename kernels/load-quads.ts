/** Statements of a frame of N-Triples or N-Quads, each a record: see quads.ts. */
import { recordRead, recordTake } from "./load-record";
import {
  REJECT_INVALID_UTF8,
  REJECT_NONE,
  REJECT_QUAD_DELETION,
  REJECT_QUAD_SYNTAX,
  REJECT_RECORD_TOO_LARGE,
  state,
} from "./load-state";
import { Value } from "./program";
import {
  QUAD_REASON_DELETION,
  QUAD_REASON_ROOM,
  quadFailAt,
  quadFailReason,
  quadNonAscii,
  quadOut,
} from "./quad-terms";
import { quadLineEnd, quadRead, quadValuesEnd } from "./quads";
import { utf8InvalidAt } from "./utf8";

const HASH: u32 = 0x23;

// Fields of the context of json-scan.ts.
const SCAN_VALUES: usize = 4;
const SCAN_COUNT: usize = 20;

let isRead: bool = false;

/** A line break behind the frame, where its slack is, ends a last line that has none. */
export function quadsOpen(): void {
  store<u8>(state.frameEnd, 0x0a);
}

/** Reads the next statement into JSON; what is wrong with it is told by `quadLoad`. */
export function quadNext(): bool {
  let at = state.cursor;
  while (at < state.frameEnd) {
    const c = <u32>load<u8>(at);
    if (c == 0x20 || c == 0x09 || c == 0x0a || c == 0x0d) at++;
    else if (c == HASH) at = quadLineEnd(at);
    else break;
  }
  if (at >= state.frameEnd) return false;
  const program = state.program;
  const slots: usize = program.quadSlots == 0 ? 0 : changetype<usize>(program) + program.quadSlots;
  const values = <usize>load<u32>(state.scan, SCAN_VALUES);
  const end = quadRead(at, state.format, slots, values, state.csvText, state.csvTextBytes);
  isRead = end != 0;
  state.recordStart = at;
  state.recordEnd = isRead ? end : quadLineEnd(quadFailAt);
  state.next = state.recordEnd + 1;
  return true;
}

/** Appends the entries of the statement that was read; returns REJECT_NONE or what is wrong with it. */
export function quadLoad(): u32 {
  const recordStart = state.recordStart;
  const recordEnd = state.recordEnd;
  state.jsonStart = state.csvText;
  state.jsonEnd = quadOut;
  // What broke off may have looked at few of its bytes.
  if (!isRead || quadNonAscii != 0) {
    const invalidAt = utf8InvalidAt(recordStart, recordEnd);
    if (invalidAt != recordEnd) {
      state.rejectOffset = <u32>(invalidAt - recordStart);
      return REJECT_INVALID_UTF8;
    }
  }
  if (!isRead) {
    state.rejectOffset = <u32>(quadFailAt - recordStart);
    state.rejectDetail = quadFailReason;
    if (quadFailReason == QUAD_REASON_DELETION) return REJECT_QUAD_DELETION;
    return quadFailReason == QUAD_REASON_ROOM ? REJECT_RECORD_TOO_LARGE : REJECT_QUAD_SYNTAX;
  }
  if (state.jsonEnd - state.jsonStart > state.recordBytesMax) return REJECT_RECORD_TOO_LARGE;
  // A mapping that wants more than the members' texts has the JSON read.
  if (state.program.quadSlots == 0) return recordRead();
  const values = <usize>load<u32>(state.scan, SCAN_VALUES);
  store<u32>(state.scan, <u32>(quadValuesEnd - values) / offsetof<Value>(), SCAN_COUNT);
  return recordTake(values, quadValuesEnd);
}
