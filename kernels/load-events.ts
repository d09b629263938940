/**
 * The keys of Nostr events (docs/adr/0009-nostr-semantics.md): an event defines its id, with its author as
 * the extra; a replaceable or addressable one defines its group besides, by which the latest version wins; a
 * deletion has an entry for each event and each group that it names.
 */
import { FLAG_ESCAPES, TYPE_PAIR_NAME, TYPE_PAIR_VALUE } from "./json-grammar";
import {
  KEY_BYTES_MAX,
  KEY_DELETED,
  KEY_EXTRA_BYTES,
  KEY_HAS_EXTRA,
  KEY_HAS_VERSION,
  KEY_REFERENCE,
  compareBytes,
  copyWild,
} from "./key-entry";
import {
  TOO_LONG,
  definedKey,
  definedKeyBytes,
  keyDefine,
  keyPartSlot,
  keyPartValue,
  keyPush,
  partWrite,
} from "./load-keys";
import {
  REJECT_NOSTR_EPHEMERAL,
  REJECT_NOSTR_HEX,
  REJECT_KEY_TOO_LONG,
  REJECT_NONE,
  state,
} from "./load-state";
import { Value } from "./program";
import { integerTerm } from "./term-number";
import { isHex, packHex } from "./term-string";
import { FIELD_HEX, FIELD_STRING } from "./terms";
import { unescapeString } from "./utf8";

/** Parts behind those of the key, in this order: see src/model/entity-program.ts. */
const KIND_PART: u32 = 0;
const AUTHOR_PART: u32 = 1;
const CREATED_PART: u32 = 2;

const KIND_DELETION: u32 = 5;
/** A kind beyond 16 bits: nothing is special about it. */
const KIND_OTHER: u32 = 0x10000;

const LETTER_A: u32 = 0x61;
const LETTER_D: u32 = 0x64;
const LETTER_E: u32 = 0x65;

const ID_BYTES: u32 = KEY_EXTRA_BYTES;
/** A group is named by its kind (u16, most significant byte first), its author and its identifier. */
const GROUP_HEAD_BYTES: u32 = 2 + ID_BYTES;

/** Room for a hexadecimal field that is all escapes, and for a group with such an identifier. */
const authorRoom = memory.data(6 * 1024 + 64, 16);
const groupRoom = memory.data(34 + 6 * 1024 + 64, 16);
/** Room for the longest name of a group in a tag, all of it escapes. */
const textBytesMax: usize = 6 * (80 + 1024);
const textRoom = memory.data(6 * (80 + 1024) + 64, 16);

/** The text that `textOpen` found. */
let textStart: usize = 0;
let textEnd: usize = 0;

/** Appends what an event defines and deletes, once its values are found right: [first, end) is their list. */
export function eventDefine(first: usize, end: usize): u32 {
  const parts = state.program.keyPartCount;
  const kind = kindOf(keyPartValue(parts + KIND_PART));
  if (kind >= 20000 && kind < 30000) return REJECT_NOSTR_EPHEMERAL;
  const authorEnd = partWrite(FIELD_HEX, keyPartValue(parts + AUTHOR_PART), authorRoom);
  if (authorEnd != authorRoom + ID_BYTES) {
    state.rejectDetail = keyPartSlot(parts + AUTHOR_PART);
    return REJECT_NOSTR_HEX;
  }
  // Deletions have no owner: nobody takes them out.
  const code = keyDefine(kind == KIND_DELETION ? 0 : authorRoom);
  if (code != REJECT_NONE) return code;
  if (definedKeyBytes != ID_BYTES) return REJECT_NOSTR_HEX;
  if (kind == KIND_DELETION) deletionsAppend(first, end, createdAt());
  else if (isReplaceable(kind) || isAddressable(kind)) return groupDefine(kind, first, end);
  return REJECT_NONE;
}

@inline
function isReplaceable(kind: u32): bool {
  return kind == 0 || kind == 3 || (kind >= 10000 && kind < 20000);
}

@inline
function isAddressable(kind: u32): bool {
  return kind >= 30000 && kind < 40000;
}

/** A field of type int holds digits, with a sign at most. */
function kindOf(value: Value): u32 {
  const isMinusZero = value.end - value.start == 2 && load<u16>(value.start) == 0x302d;
  return isMinusZero ? 0 : kindIn(value.start, value.end);
}

/** The number that the digits stand for, KIND_OTHER when they are none, too many, or begin with a zero. */
function kindIn(start: usize, end: usize): u32 {
  const digits = end - start;
  if (digits == 0 || digits > 5 || (digits > 1 && load<u8>(start) == 0x30)) return KIND_OTHER;
  let kind: u32 = 0;
  for (let at = start; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return KIND_OTHER;
    kind = kind * 10 + digit;
  }
  return min(kind, KIND_OTHER);
}

function createdAt(): u64 {
  const value = keyPartValue(state.program.keyPartCount + CREATED_PART);
  return integerTerm(value.start, value.end);
}

/** Appends the definition of a group: the version is the time, and of one time the lowest id wins. */
function groupDefine(kind: u32, first: usize, end: usize): u32 {
  state.rejectDetail = state.program.tagsSlot;
  let bytes = groupHead(kind, authorRoom);
  if (isAddressable(kind)) {
    const identifier = identifierOf(first, end);
    if (identifier != 0) {
      const identifierAt = groupRoom + GROUP_HEAD_BYTES;
      const identifierEnd = partWrite(FIELD_STRING, changetype<Value>(identifier), identifierAt);
      if (identifierEnd == TOO_LONG) return REJECT_KEY_TOO_LONG;
      bytes = <u32>(identifierEnd - groupRoom);
      if (bytes > KEY_BYTES_MAX) return REJECT_KEY_TOO_LONG;
    }
  }
  const flags = KEY_HAS_VERSION | KEY_HAS_EXTRA;
  keyPush(state.program.groupSpace, flags, createdAt(), groupRoom, bytes, definedKey);
  return REJECT_NONE;
}

/** Writes the head of a group's name; returns its bytes. */
function groupHead(kind: u32, author: usize): u32 {
  store<u8>(groupRoom, <u8>(kind >> 8));
  store<u8>(groupRoom, <u8>kind, 1);
  copyWild(groupRoom + 2, author, ID_BYTES);
  return GROUP_HEAD_BYTES;
}

/** The value of the first `d` tag, or 0 when there is no such tag or no text in it. */
function identifierOf(first: usize, end: usize): usize {
  for (let at = first; at < end; at += offsetof<Value>()) {
    if (tagLetter(changetype<Value>(at)) == LETTER_D) return valueBehind(at, end);
  }
  return 0;
}

/** The letter of a tag's name; 0 for other values, and for names of several letters. */
function tagLetter(value: Value): u32 {
  if (<u32>value.type != TYPE_PAIR_NAME || <u32>value.slot != state.program.tagsSlot) return 0;
  if (value.end - value.start == 1) return load<u8>(value.start);
  if ((<u32>value.flags & FLAG_ESCAPES) == 0 || !textOpen(value)) return 0;
  return textEnd - textStart == 1 ? load<u8>(textStart) : 0;
}

/** Finds the text of a value, without its escapes; false when it is too long to be of use. */
function textOpen(value: Value): bool {
  textStart = value.start;
  textEnd = value.end;
  if ((<u32>value.flags & FLAG_ESCAPES) == 0) return true;
  if (textEnd - textStart > textBytesMax) return false;
  textEnd = textRoom + unescapeString(textStart, textEnd, textRoom);
  textStart = textRoom;
  return true;
}

/** The value that follows its tag's name at once, or 0. */
function valueBehind(name: usize, end: usize): usize {
  const next = name + offsetof<Value>();
  return next < end && <u32>changetype<Value>(next).type == TYPE_PAIR_VALUE ? next : 0;
}

/** Appends an entry for each event and each group that the tags of a deletion name. */
function deletionsAppend(first: usize, end: usize, version: u64): void {
  for (let at = first; at < end && !state.isOverflown; at += offsetof<Value>()) {
    const letter = tagLetter(changetype<Value>(at));
    if (letter != LETTER_E && letter != LETTER_A) continue;
    const value = valueBehind(at, end);
    if (value == 0 || !textOpen(changetype<Value>(value))) continue;
    if (letter == LETTER_E) eventDelete(textStart, textEnd);
    else groupDelete(textStart, textEnd, version);
  }
}

function eventDelete(start: usize, end: usize): void {
  if (end - start != 2 * ID_BYTES || !isHex(start, end)) return;
  packHex(start, end, groupRoom);
  const flags = KEY_REFERENCE | KEY_DELETED | KEY_HAS_EXTRA;
  keyPush(state.program.entity, flags, 0, groupRoom, ID_BYTES, authorRoom);
}

/**
 * The text is kind:author:identifier, the author's own; what names no group is passed over. Replaceable kinds
 * have no identifier, and need no colon for it.
 */
function groupDelete(start: usize, end: usize, version: u64): void {
  let kindEnd = start;
  while (kindEnd < end && load<u8>(kindEnd) != 0x3a) kindEnd++;
  const kind = kindIn(start, kindEnd);
  const author = kindEnd + 1;
  const authorEnd = author + 2 * ID_BYTES;
  if (authorEnd > end || !isHex(author, authorEnd)) return;
  if (authorEnd < end && load<u8>(authorEnd) != 0x3a) return;
  packHex(author, authorEnd, groupRoom + 2);
  if (compareBytes(groupRoom + 2, ID_BYTES, authorRoom, ID_BYTES) != 0) return;
  const identifier = min(authorEnd + 1, end);
  const identifierBytes = <u32>(end - identifier);
  const isNamed = isAddressable(kind) ? authorEnd < end : isReplaceable(kind) && identifierBytes == 0;
  if (!isNamed) return;
  const bytes = groupHead(kind, authorRoom) + identifierBytes;
  if (bytes > KEY_BYTES_MAX) return;
  memory.copy(groupRoom + GROUP_HEAD_BYTES, identifier, identifierBytes);
  const flags = KEY_REFERENCE | KEY_DELETED | KEY_HAS_VERSION;
  keyPush(state.program.groupSpace, flags, version, groupRoom, bytes, 0);
}
