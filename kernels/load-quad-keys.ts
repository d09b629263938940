/**
 * The key of a quad is all of it (docs/adr/0012-quads.md): its seven members one after another, each text
 * ended by a byte that UTF-8 does not have, an absent one told by another such byte. A key beyond a few bytes
 * is the digest of that, behind a byte that tells it from all others.
 */
import {
  blake2bAlign,
  blake2bBegin,
  blake2bEnd,
  blake2bFeed,
  blake2bFeedByte,
  blake2bRestore,
  blake2bSave,
} from "./blake2b";
import { FLAG_ESCAPES } from "./json-grammar";
import { KEY_DELETED, copyWild } from "./key-entry";
import { keyPush } from "./load-keys";
import { REJECT_KEY_MISSING, REJECT_NONE, REJECT_QUAD_SHAPE, state } from "./load-state";
import { KeyPart, Value } from "./program";
import {
  QUAD_DATATYPE,
  QUAD_GRAPH,
  QUAD_LANGUAGE,
  QUAD_OBJECT,
  QUAD_PREDICATE,
  QUAD_SUBJECT,
  QUAD_VALUE,
} from "./quads";
import { pieceSourceEnd, pieceTargetEnd, unescapePiece } from "./unescape";

const TEXT_END: u32 = 0xff;
const TEXT_ABSENT: u32 = 0xfe;
const KEY_IS_DIGEST: u32 = 0xfd;

/** A longer key is told by its digest. */
export const QUAD_KEY_BYTES_MAX: usize = 40;
/** An escape is at most six times as long as what it stands for. */
const ESCAPED_BYTES_MAX: usize = 6 * QUAD_KEY_BYTES_MAX;
const DIGEST_BYTES: usize = 32;

/** A block of the digest, and 128 such with the states behind them: see sharedFeed. */
const PREFIX_BYTES: usize = 128;
const SHARED_ENTRY_BYTES: usize = 128 + 64;
const prefixRoom = memory.data(16 + 128 + 32, 16) + 16;
const shared = memory.data(128 * 192, 16);

const pieceBytes: usize = 4096;
const piece = memory.data(4096 + 64, 16);
const keyRoom = memory.data(64 + 32, 16);

@inline
function partOf(number: u32): KeyPart {
  const program = state.program;
  return changetype<KeyPart>(
    changetype<usize>(program) + program.keyParts + <usize>number * offsetof<KeyPart>(),
  );
}

@inline
function has(number: u32): bool {
  return partOf(number).stamp == state.program.stamp;
}

/** Appends the definition of the quad's key or its deletion, if its members make a quad. */
export function quadDefine(): u32 {
  const missing = !has(QUAD_SUBJECT) ? QUAD_SUBJECT : QUAD_PREDICATE;
  state.rejectDetail = partOf(missing).slot;
  if (!has(missing)) return REJECT_KEY_MISSING;
  const isLiteral = has(QUAD_VALUE);
  if (has(QUAD_OBJECT) == isLiteral) return REJECT_QUAD_SHAPE;
  const hasLanguage = has(QUAD_LANGUAGE);
  const hasDatatype = has(QUAD_DATATYPE);
  if ((hasLanguage || hasDatatype) && (!isLiteral || (hasLanguage && hasDatatype))) return REJECT_QUAD_SHAPE;
  const bytes = plainWrite();
  const end = bytes == 0 ? digestWrite() : bytes;
  keyPush(state.program.entity, state.isDeletion ? KEY_DELETED : 0, 0, keyRoom, <u32>end, 0);
  return REJECT_NONE;
}

/** Writes a short key and returns its bytes; 0 when it is long. */
function plainWrite(): usize {
  let at = keyRoom;
  for (let i = QUAD_SUBJECT; i <= QUAD_GRAPH; i++) {
    if (has(i)) {
      const value = changetype<Value>(partOf(i).entry);
      let start = <usize>value.start;
      let bytes = <usize>value.end - start;
      if ((<u32>value.flags & FLAG_ESCAPES) != 0) {
        if (bytes > ESCAPED_BYTES_MAX) return 0;
        unescapePiece(start, value.end, piece, piece + pieceBytes);
        start = piece;
        bytes = pieceTargetEnd - piece;
      }
      const rest = at - keyRoom + (QUAD_GRAPH - i);
      if (bytes >= QUAD_KEY_BYTES_MAX || rest + bytes >= QUAD_KEY_BYTES_MAX) return 0;
      memory.copy(at, start, bytes);
      at += bytes;
      store<u8>(at, TEXT_END);
    } else {
      store<u8>(at, TEXT_ABSENT);
    }
    at++;
  }
  return at - keyRoom;
}

function digestWrite(): usize {
  sharedFeed();
  textFeed(QUAD_SUBJECT);
  for (let i = QUAD_OBJECT; i < QUAD_GRAPH; i++) textFeed(i);
  store<u8>(keyRoom, KEY_IS_DIGEST);
  memory.copy(keyRoom + 1, blake2bEnd(), DIGEST_BYTES);
  return 1 + DIGEST_BYTES;
}

/**
 * Begins a digest with predicate and graph, which fill whole blocks: many quads have them in common, and the
 * state behind them is kept for the next one.
 */
function sharedFeed(): void {
  const bytes = sharedWrite();
  const end = prefixRoom + bytes;
  const mix = load<u64>(end - 9) ^ load<u64>(prefixRoom + (bytes >> 1));
  const entry = shared + <usize>((mix * 0x9e3779b97f4a7c15) >> 57) * SHARED_ENTRY_BYTES;
  if (bytes != 0 && isSame(entry, prefixRoom)) {
    blake2bRestore(entry + PREFIX_BYTES, PREFIX_BYTES);
    return;
  }
  blake2bBegin();
  textFeed(QUAD_PREDICATE);
  textFeed(QUAD_GRAPH);
  blake2bAlign();
  if (bytes == 0) return;
  for (let i: usize = 0; i < PREFIX_BYTES; i += 16) v128.store(entry + i, v128.load(prefixRoom + i));
  blake2bSave(entry + PREFIX_BYTES);
}

/**
 * Writes predicate and graph as they begin the digest, zeros behind them; 0 when that is more than a block.
 */
function sharedWrite(): usize {
  let at = prefixRoom;
  for (let i = QUAD_PREDICATE; i <= QUAD_GRAPH; i += QUAD_GRAPH - QUAD_PREDICATE) {
    if (has(i)) {
      const value = changetype<Value>(partOf(i).entry);
      const bytes = <usize>value.end - <usize>value.start;
      if ((<u32>value.flags & FLAG_ESCAPES) != 0 || at + bytes + 2 > prefixRoom + PREFIX_BYTES) return 0;
      copyWild(at, value.start, <u32>bytes);
      at += bytes;
      store<u8>(at, TEXT_END);
    } else {
      store<u8>(at, TEXT_ABSENT);
    }
    at++;
  }
  for (let rest = at; rest < prefixRoom + PREFIX_BYTES; rest += 16) v128.store(rest, i64x2.splat(0));
  return at - prefixRoom;
}

function isSame(a: usize, b: usize): bool {
  for (let i: usize = 0; i < PREFIX_BYTES; i += 16) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
  }
  return true;
}

function textFeed(member: u32): void {
  if (!has(member)) {
    blake2bFeedByte(TEXT_ABSENT);
    return;
  }
  const value = changetype<Value>(partOf(member).entry);
  if ((<u32>value.flags & FLAG_ESCAPES) != 0) feedEscaped(value.start, value.end);
  else blake2bFeed(value.start, value.end - value.start);
  blake2bFeedByte(TEXT_END);
}

function feedEscaped(start: usize, end: usize): void {
  for (let at = start; at < end; at = pieceSourceEnd) {
    unescapePiece(at, end, piece, piece + pieceBytes);
    blake2bFeed(piece, pieceTargetEnd - piece);
  }
}
