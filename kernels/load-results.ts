/** What the host asks the loader between two calls of `loadRun`. */
import { columnsReset } from "./load-columns";
import { state } from "./load-state";

/** After LOAD_COLUMNS_FULL or at the end: the chunks have been read. */
export function loadColumnsDrained(): void {
  columnsReset();
}

/** After LOAD_OUTPUT_FULL or at the end: the blocks have been read. */
export function loadOutputDrained(): void {
  state.outputAt = state.output0;
}

export function loadOutputEnd(): usize {
  return state.outputAt;
}

/** Records met so far, rejected ones included. */
export function loadOrdinal(): u32 {
  return state.ordinal;
}

export function loadAccepted(): u32 {
  return state.accepted;
}

/** Records that delete others and were not put out. */
export function loadDeletions(): u32 {
  return state.deletions;
}

export function loadAcceptedBytes(): u32 {
  return state.acceptedBytes;
}

/** The record that was rejected, or is to be checked, in the frame. */
export function loadRecordStart(): usize {
  return state.recordStart;
}

export function loadRecordEnd(): usize {
  return state.recordEnd;
}

/** Its text in JSON. */
export function loadJsonStart(): usize {
  return state.jsonStart;
}

export function loadJsonEnd(): usize {
  return state.jsonEnd;
}

export function loadRejectCode(): u32 {
  return state.rejectCode;
}

export function loadRejectDetail(): u32 {
  return state.rejectDetail;
}

export function loadRejectOffset(): u32 {
  return state.rejectOffset;
}
