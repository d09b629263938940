/**
 * Terms of strings: up to 7 bytes stand in the term itself, longer ones are hashed; a prefix term holds the
 * first 8 bytes in sort order. Escaped strings are unescaped into a small buffer, a piece at a time when they
 * are long.
 */
import { pieceSourceEnd, pieceTargetEnd, unescapePiece } from "./unescape";
import { unescapeString } from "./utf8";
import { xxh64 } from "./xxh64";
import { xxh64Begin, xxh64Feed, xxh64End } from "./xxh64-stream";

const inlineBytesMax: usize = 7;
const pieceBytes: usize = 4096;
/** unescapeString may write 16 bytes past its end; pair terms put the name and a zero in front. */
const pieceRoom = memory.data(4096 + 64, 16);
const piece0 = pieceRoom + 16;

/** The exact term of the bytes [start, end). Reads up to 8 bytes past the end. */
export function exactTerm(start: usize, end: usize): u64 {
  const bytes = end - start;
  if (bytes <= inlineBytesMax) return inlineTerm(start, bytes);
  return ((<u64>1) << 63) | (xxh64(start, <u32>bytes, 0) >> 1);
}

@inline
function inlineTerm(start: usize, bytes: usize): u64 {
  const head = bswap<u64>(load<u64>(start)) >> 8;
  const rest: u64 = ((<u64>1) << (56 - (<u64>bytes << 3))) - 1;
  return (<u64>bytes << 56) | (head & ~rest);
}

/** The exact term of a JSON string's text that holds escapes. */
export function exactTermEscaped(start: usize, end: usize): u64 {
  if (end - start <= pieceBytes) return exactTerm(piece0, piece0 + unescapeString(start, end, piece0));
  return hashEscaped(start, end, piece0, piece0);
}

/** The exact term of hex digits, over their lower-case form. */
export function hexTerm(start: usize, end: usize): u64 {
  if (end - start <= pieceBytes) {
    lowerHex(start, end, piece0);
    return exactTerm(piece0, piece0 + (end - start));
  }
  xxh64Begin();
  let at = start;
  for (; at + pieceBytes <= end; at += pieceBytes) {
    lowerHex(at, at + pieceBytes, piece0);
    xxh64Feed(piece0, pieceBytes);
  }
  lowerHex(at, end, piece0);
  return ((<u64>1) << 63) | (xxh64End(piece0, end - at) >> 1);
}

/** 16 bytes a step: 0x20 is set in digits already, so that one OR lower-cases every hex digit. */
function lowerHex(start: usize, end: usize, target: usize): void {
  const bit = i8x16.splat(0x20);
  for (let at = start; at < end; at += 16) v128.store(target + (at - start), v128.or(v128.load(at), bit));
}

/** The term of a pair: name, zero byte, value. The name is one ASCII letter. */
export function pairTerm(name: u8, start: usize, end: usize, isEscaped: bool): u64 {
  if (!isEscaped) {
    // The two bytes in front of a value (quote, and comma or space) are borrowed, and put back.
    const head = start - 2;
    const kept = load<u16>(head);
    store<u16>(head, name);
    const term = exactTerm(head, end);
    store<u16>(head, kept);
    return term;
  }
  const target = piece0 - 2;
  store<u16>(target, name);
  if (end - start <= pieceBytes) return exactTerm(target, piece0 + unescapeString(start, end, piece0));
  return hashEscaped(start, end, piece0, target);
}

/**
 * Hashes a long escaped text a piece at a time; `from` is below `target` where bytes stand in front of the
 * text. Whole stripes of 32 bytes are hashed, the rest moves to the front.
 */
function hashEscaped(start: usize, end: usize, target: usize, from: usize): u64 {
  xxh64Begin();
  let at = start;
  let to = target;
  while (true) {
    unescapePiece(at, end, to, piece0 + pieceBytes);
    at = pieceSourceEnd;
    const bytes = pieceTargetEnd - from;
    if (at >= end) return ((<u64>1) << 63) | (xxh64End(from, bytes) >> 1);
    const whole = bytes & ~31;
    xxh64Feed(from, whole);
    memory.copy(from, from + whole, bytes - whole);
    to = from + (bytes - whole);
  }
}

/** The first 8 bytes, big-endian and zero padded: sorts as the texts do. Reads up to 8 bytes past the end. */
export function prefixTerm(start: usize, end: usize): u64 {
  const bytes = end - start;
  const head = bswap<u64>(load<u64>(start));
  return bytes >= 8 ? head : bytes == 0 ? 0 : head & ~(((<u64>1) << (64 - (<u64>bytes << 3))) - 1);
}

export function prefixTermEscaped(start: usize, end: usize): u64 {
  unescapePiece(start, end, piece0, piece0 + 16);
  return prefixTerm(piece0, pieceTargetEnd);
}

/** Whether the text is an even number of hex digits. Reads up to 16 bytes past the end. */
export function isHex(start: usize, end: usize): bool {
  if (((end - start) & 1) != 0) return false;
  for (let at = start; at < end; at += 16) {
    const bytes = v128.load(at);
    const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
    const lower = v128.or(bytes, i8x16.splat(0x20));
    const letters = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(6));
    const misses = ~i8x16.bitmask(v128.or(digits, letters)) & 0xffff;
    if (misses != 0) return at + ctz(misses) >= end;
  }
  return true;
}

/** Packs hex digits two a byte and returns the end of the target. */
export function packHex(start: usize, end: usize, target: usize): usize {
  let to = target;
  for (let at = start; at < end; at += 2) {
    store<u8>(to, (hexValue(load<u8>(at)) << 4) | hexValue(load<u8>(at, 1)));
    to++;
  }
  return to;
}

@inline
function hexValue(digit: u32): u32 {
  return (digit & 15) + (digit >> 6) * 9;
}
