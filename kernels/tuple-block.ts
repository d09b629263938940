// Tuple blocks: sorted tuples without equals, compressed. A block is a header of 24 bytes (u32 count, u32
// body bytes, the first tuple's two words) and a body of groups, one for each (index, term):
//   varint index delta, varint term (or its delta), varint n << 1 | has payloads, then n ids (delta coded)
//     with payloads.
import { ID_MASK, tupleTerm } from "./tuple";
import { varintBytes, varintValue, varintWidth, varintWrite, varintWritePadded } from "./varint";

/** A block fills four LMDB pages of 4 KiB with their headers. */
export const BLOCK_BYTES_MAX: u32 = 16336;
export const BLOCK_HEADER_BYTES: u32 = 24;
/** Room for a block, and for what the decoders read beyond it. */
export const BLOCK_BUFFER_BYTES: u32 = 16384;
/** No tuple takes less than a byte. */
export const BLOCK_TUPLES_MAX: u32 = BLOCK_BYTES_MAX - BLOCK_HEADER_BYTES;

/** Index, term, count, first id and payload of a group at their longest. */
const GROUP_START_BYTES_MAX: usize = 3 + 10 + 3 + 6 + 1;
const ID_BYTES_MAX: usize = 6 + 1;

/** Bytes of a block by its header. */
@inline
export function blockBytes(block: usize): u32 {
  return BLOCK_HEADER_BYTES + load<u32>(block, 4);
}

/**
 * Encodes as many of `count` tuples as fit one block at `block` (BLOCK_BYTES_MAX bytes); returns how many.
 */
export function tupleBlockEncode(tuples: usize, count: u32, block: usize): u32 {
  const end = tuples + (<usize>count << 4);
  const limit = block + BLOCK_BYTES_MAX;
  let out = block + BLOCK_HEADER_BYTES;
  let index: u64 = 0;
  let term: u64 = 0;
  let p = tuples;
  while (p < end && out + GROUP_START_BYTES_MAX <= limit) {
    const w0 = load<u64>(p);
    const w1 = load<u64>(p, 8);
    const groupTerm = tupleTerm(w0, w1);
    const indexDelta = (w0 >> 48) - index;
    out = varintWrite(out, indexDelta);
    out = varintWrite(out, indexDelta != 0 || p == tuples ? groupTerm : groupTerm - term);
    index = w0 >> 48;
    term = groupTerm;
    if (!isSameGroup(p, p + 16, end)) {
      // The group of one: most groups of an index whose terms seldom repeat.
      store<u8>(out, w1 & 0xff ? 3 : 2);
      out = varintWrite(out + 1, (w1 >> 8) & ID_MASK);
      if (w1 & 0xff) store<u8>(out++, <u8>w1);
      p += 16;
      continue;
    }
    const groupEnd = findGroupEnd(p, min(end, p + ((limit - out) << 4)));
    const hasPayload = groupPayloads != 0;
    const countAt = out;
    const countWidth = varintWidth((<u32>((groupEnd - p) >> 4) << 1) | 1);
    out += countWidth;
    const groupStart = p;
    let id: u64 = 0;
    while (p < groupEnd && out + ID_BYTES_MAX <= limit) {
      const word = load<u64>(p, 8);
      const nextId = (word >> 8) & ID_MASK;
      out = varintWrite(out, nextId - id);
      id = nextId;
      if (hasPayload) store<u8>(out++, <u8>word);
      p += 16;
    }
    // When the block is full before the group's end, the shorter count keeps its width.
    varintWritePadded(countAt, countWidth, (<u32>((p - groupStart) >> 4) << 1) | <u32>hasPayload);
    if (p < groupEnd) break;
  }
  const encoded = <u32>((p - tuples) >> 4);
  store<u32>(block, encoded);
  store<u32>(block, <u32>(out - block) - BLOCK_HEADER_BYTES, 4);
  v128.store(block, v128.load(tuples), 8);
  return encoded;
}

/** Whether the tuple at `next` has the index and term of the one at `p`. */
@inline
function isSameGroup(p: usize, next: usize, end: usize): bool {
  return next < end && load<u64>(next) == load<u64>(p) && load<u16>(next, 14) == load<u16>(p, 14);
}

/** All payload bits of the group that findGroupEnd passed over. */
let groupPayloads: u64 = 0;

function findGroupEnd(start: usize, end: usize): usize {
  let payloads: u64 = 0;
  let p = start;
  do {
    payloads |= load<u64>(p, 8);
    p += 16;
  } while (isSameGroup(start, p, end));
  groupPayloads = payloads & 0xff;
  return p;
}

/** Where the decoding of a block stands. */
@unmanaged
export class TupleCursor {
  at: usize;
  end: usize;
  /** Tuples of the present group still to come, and whether they have payloads. */
  remaining: u32;
  hasPayload: u32;
  isFirst: u32;
  /** Set when the body does not add up; decoding ends there. */
  isDamaged: u32;
  index: u64;
  term: u64;
  id: u64;
}

export const TUPLE_CURSOR_BYTES: u32 = <u32>offsetof<TupleCursor>();

/** Opens a cursor on a block of `bytes` bytes, which must be followed by 16 readable bytes. */
export function tupleCursorOpen(cursor: usize, block: usize, bytes: u32): void {
  const c = changetype<TupleCursor>(cursor);
  c.at = block + BLOCK_HEADER_BYTES;
  c.end = block + bytes;
  c.remaining = 0;
  c.isFirst = 1;
  c.index = 0;
  c.term = 0;
  c.isDamaged = <u32>(bytes < BLOCK_HEADER_BYTES || bytes > BLOCK_BYTES_MAX || blockBytes(block) != bytes);
  if (c.isDamaged) c.at = c.end;
}

/** Reads the head of the next group; false at the end of the block. */
@inline
export function tupleCursorGroup(c: TupleCursor): bool {
  let at = c.at;
  if (at >= c.end) return false;
  let bytes = varintBytes(at);
  const indexDelta = varintValue(at, bytes);
  at += bytes;
  bytes = varintBytes(at);
  const term = varintValue(at, bytes);
  at += bytes;
  bytes = varintBytes(at);
  const counted = <u32>varintValue(at, bytes);
  at += bytes;
  c.index += indexDelta;
  c.term = indexDelta != 0 || c.isFirst ? term : c.term + term;
  c.remaining = counted >> 1;
  c.hasPayload = counted & 1;
  c.isFirst = 0;
  c.id = 0;
  c.at = at;
  if (at <= c.end && c.remaining != 0 && c.remaining <= BLOCK_TUPLES_MAX && c.index <= 0xffff) return true;
  c.isDamaged = 1;
  c.remaining = 0;
  c.at = c.end;
  return false;
}

/** Decodes up to `max` tuples to `out`; returns their number, 0 at the end or at damage. */
export function tupleCursorDecode(cursor: usize, out: usize, max: u32): u32 {
  const c = changetype<TupleCursor>(cursor);
  const outStart = out;
  const outEnd = out + (<usize>max << 4);
  const end = c.end;
  let at = c.at;
  let id = c.id;
  let remaining = <usize>c.remaining;
  let payloadBytes = <usize>c.hasPayload;
  let w0 = (c.index << 48) | (c.term >> 16);
  let high = c.term << 48;
  while (out < outEnd && at <= end) {
    if (remaining == 0) {
      c.at = at;
      if (!tupleCursorGroup(c)) break;
      at = c.at;
      id = 0;
      remaining = c.remaining;
      payloadBytes = c.hasPayload;
      w0 = (c.index << 48) | (c.term >> 16);
      high = c.term << 48;
    }
    const byte = <u64>load<u8>(at);
    if (byte < 0x80) {
      id += byte;
      at += 1;
    } else {
      const bytes = varintBytes(at);
      id += varintValue(at, bytes);
      at += bytes;
    }
    store<u64>(out, w0);
    store<u64>(out, high | ((id & ID_MASK) << 8) | (payloadBytes ? <u64>load<u8>(at) : 0), 8);
    at += payloadBytes;
    out += 16;
    remaining--;
  }
  c.at = at;
  c.id = id;
  c.remaining = <u32>remaining;
  if (at > end) c.isDamaged = 1;
  return c.isDamaged ? 0 : <u32>((out - outStart) >> 4);
}

export function tupleCursorIsDamaged(cursor: usize): u32 {
  return changetype<TupleCursor>(cursor).isDamaged;
}
