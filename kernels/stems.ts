/**
 * Words by the rules of their language: the host cuts them to their stems and names those that are left out.
 * It is asked for each word once, as a rule: few words make most of all texts, and what was said of them is
 * kept.
 */
import { FLAG_ESCAPES } from "./json-grammar";
import { Value } from "./program";
import { exactTerm } from "./term-string";
import { pieceTargetEnd, unescapePiece } from "./unescape";
import { xxh64 } from "./xxh64";

@external("load", "stem")
declare function stem(language: u32, start: usize, end: usize, out: usize, bytesMax: u32): u32;
@external("load", "hasLanguage")
declare function hasLanguage(language: u32): u32;

/** A word that is kept: its bytes, zero padded, the language, how long it is, and its term. */
const ENTRY_BYTES: usize = 32;
const WORD_BYTES_MAX: usize = 20;
const ENTRY_LANGUAGE: usize = 20;
const ENTRY_LENGTH: usize = 22;
const ENTRY_TERM: usize = 24;

/** What a kernel has of its own; a host that loads much hands it more room. */
const FEW: u32 = 1024;
const few = memory.data(1024 * 32, 16);
let kept: usize = few;
let keptMask: u64 = FEW - 1;

const stemBytesMax: u32 = 96;
const stemRoom = memory.data(96 + 64, 16);
const wordRoom = memory.data(32, 16);
const tagBytes: usize = 8;
const tagRoom = memory.data(32, 16);

let codeKnown: u32 = 0;

/** Room for `count` words, a power of two of them; it must be zeros. */
export function stemsBind(room: usize, count: u32): void {
  kept = room;
  keptMask = <u64>count - 1;
}

export function stemEntryBytes(): usize {
  return ENTRY_BYTES;
}

/** The term of a word's stem; 0 when the word is left out. Reads up to 16 bytes past the end. */
export function stemTerm(language: u32, start: usize, end: usize): u64 {
  const bytes = end - start;
  if (bytes > WORD_BYTES_MAX) return stemAsked(language, start, end);
  v128.store(wordRoom, i8x16.splat(0));
  store<u32>(wordRoom, 0, 16);
  memory.copy(wordRoom, start, bytes);
  const hash = xxh64(wordRoom, <u32>WORD_BYTES_MAX, <u64>language);
  const entry = kept + <usize>(hash & keptMask) * ENTRY_BYTES;
  const isSame =
    <usize>load<u8>(entry, ENTRY_LENGTH) == bytes &&
    <u32>load<u16>(entry, ENTRY_LANGUAGE) == language &&
    !v128.any_true(v128.xor(v128.load(entry), v128.load(wordRoom))) &&
    load<u32>(entry, 16) == load<u32>(wordRoom, 16);
  if (isSame) return load<u64>(entry, ENTRY_TERM);
  const term = stemAsked(language, start, end);
  v128.store(entry, v128.load(wordRoom));
  store<u32>(entry, load<u32>(wordRoom, 16), 16);
  store<u16>(entry, <u16>language, ENTRY_LANGUAGE);
  store<u8>(entry, <u8>bytes, ENTRY_LENGTH);
  store<u64>(entry, term, ENTRY_TERM);
  return term;
}

function stemAsked(language: u32, start: usize, end: usize): u64 {
  const bytes = stem(language, start, end, stemRoom, stemBytesMax);
  return bytes == 0 ? 0 : exactTerm(stemRoom, stemRoom + bytes);
}

/**
 * The language that a tag such as `en` or `de-CH` names: its two letters; 0 when there are no rules for it.
 */
export function languageOfTag(value: Value): u32 {
  let at: usize = value.start;
  let end: usize = value.end;
  if ((<u32>value.flags & FLAG_ESCAPES) != 0) {
    unescapePiece(at, end, tagRoom, tagRoom + tagBytes);
    at = tagRoom;
    end = pieceTargetEnd;
  }
  if (end - at < 2) return 0;
  const first = <u32>load<u8>(at) | 0x20;
  const second = <u32>load<u8>(at, 1) | 0x20;
  if (first - 0x61 > 25 || second - 0x61 > 25) return 0;
  if (end - at > 2 && load<u8>(at, 2) != 0x2d && load<u8>(at, 2) != 0x5f) return 0;
  const code = first | (second << 8);
  if (code != codeKnown) {
    if (hasLanguage(code) == 0) return 0;
    codeKnown = code;
  }
  return code;
}
