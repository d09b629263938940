/**
 * When a record expires (NIP-40): of the pairs called "expiration" the first decides, and only if its value
 * is a whole number of seconds.
 */
import { FLAG_ESCAPES, TYPE_PAIR_NAME, TYPE_PAIR_VALUE } from "./json-grammar";
import { state } from "./load-state";
import { Op, Value } from "./program";
import { escapeEnd, readEscape } from "./unescape";

const NAME_BYTES: usize = 10;
/** "expirati" and "on", as they lie in memory. */
const NAME_HEAD: u64 = 0x6974617269707865;
const NAME_TAIL: u16 = 0x6e6f;
/** A digit as an escape takes six bytes. */
const ESCAPED_NAME_BYTES_MAX: usize = 60;
const nameRoom = memory.data(16, 8);

/** Set by `expirationFound`; a number that 64 bits do not hold is the greatest they do. */
export let expirationSeconds: u64 = 0;

/** Takes the values of a record's pairs one after another; true when this one says when it expires. */
export function expirationFound(op: Op, value: Value): bool {
  const type = <u32>value.type;
  const stamp = state.program.stamp;
  if (type == TYPE_PAIR_NAME) {
    op.column = 0;
    if (op.argument == stamp || !isExpiration(value)) return false;
    op.argument = stamp;
    op.column = 1;
    return false;
  }
  if (type != TYPE_PAIR_VALUE || op.column != 1) return false;
  op.column = 0;
  return readSeconds(value.start, value.end);
}

@inline
function isExpiration(name: Value): bool {
  const bytes: usize = name.end - name.start;
  if ((<u32>name.flags & FLAG_ESCAPES) != 0) return isEscapedExpiration(name.start, name.end);
  return bytes == NAME_BYTES && isName(name.start);
}

@inline
function isName(at: usize): bool {
  return load<u64>(at) == NAME_HEAD && load<u16>(at, 8) == NAME_TAIL;
}

function isEscapedExpiration(start: usize, end: usize): bool {
  if (end - start > ESCAPED_NAME_BYTES_MAX) return false;
  let bytes: usize = 0;
  for (let at = start; at < end; bytes++) {
    const point = pointAt(at);
    if (bytes == NAME_BYTES || point > 0x7f) return false;
    store<u8>(nameRoom + bytes, <u8>point);
    at = pointEnd;
  }
  return bytes == NAME_BYTES && isName(nameRoom);
}

function readSeconds(start: usize, end: usize): bool {
  if (start == end) return false;
  let seconds: u64 = 0;
  for (let at = start; at < end; at = pointEnd) {
    const digit = pointAt(at) - 0x30;
    if (digit > 9) return false;
    const isTooLarge = seconds > (u64.MAX_VALUE - <u64>digit) / 10;
    seconds = isTooLarge ? u64.MAX_VALUE : seconds * 10 + <u64>digit;
  }
  expirationSeconds = seconds;
  return true;
}

let pointEnd: usize = 0;

/** The byte or the escaped code point at `at`; `pointEnd` is behind it. */
function pointAt(at: usize): u32 {
  const byte = <u32>load<u8>(at);
  if (byte != 0x5c) {
    pointEnd = at + 1;
    return byte;
  }
  const point = readEscape(at);
  pointEnd = escapeEnd;
  return point;
}
