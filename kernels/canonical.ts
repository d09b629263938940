/** Whether JSON stands in its one shortest form: what a hash over a serialisation can take as it is. */

/** Letters of the escapes for line feed, quote, backslash, return, tab, backspace and form feed. */
@inline
function isShortEscape(letter: u32): bool {
  if (letter == 0x6e || letter == 0x22 || letter == 0x5c) return true;
  return letter == 0x72 || letter == 0x74 || letter == 0x62 || letter == 0x66;
}

/** Whether a validated string's text has no escapes but the short ones (a slash needs none). */
export function textIsCanonical(start: usize, end: usize): bool {
  const backslash = i8x16.splat(0x5c);
  let at = start;
  while (at < end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), backslash));
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    if (at >= end) return true;
    if (!isShortEscape(load<u8>(at, 1))) return false;
    at += 2;
  }
  return true;
}

/** Whether validated JSON has no white space between its tokens, and only canonical strings. */
export function jsonIsCanonical(start: usize, end: usize): bool {
  let at = start;
  while (at < end) {
    const byte = <u32>load<u8>(at++);
    if (byte <= 0x20) return false;
    if (byte != 0x22) continue;
    while (true) {
      const bytes = v128.load(at);
      const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
      const mask = i8x16.bitmask(v128.or(quotes, i8x16.eq(bytes, i8x16.splat(0x5c))));
      if (mask == 0) {
        at += 16;
        continue;
      }
      at += ctz(mask);
      if (load<u8>(at) == 0x22) break;
      if (!isShortEscape(load<u8>(at, 1))) return false;
      at += 2;
    }
    at++;
  }
  return true;
}
