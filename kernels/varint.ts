// Variable-length unsigned integers: seven bits a byte, least significant first, the top bit says "more
// follows". Reading works on eight bytes at once, so callers keep at least 16 readable bytes behind what they
// decode.

const STOP_BITS: u64 = 0x8080808080808080;

/** Bytes of the varint at `at` (1..10). */
@inline
export function varintBytes(at: usize): u32 {
  const stops = ~load<u64>(at) & STOP_BITS;
  if (stops != 0) return (<u32>ctz(stops) >> 3) + 1;
  return load<u8>(at, 8) < 0x80 ? 9 : 10;
}

/**
 * Value of the varint of `bytes` bytes at `at`: drops the top bit of each byte and closes the gaps in three
 * steps.
 */
@inline
export function varintValue(at: usize, bytes: u32): u64 {
  const word = load<u64>(at);
  const stops = ~word & STOP_BITS;
  // All bits up to the first byte that ends a varint; all bits at all when there is none among the eight.
  let x = word & (stops ^ (stops - 1)) & ~STOP_BITS;
  x = (x & 0x007f007f007f007f) | ((x & 0x7f007f007f007f00) >> 1);
  x = (x & 0x00003fff00003fff) | ((x & 0x3fff00003fff0000) >> 2);
  x = (x & 0x000000000fffffff) | ((x & 0x0fffffff00000000) >> 4);
  if (bytes > 8) {
    x |= <u64>(load<u8>(at, 8) & 0x7f) << 56;
    if (bytes > 9) x |= <u64>load<u8>(at, 9) << 63;
  }
  return x;
}

/** Writes `value` at `at` and returns the place behind it; up to 10 bytes from `at` on may be overwritten. */
@inline
export function varintWrite(at: usize, value: u64): usize {
  if (value < 0x80) {
    store<u8>(at, <u8>value);
    return at + 1;
  }
  return varintWriteLong(at, value);
}

/** Spreads the bits into sevens in three steps, the reverse of varintValue. */
function varintWriteLong(at: usize, value: u64): usize {
  let x = value & 0x00ffffffffffffff;
  x = (x & 0x000000000fffffff) | ((x & 0x00fffffff0000000) << 4);
  x = (x & 0x00003fff00003fff) | ((x & 0x0fffc0000fffc000) << 2);
  x = (x & 0x007f007f007f007f) | ((x & 0x3f803f803f803f80) << 1);
  const high = <u32>(value >> 56);
  if (high == 0) {
    const bytes = (<u32>70 - <u32>clz(value)) / 7;
    store<u64>(at, x | (STOP_BITS & ((<u64>1 << (<u64>(bytes - 1) << 3)) - 1)));
    return at + bytes;
  }
  store<u64>(at, x | STOP_BITS);
  // A byte that goes on is followed by the last bit; one that does not by a byte that will be overwritten.
  store<u16>(at, <u16>(high | ((high >> 7) << 8)), 8);
  return at + 9 + (high >> 7);
}

/** Bytes that `value` takes when it is below 2^21. */
@inline
export function varintWidth(value: u32): u32 {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : 3;
}

/** Writes `value` over exactly `width` bytes, filled up with empty continuation bytes. */
export function varintWritePadded(at: usize, width: u32, value: u32): void {
  for (let i: u32 = 1; i < width; i++) {
    store<u8>(at++, <u8>value | 0x80);
    value >>= 7;
  }
  store<u8>(at, <u8>value);
}
