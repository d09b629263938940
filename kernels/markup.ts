/**
 * Finds the text between the tags of HTML, so that words are those that people read: what stands between `<`
 * and `>` is left out, and so are references to characters such as `&amp;`. A `<` that no letter, `/`, `!` or
 * `?` follows, or that no `>` ends, stands for itself. The same in TypeScript: src/model/markup.ts.
 */
import { escapeEnd, readEscape } from "./unescape";

const LESS: u32 = 0x3c;
const MORE: u32 = 0x3e;
const AMPERSAND: u32 = 0x26;
const SEMICOLON: u32 = 0x3b;
const BACKSLASH: u32 = 0x5c;

const referenceBytesMax: u32 = 32;

let at: usize = 0;
let sourceEnd: usize = 0;
let hasEscapes: bool = false;
/** Whether a `>` may follow: searching for it again and again would take forever in a text of `<`. */
let mayEnd: bool = true;
let isEnded: bool = true;
/** Behind the character that `charRead` has read. */
let charEnd: usize = 0;

/** The stretch of text that was found last; it may be empty. */
export let stretchStart: usize = 0;
export let stretchEnd: usize = 0;

/** Begins a text; backslashes are escapes of JSON when `escapes`. */
export function markupOpen(start: usize, end: usize, escapes: bool): void {
  at = start;
  sourceEnd = end;
  hasEscapes = escapes;
  mayEnd = true;
  isEnded = false;
}

/** Finds the next stretch of text; false behind the last one. */
export function markupNext(): bool {
  if (isEnded) return false;
  stretchStart = at;
  for (let p = stopFind(at, LESS, AMPERSAND); p < sourceEnd; p = stopFind(charEnd, LESS, AMPERSAND)) {
    const c = charRead(p);
    const next = charEnd;
    const past = c == LESS ? tagEnd(next) : c == AMPERSAND ? referenceEnd(next) : 0;
    if (past != 0) {
      stretchEnd = p;
      at = past;
      return true;
    }
    charEnd = next;
  }
  stretchEnd = sourceEnd;
  isEnded = true;
  return true;
}

/** The first position from p on with one of two characters or an escape, or the end. */
function stopFind(p: usize, first: u32, second: u32): usize {
  const firsts = i8x16.splat(<i8>first);
  const seconds = i8x16.splat(<i8>second);
  const escapes = i8x16.splat(hasEscapes ? <i8>BACKSLASH : <i8>first);
  while (p < sourceEnd) {
    const block = v128.load(p);
    const either = v128.or(i8x16.eq(block, firsts), i8x16.eq(block, seconds));
    const stops = i8x16.bitmask(v128.or(either, i8x16.eq(block, escapes)));
    if (stops != 0) return min<usize>(p + ctz(stops), sourceEnd);
    p += 16;
  }
  return sourceEnd;
}

/** The character at p, or one byte of it; `charEnd` is behind it. Zero at the end of the text. */
function charRead(p: usize): u32 {
  charEnd = p + 1;
  if (p >= sourceEnd) return 0;
  const c = <u32>load<u8>(p);
  if (c != BACKSLASH || !hasEscapes) return c;
  const point = readEscape(p);
  charEnd = escapeEnd;
  return point;
}

/** Behind the tag whose `<` ends at p; 0 when it is none. */
function tagEnd(p: usize): usize {
  const c = charRead(p);
  const isTag = (c | 0x20) - 0x61 < 26 || c == 0x2f || c == 0x21 || c == 0x3f;
  if (!isTag || !mayEnd) return 0;
  for (let stop = stopFind(charEnd, MORE, MORE); stop < sourceEnd; stop = stopFind(charEnd, MORE, MORE)) {
    if (charRead(stop) == MORE) return charEnd;
  }
  mayEnd = false;
  return 0;
}

/** Behind the reference whose `&` ends at p; 0 when it is none. */
function referenceEnd(p: usize): usize {
  let c = charRead(p);
  for (let bytes: u32 = 0; bytes < referenceBytesMax; bytes++) {
    const isPart = (c | 0x20) - 0x61 < 26 || c - 0x30 < 10 || c == 0x23;
    if (!isPart) return c == SEMICOLON && bytes != 0 ? charEnd : 0;
    c = charRead(charEnd);
  }
  return c == SEMICOLON ? charEnd : 0;
}
