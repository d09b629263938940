import { assert } from "../kernel/index.js";

/** Code points from here on have lower-case forms by range: Deseret, Osage, Adlam and their like. */
const astralStart = 0x10000;
const astralRangeBytes = 12;

/** Han and kana begin here. */
const ideographsStart = 0x2e80;

/** Stretches of code points that hold all letters with case; what lies between are ideographs and Hangul. */
const casedStretches = [
  [0, 0x3000],
  [0xa000, 0xac00],
  [0xfb00, 0x20000],
] as const;

interface LowerRange {
  first: number;
  last: number;
  delta: number;
}

/**
 * Layout (kernels/text.ts): a bitmap of letters, digits and marks; a bitmap of characters that are tokens of
 * their own; lower-case units of the BMP; ranges (first, last, delta) of the lower-case forms beyond it.
 */
export function createUnicodeTables(bytes: number, pointsMapped: number): Uint8Array {
  const image = new Uint8Array(bytes);
  const bitmapBytes = pointsMapped / 8;
  markRuns(image.subarray(0, bitmapBytes), 0, pointsMapped, /[\p{L}\p{N}\p{M}]+/gu);
  const alone = image.subarray(bitmapBytes, 2 * bitmapBytes);
  markRuns(alone, ideographsStart, pointsMapped, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu);
  const lowerAt = 2 * bitmapBytes;
  const lowerUnits = new Uint16Array(image.buffer, lowerAt, astralStart);
  for (let point = 0; point < astralStart; point++) lowerUnits[point] = point;
  const ranges: LowerRange[] = [];
  for (const [first, end] of casedStretches) {
    for (const [upper] of textOf(first, end).matchAll(/\p{Changes_When_Lowercased}/gu)) {
      const point = upper.codePointAt(0)!;
      // Simple mapping: where the full one has several code points (dotted capital I), its first.
      const lower = upper.toLowerCase().codePointAt(0)!;
      if (point < astralStart) lowerUnits[point] = lower;
      else addToRanges(ranges, point, lower - point);
    }
  }
  const rangesAt = lowerAt + lowerUnits.byteLength;
  assert(rangesAt + ranges.length * astralRangeBytes <= bytes, "ranges of lower-case forms fit their table");
  const view = new DataView(image.buffer, rangesAt);
  for (const [i, { first, last, delta }] of ranges.entries()) {
    view.setUint32(i * astralRangeBytes, first, true);
    view.setUint32(i * astralRangeBytes + 4, last, true);
    view.setInt32(i * astralRangeBytes + 8, delta, true);
  }
  return image;
}

/** The code points [first, end) in order; surrogates, which no text holds, are spaces. */
function textOf(first: number, end: number): string {
  const units = new Uint16Array((end - first) * 2);
  let at = 0;
  for (let point = first; point < Math.min(end, astralStart); point++) {
    units[at++] = point >= 0xd800 && point < 0xe000 ? 32 : point;
  }
  for (let point = Math.max(first, astralStart); point < end; point++) {
    units[at++] = 0xd7c0 + (point >> 10);
    units[at++] = 0xdc00 + (point & 0x3ff);
  }
  return Buffer.from(units.buffer, 0, at * 2).toString("utf16le");
}

/** Sets the bits of all code points in [first, end) that are in a run. */
function markRuns(bitmap: Uint8Array, first: number, end: number, runs: RegExp): void {
  for (const run of textOf(first, end).matchAll(runs)) {
    const unit = run.index;
    markRange(bitmap, pointAt(first, unit), pointAt(first, unit + run[0].length));
  }
}

function markRange(bitmap: Uint8Array, first: number, end: number): void {
  let point = first;
  for (; point < end && (point & 7) !== 0; point++) bitmap[point >> 3]! |= 1 << (point & 7);
  const wholeEnd = Math.max(point, end & ~7);
  bitmap.fill(0xff, point >> 3, wholeEnd >> 3);
  for (point = wholeEnd; point < end; point++) bitmap[point >> 3]! |= 1 << (point & 7);
}

/** The code point at a unit of the text that begins with the code point `first` of the BMP. */
function pointAt(first: number, unit: number): number {
  const point = first + unit;
  return point <= astralStart ? point : astralStart + (point - astralStart) / 2;
}

function addToRanges(
  ranges: { first: number; last: number; delta: number }[],
  point: number,
  delta: number,
): void {
  const open = ranges.at(-1);
  if (open !== undefined && open.last === point - 1 && open.delta === delta) open.last = point;
  else ranges.push({ first: point, last: point, delta });
}
