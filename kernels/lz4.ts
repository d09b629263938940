// LZ4 block format (no frames): greedy matching with one hash probe a position, as the reference "fast"
// compressor.

const HASH_BITS: u32 = 13;
/** Bytes of the table that the caller lends to lz4Compress; its contents need not be kept between calls. */
export const LZ4_TABLE_BYTES: u32 = 4 << HASH_BITS;

const MATCH_BYTES_MIN: u32 = 4;
/** The format wants the last five bytes as literals, and no match to begin within the last twelve. */
const LAST_LITERALS: u32 = 5;
const MATCH_FIND_LIMIT: u32 = 12;
const DISTANCE_MAX: usize = 65535;
/** After every 2^6 misses the search takes one byte more a step, so incompressible input passes quickly. */
const SKIP_SHIFT: u32 = 6;
const HASH_PRIME: u64 = 889523592379;

@inline
function slotOf(table: usize, sequence: u64): usize {
  return table + (<usize>(((sequence << 24) * HASH_PRIME) >> (64 - HASH_BITS)) << 2);
}

/**
 * Copies whole 16-byte steps from `from` to `to` until `toEnd` is passed: may write up to 15 bytes beyond it.
 */
@inline
function copyWild16(to: usize, from: usize, toEnd: usize): void {
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < toEnd);
}

/** The first place behind `at` where the bytes there and those at `match` differ, at most `end`. */
@inline
function matchEnd(at: usize, match: usize, end: usize): usize {
  while (at + 8 <= end) {
    const diff = load<u64>(at) ^ load<u64>(match);
    if (diff != 0) return at + (<usize>ctz(diff) >> 3);
    at += 8;
    match += 8;
  }
  while (at < end && load<u8>(at) == load<u8>(match)) {
    at++;
    match++;
  }
  return at;
}

/** Writes a length beyond its nibble: bytes of 255, then the rest. */
@inline
function writeLength(out: usize, rest: usize): usize {
  while (rest >= 255) {
    store<u8>(out++, 255);
    rest -= 255;
  }
  store<u8>(out, <u8>rest);
  return out + 1;
}

/** Writes a token that counts `literals`; returns the place where they belong. */
@inline
function writeToken(out: usize, literals: usize): usize {
  if (literals < 15) {
    store<u8>(out, <u8>(literals << 4));
    return out + 1;
  }
  store<u8>(out, 15 << 4);
  return writeLength(out + 1, literals - 15);
}

/**
 * Compresses `bytes` bytes at `source` into at most `outBytesMax` bytes at `out`; returns the compressed
 * size, or 0 when they do not fit. `table` is LZ4_TABLE_BYTES of scratch.
 */
export function lz4Compress(source: usize, bytes: u32, out: usize, outBytesMax: u32, table: usize): u32 {
  const outStart = out;
  const outEnd = out + outBytesMax;
  const end = source + bytes;
  let anchor = source;
  if (bytes > MATCH_FIND_LIMIT) {
    memory.fill(table, 0, LZ4_TABLE_BYTES);
    const findEnd = end - MATCH_FIND_LIMIT;
    const literalsFrom = end - LAST_LITERALS;
    let at = source + 1;
    let misses: u32 = 1 << SKIP_SHIFT;
    while (at <= findEnd) {
      const sequence = load<u64>(at);
      const slot = slotOf(table, sequence);
      let match = source + load<u32>(slot);
      store<u32>(slot, <u32>(at - source));
      if (load<u32>(match) != <u32>sequence || at - match > DISTANCE_MAX || match >= at) {
        at += misses++ >> SKIP_SHIFT;
        continue;
      }
      while (at > anchor && match > source && load<u8>(at - 1) == load<u8>(match - 1)) {
        at--;
        match--;
      }
      const literals = at - anchor;
      const matched = matchEnd(at + MATCH_BYTES_MIN, match + MATCH_BYTES_MIN, literalsFrom);
      const length = matched - at - MATCH_BYTES_MIN;
      if (out + literals + literals / 255 + length / 255 + 32 > outEnd) return 0;
      const token = out;
      out = writeToken(out, literals);
      // The room checked above and the literals that end the input let this copy run over by up to 15 bytes.
      copyWild16(out, anchor, out + literals);
      out += literals;
      store<u16>(out, <u16>(at - match));
      out += 2;
      if (length >= 15) {
        store<u8>(token, load<u8>(token) | 15);
        out = writeLength(out, length - 15);
      } else {
        store<u8>(token, load<u8>(token) | <u8>length);
      }
      anchor = matched;
      at = matched;
      misses = 1 << SKIP_SHIFT;
      if (at <= findEnd) store<u32>(slotOf(table, load<u64>(at - 2)), <u32>(at - 2 - source));
    }
  }
  const literals = end - anchor;
  if (out + 1 + literals + literals / 255 + 1 > outEnd) return 0;
  out = writeToken(out, literals);
  memory.copy(out, anchor, literals);
  return <u32>(out + literals - outStart);
}

/** Place behind a length that goes on in further bytes; the length itself is left in `longLength`. */
let longLength: usize = 0;

/**
 * Reads a continued length; returns the place behind it, or 0 when the input ends inside or the length is
 * absurd.
 */
function readLength(at: usize, end: usize, length: usize, lengthMax: usize): usize {
  let byte: usize;
  do {
    if (at >= end) return 0;
    byte = load<u8>(at++);
    length += byte;
    if (length > lengthMax) return 0;
  } while (byte == 255);
  longLength = length;
  return at;
}

/** Copies a match within the output, where source and target may overlap: the pattern repeats. */
@inline
function copyMatch(out: usize, distance: usize, length: usize, outEnd: usize): void {
  const from = out - distance;
  const copyEnd = out + length;
  if (distance >= 16 && copyEnd + 16 <= outEnd) {
    copyWild16(out, from, copyEnd);
  } else if (distance >= 8 && copyEnd + 8 <= outEnd) {
    for (let i: usize = 0; i < length; i += 8) store<u64>(out + i, load<u64>(from + i));
  } else {
    for (let i: usize = 0; i < length; i++) store<u8>(out + i, load<u8>(from + i));
  }
}

/** Where a decompression that was asked for a part stopped in its input. */
let pausedAt: usize = 0;

export function lz4PausedAt(): usize {
  return pausedAt;
}

/**
 * Decompresses into exactly up to `outBytesMax` bytes; returns their number, or -1 when the input is corrupt.
 * Never reads outside [source, source + bytes) nor writes outside [out, out + outBytesMax).
 */
export function lz4Decompress(source: usize, bytes: u32, out: usize, outBytesMax: u32): i32 {
  const end = lz4DecompressPart(source, source + bytes, out, out, out + outBytesMax, usize.MAX_VALUE);
  return end < 0 ? -1 : end - <i32>out;
}

/**
 * Goes on at `at` of an input that ends at `end`, with what is decompressed so far from `outStart` to `out`,
 * until it has reached `wanted` or the input's end. Returns the place behind what there is then, or -1;
 * `lz4PausedAt` says where to go on.
 */
export function lz4DecompressPart(
  at: usize,
  end: usize,
  outStart: usize,
  out: usize,
  outEnd: usize,
  wanted: usize,
): i32 {
  while (at < end) {
    if (out >= wanted) {
      pausedAt = at;
      return <i32>out;
    }
    const token = <usize>load<u8>(at++);
    let literals = token >> 4;
    if (literals == 15) {
      at = readLength(at, end, 15, outEnd - outStart);
      if (at == 0) return -1;
      literals = longLength;
    }
    if (literals > end - at || literals > outEnd - out) return -1;
    if (at + literals + 16 <= end && out + literals + 16 <= outEnd) copyWild16(out, at, out + literals);
    else memory.copy(out, at, literals);
    at += literals;
    out += literals;
    if (at == end) {
      pausedAt = end;
      return <i32>out;
    }
    if (end - at < 2) return -1;
    const distance = <usize>load<u16>(at);
    at += 2;
    if (distance == 0 || distance > out - outStart) return -1;
    let length = token & 15;
    if (length == 15) {
      at = readLength(at, end, 15, outEnd - outStart);
      if (at == 0) return -1;
      length = longLength;
    }
    length += MATCH_BYTES_MIN;
    if (length > outEnd - out) return -1;
    copyMatch(out, distance, length, outEnd);
    out += length;
  }
  return -1;
}
