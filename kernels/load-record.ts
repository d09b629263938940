/** From the text of a record to its index entries: the same for loading and for checking what is stored. */
import { eventDefine } from "./load-events";
import { keyDefine } from "./load-keys";
import { quadDefine } from "./load-quad-keys";
import { REJECT_FIELD_MISSING, REJECT_NONE, state } from "./load-state";
import { RULES_EVENTS, RULES_QUADS, SLOT_NONE } from "./program";
import { predicateAppend, valuesAppend } from "./load-values";
import { SCAN_OK } from "./json-grammar";
import { SCAN_VALUE_BYTES, scanRecord } from "./json-scan";

// Fields of the context of json-scan.ts.
const SCAN_VALUES: usize = 4;
const SCAN_COUNT: usize = 20;
const SCAN_FAIL_OFFSET: usize = 24;
const SCAN_FAIL_REASON: usize = 28;
const SCAN_START: usize = 32;
const SCAN_END: usize = 36;

/** What the key buffer held before the record at work. */
let keysBefore: u32 = 0;
let arenaBefore: u32 = 0;

/** Makes ready for the entries of the record with this id, behind those that the tuple buffer holds. */
export function recordOpen(id: u64): void {
  state.program.stamp++;
  state.tupleAt = state.tuples.tuples + (<usize>state.tuples.count << 4);
  state.tupleLimit = state.tuples.tuples + (<usize>state.tuples.capacity << 4);
  state.idBits = id << 8;
  state.isOverflown = false;
  state.hasVersion = false;
  state.isDeletion = state.program.isDeleting != 0;
  keysBefore = state.keys.count;
  arenaBefore = state.keys.arenaBytes;
  state.version = 0;
  state.rejectDetail = 0;
  state.rejectOffset = 0;
}

/** Reads the text from jsonStart to jsonEnd and appends its entries; returns REJECT_NONE or what is wrong. */
export function recordRead(): u32 {
  const scan = state.scan;
  const status = scanRecord(scan, state.jsonStart, state.jsonEnd);
  if (status != SCAN_OK) {
    state.rejectOffset = load<u32>(scan, SCAN_FAIL_OFFSET);
    state.rejectDetail = load<u32>(scan, SCAN_FAIL_REASON);
    return status;
  }
  state.jsonStart = load<u32>(scan, SCAN_START);
  state.jsonEnd = load<u32>(scan, SCAN_END);
  const values = <usize>load<u32>(scan, SCAN_VALUES);
  const valuesEnd = values + <usize>load<u32>(scan, SCAN_COUNT) * SCAN_VALUE_BYTES;
  return recordTake(values, valuesEnd);
}

/** Appends the entries of a record whose values are listed. */
export function recordTake(values: usize, valuesEnd: usize): u32 {
  const program = state.program;
  let code = valuesAppend(values, valuesEnd);
  if (state.isDeletion && code == REJECT_NONE && !state.isOverflown) return deletionTake();
  const hasPredicates = program.predicates != 0 && !state.isOverflown;
  if (code == REJECT_NONE && hasPredicates) code = predicateAppend(program);
  if (code != REJECT_NONE || state.isOverflown || program.keyPartCount == 0) return code;
  const rules = program.rules;
  if (rules == RULES_QUADS) return quadDefine();
  return rules == RULES_EVENTS ? eventDefine(values, valuesEnd) : keyDefine(0);
}

/** Of a deletion nothing counts but its key and its version: it leaves no entry in an index and no link. */
function deletionTake(): u32 {
  const program = state.program;
  state.tupleAt = state.tuples.tuples + (<usize>state.tuples.count << 4);
  state.keys.count = keysBefore;
  state.keys.arenaBytes = arenaBefore;
  const lacksVersion = program.versionSlot != SLOT_NONE && !state.hasVersion;
  // One that is not marked in its source, but was asked for, takes out whatever there is.
  if (lacksVersion && program.isDeleting == 0) {
    state.rejectDetail = program.versionSlot;
    return REJECT_FIELD_MISSING;
  }
  return program.rules == RULES_QUADS ? quadDefine() : keyDefine(0);
}
