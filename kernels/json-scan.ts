// Reads a record: checks that it is a JSON object in valid UTF-8 and lists the values of mapped members.
//
// Context (48 bytes, u32 each), given: 0 trie image (0: none)   4 value list   8 its entries at most
//   12 bit stack   16 its bytes (one bit a level: a text of n bytes never needs more than n / 8 + 8)
// found: 20 values   24 where it went wrong, as an offset from `start`   28 REASON_...
//   32 first byte of the value   36 position after its last byte
// Entry of the value list (16 bytes): u16 slot, u8 type, u8 flags, u32 start, u32 end, u32 zero; start and
// end are pointers, strings stand without their quotes, entries of one slot stand in the order of the text.
//
// The bytes of the text and 32 after it must lie in the memory; the byte at `end` is changed while the text
// is read and put back. Mapped objects are read by recursion, as deep as the trie; all else is iterative.
import {
  FLAG_ESCAPES,
  REASON_COMMA_OR_BRACE,
  REASON_COMMA_OR_BRACKET,
  REASON_END,
  REASON_NAME,
  REASON_OBJECT,
  REASON_VALUES,
  SCAN_NOT_OBJECT,
  SCAN_OK,
  SCAN_SYNTAX,
  SCAN_TOO_MANY_VALUES,
  TYPE_ARRAY,
  TYPE_OBJECT,
  TYPE_PAIR_NAME,
  TYPE_PAIR_VALUE,
  TYPE_STRING,
  blankEnd,
  clearStringFlags,
  closeText,
  fail,
  failAt,
  failReason,
  failStatus,
  levelOpen,
  levelsClose,
  memberValueStart,
  openText,
  scalarEnd,
  scalarFlags,
  scalarType,
  stringEnd,
  stringFlags,
  valueEnd,
} from "./json-grammar";
import {
  NODE_CHILDREN,
  NODE_KINDS,
  NODE_OBJECT,
  NODE_SLOTS,
  NODE_SLOTS_END,
  NODE_VALUES,
  NODE_VALUES_END,
  SLOT_PAIRS,
  SLOT_PLAIN,
  SLOT_RAW,
  findChild,
  findEscapedChild,
  nextObject,
  openTrie,
  trie,
} from "./member-trie";

export const SCAN_CONTEXT_BYTES: u32 = 48;
export const SCAN_VALUE_BYTES: u32 = 16;
/** Bytes that must lie in the memory after a text. */
export const SCAN_SLACK_BYTES: u32 = 32;

const CTX_TRIE: usize = 0;
const CTX_VALUES: usize = 4;
const CTX_VALUES_MAX: usize = 8;
const CTX_STACK: usize = 12;
const CTX_STACK_BYTES: usize = 16;
const CTX_COUNT: usize = 20;
const CTX_FAIL_OFFSET: usize = 24;
const CTX_FAIL_REASON: usize = 28;
const CTX_VALUE_START: usize = 32;
const CTX_VALUE_END: usize = 36;

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const OPEN_BRACKET: u32 = 0x5b;
const CLOSE_BRACKET: u32 = 0x5d;
const OPEN_BRACE: u32 = 0x7b;
const CLOSE_BRACE: u32 = 0x7d;

const SLOT_ANY: u32 = 7;
const SLOT_REMOVED: u32 = 0xffff;

let values: usize = 0;
let valuesEnd: usize = 0;
let valuesLimit: usize = 0;
let isOverflown: bool = false;
let hasRemoved: bool = false;

/** Reads the record in [start, end) and returns SCAN_...; see the top of this file for the context. */
export function scanRecord(ctx: usize, start: usize, end: usize): u32 {
  openText(end, load<u32>(ctx, CTX_STACK), load<u32>(ctx, CTX_STACK_BYTES));
  values = load<u32>(ctx, CTX_VALUES);
  valuesEnd = values;
  valuesLimit = values + <usize>load<u32>(ctx, CTX_VALUES_MAX) * SCAN_VALUE_BYTES;
  isOverflown = false;
  hasRemoved = false;
  const image = load<u32>(ctx, CTX_TRIE);
  const first = blankEnd(start);
  const isObject = load<u8>(first) == OPEN_BRACE;
  const last = image != 0 && isObject ? scanObject(openTrie(image), first) : valueEnd(first);
  if (textEnds(last, end)) {
    if (!isObject) fail(SCAN_NOT_OBJECT, REASON_OBJECT, first);
    else if (isOverflown) fail(SCAN_TOO_MANY_VALUES, REASON_VALUES, first);
  }
  closeText();
  if (hasRemoved) dropRemoved();
  store<u32>(ctx, failStatus == SCAN_OK ? <u32>(valuesEnd - values) / SCAN_VALUE_BYTES : 0, CTX_COUNT);
  store<u32>(ctx, failStatus == SCAN_OK ? 0 : <u32>(failAt - start), CTX_FAIL_OFFSET);
  store<u32>(ctx, failReason, CTX_FAIL_REASON);
  store<u32>(ctx, first, CTX_VALUE_START);
  store<u32>(ctx, last, CTX_VALUE_END);
  return failStatus;
}

/** Checks the one JSON value in [start, end), of whatever type, and tells its span in the same context. */
export function checkJson(ctx: usize, start: usize, end: usize): u32 {
  openText(end, load<u32>(ctx, CTX_STACK), load<u32>(ctx, CTX_STACK_BYTES));
  const first = blankEnd(start);
  const last = valueEnd(first);
  textEnds(last, end);
  closeText();
  store<u32>(ctx, 0, CTX_COUNT);
  store<u32>(ctx, failStatus == SCAN_OK ? 0 : <u32>(failAt - start), CTX_FAIL_OFFSET);
  store<u32>(ctx, failReason, CTX_FAIL_REASON);
  store<u32>(ctx, first, CTX_VALUE_START);
  store<u32>(ctx, last, CTX_VALUE_END);
  return failStatus;
}

/** Whether nothing but white space follows the value that ended at p. */
function textEnds(p: usize, end: usize): bool {
  if (p == 0) return false;
  p = blankEnd(p);
  if (p == end) return true;
  fail(SCAN_SYNTAX, REASON_END, p);
  return false;
}

/** Reads the object at p, whose members are the children of the node. */
function scanObject(node: usize, p: usize): usize {
  if (!levelOpen(p)) return 0;
  const object = nextObject();
  p = blankEnd(p + 1);
  if (load<u8>(p) == CLOSE_BRACE) {
    levelsClose(1);
    return p + 1;
  }
  while (true) {
    if (load<u8>(p) != QUOTE) return fail(SCAN_SYNTAX, REASON_NAME, p);
    const name = p + 1;
    clearStringFlags();
    p = stringEnd(name);
    if (p == 0) return 0;
    const bytes = <u32>(p - name);
    const hasEscapes = (stringFlags & FLAG_ESCAPES) != 0;
    const child = hasEscapes ? findEscapedChild(node, name, bytes) : findChild(node, name, bytes);
    p = memberValueStart(p + 1);
    if (p == 0) return 0;
    p = child != 0 ? scanMember(child, p, object) : valueEnd(p);
    if (p == 0) return 0;
    p = blankEnd(p);
    const next = <u32>load<u8>(p);
    if (next == COMMA) {
      p = blankEnd(p + 1);
      continue;
    }
    if (next != CLOSE_BRACE) return fail(SCAN_SYNTAX, REASON_COMMA_OR_BRACE, p);
    levelsClose(1);
    return p + 1;
  }
}

/** Reads the value of a mapped member; the values of a former member of the same name in this object go. */
@inline
function scanMember(node: usize, p: usize, object: u64): usize {
  if (load<u64>(node, NODE_OBJECT) == object) {
    removeValues(load<u32>(node, NODE_VALUES), load<u32>(node, NODE_VALUES_END));
  }
  store<u64>(node, object, NODE_OBJECT);
  store<u32>(node, valuesEnd, NODE_VALUES);
  const c = <u32>load<u8>(p);
  if (c == QUOTE) {
    clearStringFlags();
    const end = stringEnd(p + 1);
    if (end == 0) return 0;
    addValues(node, SLOT_ANY, TYPE_STRING, stringFlags, p + 1, end);
    p = end + 1;
  } else if (c == OPEN_BRACKET) {
    p = scanArray(node, p);
  } else if (c == OPEN_BRACE) {
    p = scanInnerObject(node, p);
  } else {
    const end = scalarEnd(p);
    if (end == 0) return 0;
    addValues(node, SLOT_ANY, scalarType, scalarFlags, p, end);
    p = end;
  }
  store<u32>(node, valuesEnd, NODE_VALUES_END);
  return p;
}

/** Reads an array that is the value of a mapped member. */
function scanArray(node: usize, p: usize): usize {
  const kinds = load<u32>(node, NODE_KINDS);
  const first = valuesEnd;
  if (kinds & SLOT_RAW) addValues(node, SLOT_RAW, TYPE_ARRAY, 0, p, p);
  const firstEnd = valuesEnd;
  let end: usize = 0;
  if (kinds & SLOT_PAIRS) {
    end = scanPairs(node, p);
    if (end == 0) return 0;
  }
  if (kinds & (SLOT_PLAIN | NODE_CHILDREN)) end = scanElements(node, p);
  else if (end == 0) end = valueEnd(p);
  setValuesEnd(first, firstEnd, end);
  return end;
}

/** Reads an object that is the value of a mapped member. */
function scanInnerObject(node: usize, p: usize): usize {
  const hasChildren = (load<u32>(node, NODE_KINDS) & NODE_CHILDREN) != 0;
  const first = valuesEnd;
  addValues(node, hasChildren ? SLOT_PAIRS | SLOT_RAW : SLOT_ANY, TYPE_OBJECT, 0, p, p);
  const firstEnd = valuesEnd;
  const end = hasChildren ? scanObject(node, p) : valueEnd(p);
  setValuesEnd(first, firstEnd, end);
  return end;
}

/** Reads the array at p and those in it as one: scalars are values of the node, objects hold its children. */
function scanElements(node: usize, p: usize): usize {
  const hasChildren = (load<u32>(node, NODE_KINDS) & NODE_CHILDREN) != 0;
  let depth: u32 = 0;
  while (true) {
    const start = p;
    const c = <u32>load<u8>(p);
    if (c == OPEN_BRACKET) {
      if (!levelOpen(p)) return 0;
      depth += 1;
      p = blankEnd(p + 1);
      if (load<u8>(p) != CLOSE_BRACKET) continue;
    } else if (c == OPEN_BRACE) {
      p = hasChildren ? scanObject(node, p) : valueEnd(p);
      if (p == 0) return 0;
      if (!hasChildren) addValues(node, SLOT_PLAIN, TYPE_OBJECT, 0, start, p);
    } else if (c == QUOTE) {
      clearStringFlags();
      p = stringEnd(p + 1);
      if (p == 0) return 0;
      addValues(node, SLOT_PLAIN, TYPE_STRING, stringFlags, start + 1, p);
      p += 1;
    } else {
      p = scalarEnd(p);
      if (p == 0) return 0;
      addValues(node, SLOT_PLAIN, scalarType, scalarFlags, start, p);
    }
    while (true) {
      p = blankEnd(p);
      const next = <u32>load<u8>(p);
      if (next == COMMA) {
        p = blankEnd(p + 1);
        break;
      }
      if (next != CLOSE_BRACKET) return fail(SCAN_SYNTAX, REASON_COMMA_OR_BRACKET, p);
      p += 1;
      depth -= 1;
      levelsClose(1);
      if (depth == 0) return p;
    }
  }
}

/** Reads the array of pairs at p; elements that are no arrays give nothing. */
function scanPairs(node: usize, p: usize): usize {
  if (!levelOpen(p)) return 0;
  p = blankEnd(p + 1);
  if (load<u8>(p) != CLOSE_BRACKET) {
    while (true) {
      p = load<u8>(p) == OPEN_BRACKET ? scanPair(node, p) : valueEnd(p);
      if (p == 0) return 0;
      p = blankEnd(p);
      const next = <u32>load<u8>(p);
      if (next == CLOSE_BRACKET) break;
      if (next != COMMA) return fail(SCAN_SYNTAX, REASON_COMMA_OR_BRACKET, p);
      p = blankEnd(p + 1);
    }
  }
  levelsClose(1);
  return p + 1;
}

/**
 * Reads the array at p: its first element is a name if it is a string, and then the second one a value if it
 * is a string too. A name without a value is listed as well: it may be the first of its kind.
 */
function scanPair(node: usize, p: usize): usize {
  if (!levelOpen(p)) return 0;
  p = blankEnd(p + 1);
  if (load<u8>(p) != CLOSE_BRACKET) {
    let hasName = false;
    for (let i: u32 = 0; ; i++) {
      if (load<u8>(p) == QUOTE) {
        const start = p + 1;
        clearStringFlags();
        p = stringEnd(start);
        if (p == 0) return 0;
        if (i == 0) {
          hasName = true;
          addValues(node, SLOT_PAIRS, TYPE_PAIR_NAME, stringFlags, start, p);
        } else if (i == 1 && hasName) {
          addValues(node, SLOT_PAIRS, TYPE_PAIR_VALUE, stringFlags, start, p);
        }
        p += 1;
      } else {
        p = valueEnd(p);
        if (p == 0) return 0;
      }
      p = blankEnd(p);
      const next = <u32>load<u8>(p);
      if (next == CLOSE_BRACKET) break;
      if (next != COMMA) return fail(SCAN_SYNTAX, REASON_COMMA_OR_BRACKET, p);
      p = blankEnd(p + 1);
    }
  }
  levelsClose(1);
  return p + 1;
}

/** Lists a value for every slot of the node that is of one of the kinds. A full list is told at the end. */
function addValues(node: usize, kinds: u32, type: u32, flags: u32, start: usize, end: usize): void {
  const slotsEnd = trie + load<u32>(node, NODE_SLOTS_END);
  for (let at = trie + load<u32>(node, NODE_SLOTS); at < slotsEnd; at += 4) {
    const slot = load<u32>(at);
    if (((slot >> 16) & kinds) == 0) continue;
    if (valuesEnd >= valuesLimit) {
      isOverflown = true;
      return;
    }
    store<u64>(valuesEnd, <u64>((slot & 0xffff) | (type << 16) | (flags << 24)) | (<u64>start << 32));
    store<u64>(valuesEnd, end, 8);
    valuesEnd += SCAN_VALUE_BYTES;
  }
}

/** Sets the end of values that were listed before it was known. */
@inline
function setValuesEnd(first: usize, firstEnd: usize, end: usize): void {
  for (let at = first; at < firstEnd; at += SCAN_VALUE_BYTES) store<u32>(at, end, 8);
}

/** Takes values out of the list: at once when they are the last, else at the end of the text. */
function removeValues(first: usize, end: usize): void {
  if (end == valuesEnd) {
    valuesEnd = first;
    return;
  }
  hasRemoved = true;
  for (let at = first; at < end; at += SCAN_VALUE_BYTES) store<u16>(at, <u16>SLOT_REMOVED);
}

/** Closes the gaps that removed values left. */
function dropRemoved(): void {
  let kept = values;
  for (let at = values; at < valuesEnd; at += SCAN_VALUE_BYTES) {
    if (load<u16>(at) == SLOT_REMOVED) continue;
    v128.store(kept, v128.load(at));
    kept += SCAN_VALUE_BYTES;
  }
  valuesEnd = kept;
}
