/**
 * JSON string escapes to code points and UTF-8, a bounded piece at a time (utf8.ts does whole strings). The
 * scanner has proven the escapes well formed; a lone surrogate stays itself, three bytes long, as there.
 */

/** Where the last `readEscape` ended in the source. */
export let escapeEnd: usize = 0;
/** Where the last `unescapePiece` ended in the source and in the target. */
export let pieceSourceEnd: usize = 0;
export let pieceTargetEnd: usize = 0;

/** The code point of the escape whose backslash stands at `at`; `escapeEnd` is behind it. */
export function readEscape(at: usize): u32 {
  const kind = load<u8>(at + 1);
  escapeEnd = at + 2;
  if (kind == 0x6e) return 0x0a;
  if (kind == 0x74) return 0x09;
  if (kind == 0x72) return 0x0d;
  if (kind == 0x62) return 0x08;
  if (kind == 0x66) return 0x0c;
  if (kind != 0x75) return kind;
  const unit = hexUnit(at + 2);
  escapeEnd = at + 6;
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  if (unit < 0xdc00 && load<u16>(at + 6) == 0x755c) {
    const low = hexUnit(at + 8);
    if (low >= 0xdc00 && low <= 0xdfff) {
      escapeEnd = at + 12;
      return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  return unit;
}

function hexUnit(at: usize): u32 {
  let unit: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = <u32>load<u8>(at + i);
    unit = (unit << 4) | (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);
  }
  return unit;
}

/** Writes `point` as UTF-8 and returns the address behind it. */
export function writePoint(target: usize, point: u32): usize {
  if (point < 0x80) {
    store<u8>(target, point);
    return target + 1;
  }
  if (point < 0x800) {
    store<u8>(target, 0xc0 | (point >> 6));
    store<u8>(target + 1, 0x80 | (point & 0x3f));
    return target + 2;
  }
  if (point < 0x10000) {
    store<u8>(target, 0xe0 | (point >> 12));
    store<u8>(target + 1, 0x80 | ((point >> 6) & 0x3f));
    store<u8>(target + 2, 0x80 | (point & 0x3f));
    return target + 3;
  }
  store<u8>(target, 0xf0 | (point >> 18));
  store<u8>(target + 1, 0x80 | ((point >> 12) & 0x3f));
  store<u8>(target + 2, 0x80 | ((point >> 6) & 0x3f));
  store<u8>(target + 3, 0x80 | (point & 0x3f));
  return target + 4;
}

/**
 * Unescapes [start, end) into the target until the source ends or fewer than 4 bytes of the target are left;
 * the two ends say where it stopped.
 */
export function unescapePiece(start: usize, end: usize, target: usize, targetEnd: usize): void {
  let at = start;
  let to = target;
  while (at < end && to + 4 <= targetEnd) {
    const byte = load<u8>(at);
    if (byte == 0x5c) {
      to = writePoint(to, readEscape(at));
      at = escapeEnd;
      continue;
    }
    store<u8>(to, byte);
    to++;
    at++;
  }
  pieceSourceEnd = at;
  pieceTargetEnd = to;
}
