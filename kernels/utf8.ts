// UTF-8: checking bytes by the WHATWG rules (no overlong forms, no surrogates, nothing above U+10FFFF) and
// turning the escapes of a JSON string into UTF-8. Every function may read 16 bytes past `end`.

/** Bytes of the UTF-8 sequence at p whose first byte is 0x80 or more; 0 when the bytes are not UTF-8. */
@inline
export function utf8SequenceBytes(p: usize): u32 {
  const word = load<u32>(p);
  const lead = word & 0xff;
  if (lead < 0xe0) return (word & 0xc0e0) == 0x80c0 && lead >= 0xc2 ? 2 : 0;
  const second = (word >> 8) & 0xff;
  if (lead < 0xf0) {
    if ((word & 0xc0c0f0) != 0x8080e0) return 0;
    if (lead == 0xe0 && second < 0xa0) return 0;
    return lead == 0xed && second > 0x9f ? 0 : 3;
  }
  if ((word & 0xc0c0c0f8) != 0x808080f0) return 0;
  if (lead == 0xf0 && second < 0x90) return 0;
  return lead > 0xf4 || (lead == 0xf4 && second > 0x8f) ? 0 : 4;
}

/** The position of the first byte in [start, end) that is not part of valid UTF-8, or `end`. */
export function utf8InvalidAt(start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const mask = i8x16.bitmask(v128.load(p));
    if (mask == 0) {
      p += 16;
      continue;
    }
    p += ctz(mask);
    while (p < end && load<u8>(p) >= 0x80) {
      const bytes = utf8SequenceBytes(p);
      if (bytes == 0 || p + bytes > end) return p;
      p += bytes;
    }
  }
  return end;
}

/** The value of a hexadecimal digit that is known to be one. */
@inline
function hexValue(digit: u32): u32 {
  return (digit & 15) + (digit >> 6) * 9;
}

/** The number in the four hexadecimal digits at p. */
@inline
function hexUnit(p: usize): u32 {
  return (
    (hexValue(load<u8>(p)) << 12) |
    (hexValue(load<u8>(p, 1)) << 8) |
    (hexValue(load<u8>(p, 2)) << 4) |
    hexValue(load<u8>(p, 3))
  );
}

/** Writes a code point (a lone surrogate as the three bytes it would have); the position after it. */
function writeCodePoint(dst: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(dst, code);
    return dst + 1;
  }
  if (code < 0x800) {
    store<u8>(dst, 0xc0 | (code >> 6));
    store<u8>(dst, 0x80 | (code & 63), 1);
    return dst + 2;
  }
  if (code < 0x10000) {
    store<u8>(dst, 0xe0 | (code >> 12));
    store<u8>(dst, 0x80 | ((code >> 6) & 63), 1);
    store<u8>(dst, 0x80 | (code & 63), 2);
    return dst + 3;
  }
  store<u8>(dst, 0xf0 | (code >> 18));
  store<u8>(dst, 0x80 | ((code >> 12) & 63), 1);
  store<u8>(dst, 0x80 | ((code >> 6) & 63), 2);
  store<u8>(dst, 0x80 | (code & 63), 3);
  return dst + 4;
}

/** The byte that a one-letter escape stands for; quote, backslash and slash stand for themselves. */
function shortEscape(letter: u32): u32 {
  switch (letter) {
    case 0x62:
      return 8;
    case 0x66:
      return 12;
    case 0x6e:
      return 10;
    case 0x72:
      return 13;
    case 0x74:
      return 9;
    default:
      return letter;
  }
}

/**
 * Writes the text of a validated JSON string (without its quotes) as UTF-8 and returns its bytes. A lone
 * surrogate becomes three bytes (WTF-8), so that different strings stay different.
 * dst must have room for end - start + 16 bytes and must not overlap the source.
 */
export function unescapeString(start: usize, end: usize, dst: usize): u32 {
  const backslashes = i8x16.splat(0x5c);
  let p = start;
  let out = dst;
  while (p < end) {
    const block = v128.load(p);
    const mask = i8x16.bitmask(i8x16.eq(block, backslashes));
    v128.store(out, block);
    const plain = min<usize>(mask == 0 ? 16 : ctz(mask), end - p);
    p += plain;
    out += plain;
    if (mask == 0 || p >= end) continue;
    const letter = <u32>load<u8>(p, 1);
    if (letter != 0x75) {
      store<u8>(out++, shortEscape(letter));
      p += 2;
      continue;
    }
    let code = hexUnit(p + 2);
    p += 6;
    if ((code & 0xfc00) == 0xd800 && p + 6 <= end && load<u16>(p) == 0x755c) {
      const low = hexUnit(p + 2);
      if ((low & 0xfc00) == 0xdc00) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
        p += 6;
      }
    }
    out = writeCodePoint(out, code);
  }
  return <u32>(out - dst);
}
