/**
 * From values to index entries: one pass over the value list of a record, each value through the steps of its
 * slot.
 */
import { FLAG_ESCAPES, TYPE_NULL, TYPE_PAIR_NAME, TYPE_PAIR_VALUE } from "./json-grammar";
import { isTrue } from "./load-deleted";
import { LINK_FULL, LINK_TOO_LONG, keyPartSet, linkAppend } from "./load-keys";
import { columnSet } from "./load-columns";
import { predicateReject, predicateSlot, predicateValue } from "./load-predicates";
import { rowNote } from "./load-rows";
import { placeFound, placeTerm } from "./load-places";
import { expirationFound, expirationSeconds } from "./load-expiration";
import {
  REJECT_FIELD_MISSING,
  REJECT_FIELD_TYPE,
  REJECT_KEY_TOO_LONG,
  REJECT_NONE,
  state,
} from "./load-state";
import {
  COLUMN_NONE,
  OP_COLUMN,
  OP_DELETED,
  OP_EXACT,
  OP_EXPIRATION,
  OP_KEY,
  OP_LINK,
  OP_NUMBER,
  OP_PAIRS,
  OP_PLACE,
  OP_PREFIX,
  OP_STEMS,
  OP_TEXT,
  OP_TRIGRAM,
  OP_VERSION,
  Op,
  Program,
  SLOT_NONE,
  Slot,
  Text,
  Value,
} from "./program";
import { languageOfTag, stemTerm } from "./stems";
import { markupNext, markupOpen, stretchEnd, stretchStart } from "./markup";
import { exactTerm, pairTerm } from "./term-string";
import {
  FIELD_BOOL,
  FIELD_DATE,
  FIELD_FLOAT,
  FIELD_INT,
  numberTerm,
  stringPrefixTerm,
  stringTerm,
  valueFits,
} from "./terms";
import { textNext, textOpen, tokenEnd, tokenStart } from "./text";
import { trigramEnd, trigramFirst, trigramTerm, trigramsFold, trigramsOpen } from "./trigram";
import { tupleUnite, tupleWord0 } from "./tuple";
import { tupleSort } from "./tuple-sort";
import { escapeEnd, readEscape } from "./unescape";

/** The values of the record at work. */
let valuesFirst: usize = 0;
let valuesEnd: usize = 0;

/**
 * Appends the index entries of the values [first, end); returns REJECT_NONE or why the record is rejected.
 */
export function valuesAppend(first: usize, end: usize): u32 {
  valuesFirst = first;
  valuesEnd = end;
  const program = state.program;
  const base = changetype<usize>(program);
  const slots = base + program.slots;
  const stamp = program.stamp;
  for (let at = first; at < end; at += offsetof<Value>()) {
    const value = changetype<Value>(at);
    const type = <u32>value.type;
    if (type == TYPE_NULL) continue;
    const slot = changetype<Slot>(slots + <usize>value.slot * offsetof<Slot>());
    if (!valueFits(slot.type, type, value.flags, value.start, value.end)) {
      state.rejectDetail = value.slot;
      return REJECT_FIELD_TYPE;
    }
    slot.stamp = stamp;
    const code = opsRun(slot, value);
    if (code != REJECT_NONE) {
      state.rejectDetail = value.slot;
      return code;
    }
    if (state.isOverflown) return REJECT_NONE;
  }
  if (program.textCount != 0) textsFinish(program);
  return state.isDeletion ? REJECT_NONE : requiredCheck(program);
}

/** Appends what the quad at work has by its predicate, behind the entries of its members. */
export function predicateAppend(program: Program): u32 {
  const slot = predicateSlot(program);
  return slot == 0 ? predicateReject : opsRun(changetype<Slot>(slot), changetype<Value>(predicateValue));
}

@inline
function opsRun(slot: Slot, value: Value): u32 {
  const base = changetype<usize>(state.program);
  let op = changetype<Op>(base + slot.ops);
  const opsEnd = changetype<usize>(op) + <usize>slot.opCount * offsetof<Op>();
  while (changetype<usize>(op) < opsEnd) {
    const code = opRun(op, slot, value);
    if (code != REJECT_NONE) return code;
    op = changetype<Op>(changetype<usize>(op) + offsetof<Op>());
  }
  return REJECT_NONE;
}

function opRun(op: Op, slot: Slot, value: Value): u32 {
  const kind = op.kind;
  if (kind == OP_COLUMN) {
    rowNote(op.argument, value, numberTerm);
  } else if (kind == OP_NUMBER) {
    tuplePush(op.index, numberTerm, 0);
    if (op.column != COLUMN_NONE) columnSet(op.column, numberTerm);
  } else if (kind == OP_EXACT) {
    tuplePush(op.index, stringTerm(slot.type, value.flags, value.start, value.end), 0);
  } else if (kind == OP_PAIRS) {
    pairStep(op.index, slot, value);
  } else if (kind == OP_EXPIRATION) {
    if (expirationFound(op, value)) tuplePush(op.index, expirationSeconds, 0);
  } else if (kind == OP_TEXT || kind == OP_STEMS) {
    textPush(op, value);
  } else if (kind == OP_PLACE) {
    if (placeFound(value, op.argument, valuesFirst, valuesEnd)) tuplePush(op.index, placeTerm(), 0);
  } else if (kind == OP_TRIGRAM) {
    trigramsPush(op.index, value);
  } else if (kind == OP_KEY) {
    return keyPartSet(op.argument, value) ? REJECT_NONE : REJECT_FIELD_TYPE;
  } else if (kind == OP_PREFIX) {
    const term = stringPrefixTerm(slot.type, value.flags, value.start, value.end);
    tuplePush(op.index, term, 0);
    if (op.column != COLUMN_NONE) columnSet(op.column, term);
  } else if (kind == OP_VERSION) {
    versionSet(slot.type, value);
  } else if (kind == OP_DELETED) {
    if (isTrue(value)) state.isDeletion = true;
  } else if (kind == OP_LINK) {
    const outcome = linkAppend(op.argument, slot.type, value);
    if (outcome == LINK_FULL) state.isOverflown = true;
    if (outcome == LINK_TOO_LONG) return REJECT_KEY_TOO_LONG;
  }
  return REJECT_NONE;
}

/** Appends a tuple; without room the record is taken back and tried again after a spill. */
@inline
function tuplePush(index: u32, term: u64, payload: u32): void {
  const at = state.tupleAt;
  if (at == state.tupleLimit) {
    state.isOverflown = true;
    return;
  }
  store<u64>(at, tupleWord0(index, term));
  store<u64>(at, (term << 48) | state.idBits | <u64>payload, 8);
  state.tupleAt = at + 16;
}

/** The version decides between records of one key: the first value of its field. */
function versionSet(fieldType: u32, value: Value): void {
  if (state.hasVersion) return;
  const isNumber =
    fieldType == FIELD_INT || fieldType == FIELD_FLOAT || fieldType == FIELD_BOOL || fieldType == FIELD_DATE;
  state.hasVersion = true;
  state.version = isNumber ? numberTerm : stringPrefixTerm(fieldType, value.flags, value.start, value.end);
}

/** A pair comes as a name and, if it has one, a value; only names of one ASCII letter are indexed. */
function pairStep(index: u32, slot: Slot, value: Value): void {
  const type = <u32>value.type;
  if (type == TYPE_PAIR_NAME) {
    slot.pairName = pairLetter(value);
    return;
  }
  const letter = slot.pairName;
  if (type != TYPE_PAIR_VALUE || letter == 0) return;
  const isEscaped = (<u32>value.flags & FLAG_ESCAPES) != 0;
  tuplePush(index, pairTerm(<u8>letter, value.start, value.end, isEscaped), 0);
}

function pairLetter(name: Value): u32 {
  const bytes = name.end - name.start;
  let letter: u32 = 0;
  if (bytes == 1) {
    letter = load<u8>(name.start);
  } else if (bytes == 6 && (<u32>name.flags & FLAG_ESCAPES) != 0) {
    letter = readEscape(name.start);
    if (escapeEnd != name.end || letter > 0x7f) return 0;
  }
  return (letter | 0x20) - 0x61 < 26 ? letter : 0;
}

function textPush(op: Op, value: Value): void {
  const base = changetype<usize>(state.program);
  const text = changetype<Text>(base + state.program.texts + <usize>op.argument * offsetof<Text>());
  if (text.stamp != state.program.stamp) {
    text.stamp = state.program.stamp;
    text.tokens = 0;
    text.tupleFirst = <u32>state.tupleAt;
    text.languageNow = op.kind == OP_STEMS ? languageOf(text) : 0;
  }
  const hasEscapes = (<u32>value.flags & FLAG_ESCAPES) != 0;
  if (text.isHtml == 0) wordsPush(text, value.start, value.end, hasEscapes);
  else {
    markupOpen(value.start, value.end, hasEscapes);
    while (!state.isOverflown && markupNext()) wordsPush(text, stretchStart, stretchEnd, hasEscapes);
  }
  text.tupleEnd = <u32>state.tupleAt;
  // A text by predicate is all there is to it.
  if (op.argument >= state.program.textCount) textFinish(text);
}

function wordsPush(text: Text, start: usize, end: usize, hasEscapes: bool): void {
  textOpen(start, end, hasEscapes);
  const index = text.index;
  const language = text.languageNow;
  let tokens: u32 = 0;
  while (textNext()) {
    const term = language == 0 ? exactTerm(tokenStart, tokenEnd) : stemTerm(language, tokenStart, tokenEnd);
    if (term == 0) continue;
    tuplePush(index, term, 1);
    tokens++;
    if (state.isOverflown) break;
  }
  text.tokens += tokens;
}

/**
 * The language of the record's words: that of the first value which names one, and without it the text's own.
 */
function languageOf(text: Text): u32 {
  const slot = text.languageSlot;
  if (slot == SLOT_NONE) return text.language;
  for (let at = valuesFirst; at < valuesEnd; at += offsetof<Value>()) {
    const value = changetype<Value>(at);
    if (<u32>value.slot == slot && value.type != TYPE_NULL) return languageOfTag(value);
  }
  return text.language;
}

/** What a trigram index holds of a value; one that occurs again is united with the first by whoever sorts. */
function trigramsPush(index: u32, value: Value): void {
  const first = state.tupleAt;
  trigramsOpen(value.start, value.end, (<u32>value.flags & FLAG_ESCAPES) != 0);
  while (trigramsFold()) {
    for (let at = trigramFirst; at < trigramEnd; at++) {
      if (state.tupleAt == state.tupleLimit) dropRepeats(first);
      tuplePush(index, trigramTerm(at), 0);
      if (state.isOverflown) return;
    }
  }
}

/**
 * Makes room among the entries of one value: a long text has few trigrams for its length. Where hardly any
 * room is gained the buffer counts as full, or it would be sorted for each further one.
 */
function dropRepeats(first: usize): void {
  const count = <u32>((state.tupleAt - first) >> 4);
  tupleSort(first, count);
  const kept = tupleUnite(first, count);
  if (count - kept >= max<u32>(1, count >> 3)) state.tupleAt = first + (<usize>kept << 4);
}

/**
 * Only now is it known how long the texts are: their length goes into the payload of each of their tuples.
 */
function textsFinish(program: Program): void {
  const texts = changetype<usize>(program) + program.texts;
  for (let i: u32 = 0; i < program.textCount; i++) {
    const text = changetype<Text>(texts + <usize>i * offsetof<Text>());
    if (text.stamp == program.stamp) textFinish(text);
  }
}

function textFinish(text: Text): void {
  if (text.tokens == 0) return;
  const length = min<u32>(31 - clz(text.tokens), 15) << 4;
  if (length == 0) return;
  const index = <u64>text.index;
  for (let at: usize = text.tupleFirst; at < text.tupleEnd; at += 16) {
    if (load<u64>(at) >> 48 == index) store<u8>(at, <u8>(load<u8>(at, 8) | length), 8);
  }
}

function requiredCheck(program: Program): u32 {
  const base = changetype<usize>(program);
  for (let i: u32 = 0; i < program.requiredCount; i++) {
    const number = load<u32>(base + program.required + (<usize>i << 2));
    const slot = changetype<Slot>(base + program.slots + <usize>number * offsetof<Slot>());
    if (slot.stamp == program.stamp) continue;
    state.rejectDetail = number;
    return REJECT_FIELD_MISSING;
  }
  return REJECT_NONE;
}
