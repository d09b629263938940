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

/**
 * Finds the next element of an array whose brackets are not part of the frame; false at the end of the frame.
 * Where an element ends is told by the same rule as in the framer (see `Frame` in src/ports/source.ts), so
 * that both count alike, and one broken element does not take the next ones along.
 */
export function elementNext(): bool {
  let at = state.cursor;
  while (at < state.frameEnd && isBetween(load<u8>(at))) at++;
  if (at >= state.frameEnd) return false;
  state.recordStart = at;
  state.recordEnd = elementEnd(at, state.frameEnd);
  state.next = state.recordEnd;
  return true;
}

@inline
function isBetween(byte: u32): bool {
  return byte == 0x2c || isSpace(byte);
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

/** The end of the element at `start`: its kind of bracket balances, its string closes, its word ends. */
function elementEnd(start: usize, end: usize): usize {
  const open = <u32>load<u8>(start);
  if (open == 0x22) return min(quoteEnd(start + 1, end) + 1, end);
  if (open == 0x7b || open == 0x5b) return bracketEnd(start, end, open, open + 2);
  let at = start + 1;
  while (at < end && !isBetween(load<u8>(at)) && load<u8>(at) != 0x5d) at++;
  return at;
}

/** The end of what the bracket at `start` opens; brackets in strings and of the other kind do not count. */
function bracketEnd(start: usize, end: usize, open: u32, close: u32): usize {
  const opens = i8x16.splat(<i8>open);
  const closes = i8x16.splat(<i8>close);
  let depth = 0;
  let at = start;
  while (at < end) {
    const bytes = v128.load(at);
    const brackets = v128.or(i8x16.eq(bytes, opens), i8x16.eq(bytes, closes));
    const mask = i8x16.bitmask(v128.or(brackets, i8x16.eq(bytes, i8x16.splat(0x22))));
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    if (at >= end) return end;
    const byte = <u32>load<u8>(at);
    if (byte == 0x22) at = quoteEnd(at + 1, end);
    else if (byte == open) depth++;
    else if (--depth == 0) return at + 1;
    at++;
  }
  return end;
}

/** The quote that ends a string. */
function quoteEnd(start: usize, end: usize): usize {
  let at = start;
  while (at < end) {
    const bytes = v128.load(at);
    const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
    const mask = i8x16.bitmask(v128.or(quotes, i8x16.eq(bytes, i8x16.splat(0x5c))));
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
