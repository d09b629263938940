/** Keys: the parts of a record's own key, and references to the keys of others. */
import { FLAG_ESCAPES, FLAG_INTEGER, TYPE_ARRAY, TYPE_NUMBER, TYPE_OBJECT } from "./json-grammar";
import { KEY_BYTES_MAX, KEY_DELETED, KEY_HAS_EXTRA, KEY_HAS_VERSION } from "./key-entry";
import { KEY_REFERENCE, keyAppend } from "./key-entry";
import { REJECT_KEY_MISSING, REJECT_KEY_TOO_LONG, REJECT_NONE, state } from "./load-state";
import { KeyPart, Slot, Value } from "./program";
import { packHex } from "./term-string";
import { FIELD_HEX } from "./terms";
import { unescapeString } from "./utf8";
import { varintWrite } from "./varint";

/** An escape is at most six times as long as what it stands for. */
const escapedBytesMax: usize = 6 * 1024;
const partRoom = memory.data(6 * 1024 + 64, 16);
const keyRoom = memory.data(8 * (1024 + 16) + 64, 16);

/** Outcomes of `linkAppend`. */
export const LINK_DONE: u32 = 0;
export const LINK_FULL: u32 = 1;
export const LINK_TOO_LONG: u32 = 2;

/** What `partWrite` says of a part that makes no key. */
export const TOO_LONG: usize = 0;

/** The bytes of the key that was defined last, or none. */
export const definedKey: usize = keyRoom;
export let definedKeyBytes: u32 = 0;

function partOf(number: u32): KeyPart {
  const program = state.program;
  return changetype<KeyPart>(
    changetype<usize>(program) + program.keyParts + <usize>number * offsetof<KeyPart>(),
  );
}

/** Notes the value of a key part; false when it is no plain value, or the second one. */
export function keyPartSet(number: u32, value: Value): bool {
  const part = partOf(number);
  if (part.stamp == state.program.stamp || <u32>value.type == TYPE_OBJECT || <u32>value.type == TYPE_ARRAY) {
    return false;
  }
  part.stamp = state.program.stamp;
  part.entry = <u32>changetype<usize>(value);
  return true;
}

/** Whether the record at work has this part. */
export function keyPartHas(number: u32): bool {
  return partOf(number).stamp == state.program.stamp;
}

/** The value that was noted as this part of the record at work. */
export function keyPartValue(number: u32): Value {
  return changetype<Value>(partOf(number).entry);
}

export function keyPartSlot(number: u32): u32 {
  return partOf(number).slot;
}

/** Appends the definition of the record's key or its deletion, with an extra unless that is 0. */
export function keyDefine(extra: usize): u32 {
  const program = state.program;
  const parts = program.keyPartCount;
  let at = keyRoom;
  for (let i: u32 = 0; i < parts; i++) {
    const part = partOf(i);
    state.rejectDetail = part.slot;
    if (part.stamp != program.stamp) return REJECT_KEY_MISSING;
    const value = changetype<Value>(part.entry);
    const slots = changetype<usize>(program) + program.slots;
    const slot = changetype<Slot>(slots + <usize>part.slot * offsetof<Slot>());
    const end = partWrite(slot.type, value, partRoom);
    if (end == TOO_LONG) return REJECT_KEY_TOO_LONG;
    const bytes = end - partRoom;
    if (parts > 1) at = varintWrite(at, bytes);
    memory.copy(at, partRoom, bytes);
    at += bytes;
  }
  const bytes = <u32>(at - keyRoom);
  if (bytes > KEY_BYTES_MAX) return REJECT_KEY_TOO_LONG;
  definedKeyBytes = bytes;
  const flags = (state.hasVersion ? KEY_HAS_VERSION : 0) | (extra != 0 ? KEY_HAS_EXTRA : 0);
  keyPush(program.entity, flags | (state.isDeletion ? KEY_DELETED : 0), state.version, keyRoom, bytes, extra);
  return REJECT_NONE;
}

/** Appends an entry of the record at work; without room the record is taken back and tried again. */
export function keyPush(
  keyspace: u32,
  flags: u32,
  version: u64,
  key: usize,
  keyBytes: u32,
  extra: usize,
): void {
  const keys = changetype<usize>(state.keys);
  const id = state.idBits >> 8;
  const isIn = keyAppend(keys, keyspace, flags & KEY_REFERENCE, flags, id, version, key, keyBytes, extra);
  if (!isIn) state.isOverflown = true;
}

/** Appends a reference to the key that a value holds. */
export function linkAppend(keyspace: u32, fieldType: u32, value: Value): u32 {
  const end = partWrite(fieldType, value, partRoom);
  if (end == TOO_LONG) return LINK_TOO_LONG;
  const keys = changetype<usize>(state.keys);
  const id = state.idBits >> 8;
  const bytes = <u32>(end - partRoom);
  return keyAppend(keys, keyspace, KEY_REFERENCE, 0, id, 0, partRoom, bytes, 0) ? LINK_DONE : LINK_FULL;
}

/**
 * Writes the canonical bytes of a key part; returns the end, or TOO_LONG. The target has room for an escaped
 * text of six times KEY_BYTES_MAX.
 */
export function partWrite(fieldType: u32, value: Value, target: usize): usize {
  const start = <usize>value.start;
  const bytes = <usize>value.end - start;
  if (fieldType == FIELD_HEX) return hexWrite(start, bytes, (<u32>value.flags & FLAG_ESCAPES) != 0, target);
  if ((<u32>value.flags & FLAG_ESCAPES) != 0) {
    if (bytes > escapedBytesMax) return TOO_LONG;
    const plain = unescapeString(start, value.end, target);
    return plain > KEY_BYTES_MAX ? TOO_LONG : target + plain;
  }
  if (bytes > KEY_BYTES_MAX) return TOO_LONG;
  const isMinusZero = <u32>value.type == TYPE_NUMBER && (<u32>value.flags & FLAG_INTEGER) != 0 && bytes == 2;
  if (isMinusZero && load<u16>(start) == 0x302d) {
    store<u8>(target, 0x30);
    return target + 1;
  }
  memory.copy(target, start, bytes);
  return target + bytes;
}

function hexWrite(start: usize, bytes: usize, isEscaped: bool, target: usize): usize {
  if (bytes > escapedBytesMax) return TOO_LONG;
  if (!isEscaped) return bytes > KEY_BYTES_MAX * 2 ? TOO_LONG : packHex(start, start + bytes, target);
  const plain = unescapeString(start, start + bytes, target);
  // Packed digits never overtake the ones that are read.
  return plain > KEY_BYTES_MAX * 2 ? TOO_LONG : packHex(target, target + plain, target);
}
