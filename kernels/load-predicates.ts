/**
 * Fields by predicate: the steps of the one that a quad's predicate names run on its literal or its object.
 * The table is written by src/model/predicate-table.ts.
 */
import { FLAG_ESCAPES } from "./json-grammar";
import { keyPartHas, keyPartValue } from "./load-keys";
import {
  REJECT_NONE,
  REJECT_QUAD_LANGUAGE,
  REJECT_QUAD_TYPE,
  state,
} from "./load-state";
import { Program, Slot, Value } from "./program";
import { QUAD_LANGUAGE, QUAD_OBJECT, QUAD_PREDICATE, QUAD_VALUE } from "./quads";
import { literalFits } from "./terms";
import { unescapeString } from "./utf8";

@unmanaged
class Entry {
  hash: u32;
  /** From the table on; 0 marks an empty place. */
  name: u32;
  nameBytes: u16;
  flags: u16;
  slot: u32;
}

const IS_LINK: u32 = 1;
const HAS_LANGUAGE: u32 = 2;

/** A name has up to 256 characters, and an escape is at most six times as long as what it stands for. */
const NAME_BYTES_MAX: usize = 1024;
const nameRoom = memory.data(6 * 1024 + 64, 16);

/** The value that the steps of the field take: set by `predicateSlot`. */
export let predicateValue: usize = 0;
/** What is wrong with the quad, when there is no slot for it. */
export let predicateReject: u32 = 0;

/** The slot of the field that the quad at work has by its predicate, or 0. */
export function predicateSlot(program: Program): usize {
  predicateReject = REJECT_NONE;
  if (!keyPartHas(QUAD_PREDICATE)) return 0;
  const entry = entryOf(program, keyPartValue(QUAD_PREDICATE));
  if (entry == 0) return 0;
  const found = changetype<Entry>(entry);
  state.rejectDetail = found.slot;
  const isLink = (<u32>found.flags & IS_LINK) != 0;
  const member = isLink ? QUAD_OBJECT : QUAD_VALUE;
  if (!keyPartHas(member)) {
    // Without either it is no quad, which is told elsewhere.
    if (keyPartHas(isLink ? QUAD_VALUE : QUAD_OBJECT)) predicateReject = REJECT_QUAD_TYPE;
    return 0;
  }
  if (keyPartHas(QUAD_LANGUAGE) && (<u32>found.flags & HAS_LANGUAGE) == 0) {
    predicateReject = REJECT_QUAD_LANGUAGE;
    return 0;
  }
  const value = keyPartValue(member);
  const slots = changetype<usize>(program) + program.slots;
  const slot = changetype<Slot>(slots + <usize>found.slot * offsetof<Slot>());
  if (!literalFits(slot.type, value.flags, value.start, value.end)) {
    predicateReject = REJECT_QUAD_TYPE;
    return 0;
  }
  predicateValue = changetype<usize>(value);
  return changetype<usize>(slot);
}

/** The place of a predicate in the table, or 0. */
function entryOf(program: Program, predicate: Value): usize {
  let start = <usize>predicate.start;
  let bytes = <usize>predicate.end - start;
  if ((<u32>predicate.flags & FLAG_ESCAPES) != 0) {
    if (bytes > 6 * NAME_BYTES_MAX) return 0;
    bytes = unescapeString(start, predicate.end, nameRoom);
    start = nameRoom;
  }
  if (bytes > NAME_BYTES_MAX) return 0;
  const table = changetype<usize>(program) + program.predicates;
  const hash = hashOf(start, bytes);
  let place = hash & program.predicateMask;
  while (true) {
    const entry = changetype<Entry>(table + <usize>place * offsetof<Entry>());
    if (entry.name == 0) return 0;
    const isSame =
      entry.hash == hash &&
      <usize>entry.nameBytes == bytes &&
      memory.compare(table + entry.name, start, bytes) == 0;
    if (isSame) return changetype<usize>(entry);
    place = (place + 1) & program.predicateMask;
  }
}

function hashOf(start: usize, bytes: usize): u32 {
  let hash = <u32>bytes;
  const end = start + bytes;
  for (let at = start; at < end; at += 4) {
    const rest = <u32>(end - at);
    const word = load<u32>(at) & (rest >= 4 ? 0xffffffff : ((<u32>1) << (rest << 3)) - 1);
    hash = (hash ^ word) * 0x9e3779b1;
    hash ^= hash >>> 15;
  }
  return hash;
}
