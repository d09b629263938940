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
  if (c.hasPayload == 0) {
    memory.fill(payloads, 0, c.remaining);
    decodePlain(c, ids);
    return;
  }
  let at = c.at;
  let id: u64 = 0;
  for (let i: u32 = 0; i < c.remaining && at < c.end; i++) {
    const bytes = varintBytes(at);
    id += varintValue(at, bytes);
    at += bytes;
    store<f64>(ids + (<usize>i << 3), <f64>id);
    store<u8>(payloads + i, load<u8>(at));
    at++;
  }
  postingsFound = c.remaining;
  finishGroup(c, at);
}

/** Gaps of one byte are summed up sixteen at a time, gaps of two bytes eight at a time, others one by one. */
function decodePlain(c: TupleCursor, ids: usize): void {
  const end = c.end;
  let at = c.at;
  let out = ids;
  const outEnd = ids + (<usize>c.remaining << 3);
  let id: u64 = 0;
  while (out < outEnd && at < end) {
    const word = load<u64>(at);
    const bytes = v128.load(at);
    const more = i8x16.bitmask(bytes);
    if (more == 0 && out + 128 <= outEnd) {
      const low = sums16(i16x8.extend_low_i8x16_u(bytes));
      const before = i16x8.splat(i16x8.extract_lane_s(low, 7));
      const high = i16x8.add(before, sums16(i16x8.extend_high_i8x16_u(bytes)));
      idsStore(out, id, i32x4.extend_low_i16x8_u(low));
      idsStore(out + 32, id, i32x4.extend_high_i16x8_u(low));
      idsStore(out + 64, id, i32x4.extend_low_i16x8_u(high));
      idsStore(out + 96, id, i32x4.extend_high_i16x8_u(high));
      id += <u64>i16x8.extract_lane_u(high, 7);
      at += 16;
      out += 128;
    } else if (more == 0x5555 && out + 64 <= outEnd) {
      const gaps = v128.or(
        v128.and(bytes, i16x8.splat(0x7f)),
        v128.shl<u16>(v128.shr<u16>(bytes, 8), 7),
      );
      const low = sums32(i32x4.extend_low_i16x8_u(gaps));
      const before = i32x4.splat(i32x4.extract_lane(low, 3));
      const high = i32x4.add(before, sums32(i32x4.extend_high_i16x8_u(gaps)));
      idsStore(out, id, low);
      idsStore(out + 32, id, high);
      id += <u64>i32x4.extract_lane(high, 3);
      at += 16;
      out += 64;
    } else if ((more & 1) == 0) {
      id += word & 0x7f;
      at += 1;
      store<f64>(out, <f64>id);
      out += 8;
    } else {
      const width = varintBytes(at);
      id += varintValue(at, width);
      at += width;
      store<f64>(out, <f64>id);
      out += 8;
    }
  }
  postingsFound = c.remaining;
  finishGroup(c, at);
}

/** Each lane becomes the sum of all up to it. */
@inline
function sums16(x: v128): v128 {
  const zero = i16x8.splat(0);
  x = i16x8.add(x, v128.shuffle<u16>(zero, x, 0, 8, 9, 10, 11, 12, 13, 14));
  x = i16x8.add(x, v128.shuffle<u16>(zero, x, 0, 0, 8, 9, 10, 11, 12, 13));
  return i16x8.add(x, v128.shuffle<u16>(zero, x, 0, 0, 0, 0, 8, 9, 10, 11));
}

@inline
function sums32(x: v128): v128 {
  const zero = i32x4.splat(0);
  x = i32x4.add(x, v128.shuffle<u32>(zero, x, 0, 4, 5, 6));
  return i32x4.add(x, v128.shuffle<u32>(zero, x, 0, 0, 4, 5));
}

/** Four ids above `id`. */
@inline
function idsStore(out: usize, id: u64, above: v128): void {
  const base = f64x2.splat(<f64>id);
  v128.store(out, f64x2.add(base, f64x2.convert_low_i32x4_u(above)));
  const upper = v128.shuffle<u32>(above, above, 2, 3, 2, 3);
  v128.store(out, f64x2.add(base, f64x2.convert_low_i32x4_u(upper)), 16);
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
