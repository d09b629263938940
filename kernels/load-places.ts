/** Values that are places, which the host reads: there are few of them in a record, in many forms. */
import { TYPE_NULL } from "./json-grammar";
import { SLOT_NONE, Value } from "./program";

@external("load", "place")
declare function place(value: usize, longitude: usize, out: usize): u32;

const out = memory.data(8, 8);

/** The term of the place that `placeFound` saw last. */
export function placeTerm(): u64 {
  return load<u64>(out);
}

/**
 * Whether a value is a place. Where the longitude has a field of its own, `longitudeSlot`, the first value of
 * each of the two makes the one place of the record, which lie among the values [first, end).
 */
export function placeFound(value: Value, longitudeSlot: u32, first: usize, end: usize): bool {
  const at = changetype<usize>(value);
  if (longitudeSlot == SLOT_NONE) return place(at, 0, out) != 0;
  if (firstOf(value.slot, first, end) != at) return false;
  const longitude = firstOf(longitudeSlot, first, end);
  return longitude != 0 && place(at, longitude, out) != 0;
}

function firstOf(slot: u32, first: usize, end: usize): usize {
  for (let at = first; at < end; at += offsetof<Value>()) {
    const value = changetype<Value>(at);
    if (<u32>value.slot == slot && value.type != TYPE_NULL) return at;
  }
  return 0;
}
