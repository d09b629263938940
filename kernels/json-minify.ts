// Takes the insignificant white space out of JSON.

const QUOTE: u32 = 0x22;

/**
 * Copies the validated JSON in [start, end) to dst without the white space between its tokens and returns the
 * bytes written. dst may be `start` or lie before it; otherwise it needs room for end - start bytes.
 */
export function minifyJson(start: usize, end: usize, dst: usize): u32 {
  let p = start;
  let out = dst;
  while (p < end) {
    const c = <u32>load<u8>(p++);
    if (c == 0x20 || c == 0x0a || c == 0x0d || c == 0x09) continue;
    store<u8>(out++, c);
    if (c != QUOTE) continue;
    const close = stringCopy(p, out);
    out += close - p;
    p = close;
  }
  return <u32>(out - dst);
}

/** Copies a string from after its opening quote and returns the position after its closing one. */
function stringCopy(p: usize, out: usize): usize {
  const quotes = i8x16.splat(0x22);
  const backslashes = i8x16.splat(0x5c);
  while (true) {
    const block = v128.load(p);
    const stops = i8x16.bitmask(v128.or(i8x16.eq(block, quotes), i8x16.eq(block, backslashes)));
    if (stops == 0) {
      v128.store(out, block);
      p += 16;
      out += 16;
      continue;
    }
    const isClose = load<u8>(p + ctz(stops)) == QUOTE;
    const runEnd = p + ctz(stops) + (isClose ? 1 : 2);
    while (p < runEnd) store<u8>(out++, load<u8>(p++));
    if (isClose) return p;
  }
}
