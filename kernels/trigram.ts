/**
 * Text to trigrams: every three bytes in a row of its lower-case UTF-8. Stretches of the text are lower-cased
 * into a small buffer, each behind the last two bytes of the one before.
 */
import { lowerPoint, readPoint } from "./text";
import { escapeEnd, readEscape, writePoint } from "./unescape";

const stretchBytes: usize = 4096;
/**
 * In front, the two bytes that a stretch begins with; behind, what one step writes and reads beyond the end.
 */
const headBytes: usize = 16;
const room = memory.data(16 + 4096 + 64, 16);
const stretch0 = room + headBytes;

let sourceAt: usize = 0;
let sourceEnd: usize = 0;
let hasEscapes: bool = false;
let stretchEnd: usize = stretch0;
let carried: usize = 0;

/** The trigrams of the stretch begin at the bytes [trigramFirst, trigramEnd). */
export let trigramFirst: usize = 0;
export let trigramEnd: usize = 0;

/** Begins a text; backslashes are escapes when `escaped`. */
export function trigramsOpen(start: usize, end: usize, escaped: bool): void {
  sourceAt = start;
  sourceEnd = end;
  hasEscapes = escaped;
  stretchEnd = stretch0;
  carried = 0;
}

/** Lower-cases the next stretch; false at the end of the text. */
export function trigramsFold(): bool {
  if (sourceAt >= sourceEnd) return false;
  carried = min<usize>(2, carried + (stretchEnd - stretch0));
  store<u16>(stretch0 - 2, load<u16>(stretchEnd - 2));
  fold();
  trigramFirst = stretch0 - carried;
  trigramEnd = max(trigramFirst, stretchEnd - 2);
  return true;
}

/** Lower-cases the next stretch and returns its bytes, which begin at `foldedStretch`; 0 at the end. */
export function foldNext(): u32 {
  return trigramsFold() ? <u32>(stretchEnd - stretch0) : 0;
}

export function foldedStretch(): usize {
  return stretch0;
}

/** The exact term of the three bytes at `at`. Reads a byte beyond them. */
@inline
export function trigramTerm(at: usize): u64 {
  return (<u64>3 << 56) | (<u64>bswap<u32>(load<u32>(at) << 8) << 32);
}

function fold(): void {
  const backslash = hasEscapes ? i8x16.splat(0x5c) : i8x16.splat(-1);
  const limit = stretch0 + stretchBytes;
  let at = sourceAt;
  let to = stretch0;
  while (at < sourceEnd && to < limit) {
    const bytes = v128.load(at);
    const stops = i8x16.bitmask(v128.or(bytes, i8x16.eq(bytes, backslash)));
    v128.store(to, lowerAscii(bytes));
    const step = min<usize>(sourceEnd - at, stops == 0 ? 16 : ctz(stops));
    at += step;
    to += step;
    while (at < sourceEnd && to < limit) {
      const byte = <u32>load<u8>(at);
      if (byte >= 0x80) {
        to = writePoint(to, lowerPoint(readPoint(at, byte)));
        at += byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      } else if (hasEscapes && byte == 0x5c) {
        to = writePoint(to, lowerPoint(readEscape(at)));
        at = escapeEnd;
      } else {
        break;
      }
    }
  }
  sourceAt = at;
  stretchEnd = to;
}

@inline
function lowerAscii(bytes: v128): v128 {
  const isUpper = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
  return v128.or(bytes, v128.and(isUpper, i8x16.splat(0x20)));
}
