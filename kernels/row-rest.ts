/**
 * The members of a record that no field names, as a JSON object of their own bytes. The scanner has found the
 * text right, so it is only cut here: once to see whether there are any, and again where there are.
 */
import { blankEnd } from "./json-grammar";
import { state } from "./load-state";
import { RowProgram, rowColumn } from "./row-program";
import { unescapeString } from "./utf8";

/**
 * Names of fields have at most a sixth of so many bytes: an escape is up to six times as long as its
 * character.
 */
const escapedBytesMax: usize = 6 * 1024;
const plainName = memory.data(6 * 1024 + 64, 16);

/** Whether the string that was passed over last has escapes; the name is looked at before its value. */
let hasEscapes: bool = false;

/** The entry of the name that is looked for first: members mostly come in the order of the fields. */
let entryNext: usize = 0;

/** Bytes of the object; 0 when there is none. */
export function restBytes(rows: RowProgram): u32 {
  entryNext = namesOf(rows);
  return <u32>restWalk(rows, 0);
}

/** Writes the object; the position behind it. */
export function restWrite(rows: RowProgram, to: usize): usize {
  entryNext = namesOf(rows);
  return restWalk(rows, to);
}

/**
 * Goes through the members. With a target, they are written and the position behind them is given; without
 * one, what they would take.
 */
function restWalk(rows: RowProgram, target: usize): usize {
  let to = target;
  let at = blankEnd(state.jsonStart + 1);
  while (<u32>load<u8>(at) != 0x7d) {
    hasEscapes = false;
    const end = stringEnd(at);
    const isNamed = nameIsKnown(rows, at + 1, end - 1);
    // Behind the name stand a colon, and a value.
    const valueAt = blankEnd(blankEnd(end) + 1);
    const next = valueEnd(valueAt);
    if (!isNamed) to = piecePut(to, target, at, next);
    at = blankEnd(next);
    if (<u32>load<u8>(at) == 0x2c) at = blankEnd(at + 1);
  }
  if (to == target) return target;
  if (target != 0) store<u8>(to, 0x7d);
  return to + 1;
}

/** Puts a member behind a brace or a comma. */
@inline
function piecePut(to: usize, target: usize, start: usize, end: usize): usize {
  const bytes = end - start;
  if (target != 0) {
    store<u8>(to, to == target ? 0x7b : 0x2c);
    memory.copy(to + 1, start, bytes);
  }
  return to + 1 + bytes;
}

@inline
function namesOf(rows: RowProgram): usize {
  return changetype<usize>(rowColumn(rows, rows.columnCount));
}

/** Whether a field is called what stands between the quotes. */
function nameIsKnown(rows: RowProgram, start: usize, end: usize): bool {
  let name = start;
  let bytes = <u32>(end - start);
  if (hasEscapes) {
    if (bytes > <u32>escapedBytesMax) return false;
    bytes = unescapeString(start, end, plainName);
    name = plainName;
  }
  const first = namesOf(rows);
  for (let left = rows.nameCount; left > 0; left--) {
    const entry = entryNext;
    const entryBytes = load<u32>(entry);
    entryNext = entry + 4 + ((<usize>entryBytes + 3) & ~3);
    if (entryNext == first + rows.nameBytes) entryNext = first;
    if (entryBytes == bytes && memory.compare(entry + 4, name, bytes) == 0) return true;
  }
  return false;
}

/** Behind the closing quote of a string; notes whether there is a backslash in it. */
function stringEnd(from: usize): usize {
  let at = from + 1;
  while (true) {
    const bytes = v128.load(at);
    const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
    const stops = i8x16.bitmask(v128.or(quotes, i8x16.eq(bytes, i8x16.splat(0x5c))));
    if (stops == 0) {
      at += 16;
      continue;
    }
    at += ctz(stops);
    if (load<u8>(at) == 0x22) return at + 1;
    hasEscapes = true;
    at += 2;
  }
}

/** Behind the value that begins at `from`. */
function valueEnd(from: usize): usize {
  let depth = 0;
  let at = from;
  while (true) {
    const byte = <u32>load<u8>(at);
    if (byte == 0x22) {
      at = stringEnd(at);
      if (depth == 0) return at;
      continue;
    }
    if (byte == 0x7b || byte == 0x5b) depth++;
    else if (byte == 0x7d || byte == 0x5d) {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (byte == 0x2c || byte <= 0x20)) return at;
    at++;
  }
}
