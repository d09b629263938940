/** Where the records of a frame begin and end. */
import { state } from "./load-state";

/** Finds the next line that is not blank; false at the end of the frame. */
export function lineNext(): bool {
  while (state.cursor < state.frameEnd) {
    const start = state.cursor;
    const end = lineEnd(start, state.frameEnd);
    state.next = end + 1;
    if (!isBlank(start, end)) {
      state.recordStart = start;
      state.recordEnd = end;
      return true;
    }
    state.cursor = state.next;
  }
  return false;
}

/** Finds the next element of an array whose brackets are not part of the frame; false at the end of the frame. */
export function elementNext(): bool {
  if (state.cursor >= state.frameEnd || isBlank(state.cursor, state.frameEnd)) return false;
  const end = elementEnd(state.cursor, state.frameEnd);
  state.recordStart = state.cursor;
  state.recordEnd = end;
  state.next = end + 1;
  return true;
}

export function lineEnd(start: usize, end: usize): usize {
  const lineFeed = i8x16.splat(0x0a);
  for (let at = start; at < end; at += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), lineFeed));
    if (mask != 0) return min(at + ctz(mask), end);
  }
  return end;
}

@inline
function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a;
}

export function isBlank(start: usize, end: usize): bool {
  let at = start;
  while (at < end && isSpace(load<u8>(at))) at++;
  return at >= end;
}

/** The comma after the element that begins at `start`, or the end: commas within brackets and strings do not count. */
function elementEnd(start: usize, end: usize): usize {
  let depth = 0;
  let at = start;
  while (at < end) {
    const bytes = v128.load(at);
    const folded = v128.or(bytes, i8x16.splat(0x20));
    const brackets = v128.or(i8x16.eq(folded, i8x16.splat(0x7b)), i8x16.eq(folded, i8x16.splat(0x7d)));
    const others = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x2c)));
    const mask = i8x16.bitmask(v128.or(brackets, others));
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    if (at >= end) return end;
    const byte = <u32>load<u8>(at);
    if (byte == 0x22) at = quoteEnd(at + 1, end);
    else if (byte == 0x2c && depth == 0) return at;
    else if (byte == 0x5b || byte == 0x7b) depth++;
    else if ((byte == 0x5d || byte == 0x7d) && depth > 0) depth--;
    at++;
  }
  return end;
}

/** The quote that ends a string. */
function quoteEnd(start: usize, end: usize): usize {
  let at = start;
  while (at < end) {
    const bytes = v128.load(at);
    const mask = i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))));
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    if (at >= end || load<u8>(at) == 0x22) return min(at, end);
    at += 2;
  }
  return end;
}
