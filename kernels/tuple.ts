// A tuple is one index entry in 16 bytes, two little-endian u64 that sort as unsigned numbers:
//   w0 = index (16) << 48 | term >> 16        w1 = (term & 0xffff) << 48 | record id (40) << 8 | payload (8)
// A tuple buffer is a header and an array that kernels append to and the host sorts and spills.

export const TUPLE_BYTES: u32 = 16;
export const TUPLE_BUFFER_BYTES: u32 = 16;
/** Greatest index number; the one above it is the end mark of merges. */
export const TUPLE_INDEX_MAX: u32 = 0xfffe;

export const ID_MASK: u64 = 0xffffffffff;

/** Header of a tuple buffer. */
@unmanaged
export class TupleBuffer {
  count: u32;
  capacity: u32;
  tuples: usize;
  /** The host can lay an empty buffer out with more room than this. */
  canGrow: u32;
}

export function tupleBufferInit(buffer: usize, tuples: usize, capacity: u32, canGrow: bool): void {
  const header = changetype<TupleBuffer>(buffer);
  header.count = 0;
  header.capacity = capacity;
  header.tuples = tuples;
  header.canGrow = canGrow ? 1 : 0;
}

@inline
export function tupleWord0(index: u32, term: u64): u64 {
  return (<u64>index << 48) | (term >> 16);
}

@inline
export function tupleWord1(term: u64, id: u64, payload: u32): u64 {
  return (term << 48) | (id << 8) | <u64>payload;
}

@inline
export function tupleTerm(w0: u64, w1: u64): u64 {
  return (w0 << 16) | (w1 >> 48);
}

/** Appends the two words of a tuple; false when the buffer is full. */
@inline
export function tupleAppendWords(buffer: usize, w0: u64, w1: u64): bool {
  const header = changetype<TupleBuffer>(buffer);
  const count = header.count;
  if (count == header.capacity) return false;
  const tuple = header.tuples + (<usize>count << 4);
  store<u64>(tuple, w0);
  store<u64>(tuple, w1, 8);
  header.count = count + 1;
  return true;
}

/** Appends an index entry; false when the buffer is full. */
@inline
export function tupleAppend(buffer: usize, index: u32, term: u64, id: u64, payload: u32): bool {
  return tupleAppendWords(buffer, tupleWord0(index, term), tupleWord1(term, id, payload));
}

/**
 * The payload of two postings that became one: the low nibbles add up to 15 at most, the higher high nibble
 * stays.
 */
@inline
export function payloadUnite(a: u32, b: u32): u32 {
  const low = min<u32>((a & 15) + (b & 15), 15);
  return max<u32>(a & 0xf0, b & 0xf0) | low;
}

/** Makes one of adjacent tuples that are equal but for the payload; returns how many remain. */
export function tupleUnite(tuples: usize, count: u32): u32 {
  if (count == 0) return 0;
  const end = tuples + (<usize>count << 4);
  let last = tuples;
  let last0 = load<u64>(last);
  let last1 = load<u64>(last, 8);
  for (let p = tuples + 16; p < end; p += 16) {
    const w0 = load<u64>(p);
    const w1 = load<u64>(p, 8);
    if (w0 == last0 && w1 >> 8 == last1 >> 8) {
      last1 = (last1 & ~(<u64>0xff)) | <u64>payloadUnite(<u32>last1 & 0xff, <u32>w1 & 0xff);
    } else {
      last += 16;
      last0 = w0;
      last1 = w1;
      store<u64>(last, w0);
    }
    store<u64>(last, last1, 8);
  }
  return <u32>((last - tuples) >> 4) + 1;
}
