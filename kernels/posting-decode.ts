// Takes the postings of one (index, term) out of a tuple block, for readers of posting lists.
import { blockBytes, TupleCursor, tupleCursorGroup, tupleCursorOpen } from "./tuple-block";
import { varintBytes, varintValue } from "./varint";

const cursor = memory.data(64, 16);

/** Counts of the last call: postings found, and whether the list may go on in the next block. */
let postingsFound: u32 = 0;
let listMayContinue: u32 = 0;

export function postingListContinues(): u32 {
  return listMayContinue;
}

/**
 * Writes the ids of (index, term) in the block to `ids` (f64 each, BLOCK_TUPLES_MAX of room) and their
 * payloads to `payloads` (a byte each); returns their number, or -1 when the block is damaged. The term comes
 * as two halves.
 */
export function postingDecode(
  block: usize,
  bytes: u32,
  index: u32,
  termHigh: u32,
  termLow: u32,
  ids: usize,
  payloads: usize,
): i32 {
  const term = (<u64>termHigh << 32) | <u64>termLow;
  const c = changetype<TupleCursor>(cursor);
  tupleCursorOpen(cursor, block, bytes);
  postingsFound = 0;
  listMayContinue = 1;
  while (tupleCursorGroup(c)) {
    if (c.index > <u64>index || (c.index == <u64>index && c.term > term)) {
      listMayContinue = 0;
      break;
    }
    if (c.index == <u64>index && c.term == term) decodeGroup(c, ids, payloads);
    else skipGroup(c);
  }
  return c.isDamaged ? -1 : <i32>postingsFound;
}

function decodeGroup(c: TupleCursor, ids: usize, payloads: usize): void {
  let at = c.at;
  let id: u64 = 0;
  const hasPayload = <usize>c.hasPayload;
  for (let i: u32 = 0; i < c.remaining && at < c.end; i++) {
    const byte = <u64>load<u8>(at);
    if (byte < 0x80) {
      id += byte;
      at += 1;
    } else {
      const bytes = varintBytes(at);
      id += varintValue(at, bytes);
      at += bytes;
    }
    store<f64>(ids + (<usize>i << 3), <f64>id);
    store<u8>(payloads + i, hasPayload ? load<u8>(at) : 0);
    at += hasPayload;
  }
  postingsFound = c.remaining;
  finishGroup(c, at);
}

/** Passes over a group: without payloads by counting the bytes that end a varint, eight at a time. */
function skipGroup(c: TupleCursor): void {
  let at = c.at;
  let remaining = c.remaining;
  if (c.hasPayload) {
    for (; remaining > 0 && at < c.end; remaining--) at += varintBytes(at) + 1;
  } else {
    while (remaining >= 8 && at < c.end) {
      remaining -= <u32>popcnt(~load<u64>(at) & 0x8080808080808080);
      at += 8;
    }
    for (; remaining > 0 && at < c.end; remaining--) at += varintBytes(at);
  }
  finishGroup(c, at);
}

function finishGroup(c: TupleCursor, at: usize): void {
  if (at > c.end) c.isDamaged = 1;
  c.at = at;
  c.remaining = 0;
}
