import { carriageReturn, newline, quote } from "./framer.js";

/**
 * The bytes as 32-bit words, so that four are looked at together; the first word may begin up to three
 * bytes before the first byte, which are never looked at.
 */
export function wordsOf(bytes: Uint8Array, to: number): Int32Array {
  const shift = bytes.byteOffset & 3;
  return new Int32Array(bytes.buffer, bytes.byteOffset - shift, (shift + to) >> 2);
}

/** Index of the first line break in [from, to), or `to`. */
export function nextNewline(bytes: Uint8Array, words: Int32Array, from: number, to: number): number {
  const shift = bytes.byteOffset & 3;
  let at = from;
  for (; at < to && ((at + shift) & 3) !== 0; at++) if (bytes[at] === newline) return at;
  let index = (at + shift) >> 2;
  for (; index < words.length; index++) {
    const zeros = words[index]! ^ 0x0a0a0a0a;
    if (((zeros - 0x01010101) & ~zeros & 0x80808080) !== 0) break;
  }
  if (at < to) at = Math.min((index << 2) - shift, to);
  for (; at < to; at++) if (bytes[at] === newline) return at;
  return to;
}

/** Index of the first LF or CR in [from, to), or `to`. */
export function nextLineEnd(bytes: Uint8Array, words: Int32Array, from: number, to: number): number {
  const shift = bytes.byteOffset & 3;
  let at = from;
  for (; at < to && ((at + shift) & 3) !== 0; at++) {
    if (bytes[at] === newline || bytes[at] === carriageReturn) return at;
  }
  let index = (at + shift) >> 2;
  for (; index < words.length; index++) {
    const word = words[index]!;
    const feeds = word ^ 0x0a0a0a0a;
    const returns = word ^ 0x0d0d0d0d;
    if (((((feeds - 0x01010101) & ~feeds) | ((returns - 0x01010101) & ~returns)) & 0x80808080) !== 0) break;
  }
  if (at < to) at = Math.min((index << 2) - shift, to);
  for (; at < to; at++) if (bytes[at] === newline || bytes[at] === carriageReturn) return at;
  return to;
}

/** Index of the first line break or quote in [from, to), or `to`. */
export function nextNewlineOrQuote(bytes: Uint8Array, words: Int32Array, from: number, to: number): number {
  const shift = bytes.byteOffset & 3;
  let at = from;
  for (; at < to && ((at + shift) & 3) !== 0; at++) {
    if (bytes[at] === newline || bytes[at] === quote) return at;
  }
  let index = (at + shift) >> 2;
  for (; index < words.length; index++) {
    const word = words[index]!;
    const lines = word ^ 0x0a0a0a0a;
    const quotes = word ^ 0x22222222;
    if (((((lines - 0x01010101) & ~lines) | ((quotes - 0x01010101) & ~quotes)) & 0x80808080) !== 0) break;
  }
  if (at < to) at = Math.min((index << 2) - shift, to);
  for (; at < to; at++) if (bytes[at] === newline || bytes[at] === quote) return at;
  return to;
}

export function countLines(bytes: Uint8Array, to: number): number {
  const words = wordsOf(bytes, to);
  const shift = bytes.byteOffset & 3;
  const head = Math.min(to, -shift & 3);
  let lines = 0;
  for (let at = 0; at < head; at++) if (bytes[at] === newline) lines++;
  const first = (head + shift) >> 2;
  for (let index = first; index < words.length; index++) {
    const zeros = words[index]! ^ 0x0a0a0a0a;
    // The high bit of every byte that is zero, and of no other.
    const marks = ~(((zeros & 0x7f7f7f7f) + 0x7f7f7f7f) | zeros | 0x7f7f7f7f);
    if (marks !== 0) lines += Math.imul(marks >>> 7, 0x01010101) >>> 24;
  }
  for (let at = Math.max(head, words.length * 4 - shift); at < to; at++) if (bytes[at] === newline) lines++;
  return lines;
}
