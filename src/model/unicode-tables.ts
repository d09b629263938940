import { assert, type Kernel } from "../kernel/index.js";

/** Code points from here on have lower-case forms by range: Deseret, Osage, Adlam and their like. */
const astralStart = 0x10000;
const lowerBytes = astralStart * 2;
const astralRangeBytes = 12;

const installed = new WeakMap<Kernel, number>();
let tables: Uint8Array | undefined;

/**
 * Gives a kernel the tables by which it cuts and folds text that is not ASCII, once; they take `unicodeTablesBytes`
 * of its memory (184,704 bytes).
 */
export function installUnicodeTables(kernel: Kernel): void {
  if (installed.has(kernel)) return;
  const { exports } = kernel;
  const bytes = exports.textTablesBytes();
  const at = kernel.alloc(bytes);
  tables ??= createTables(bytes, exports.textPointsMapped());
  kernel.u8.set(tables, at);
  exports.textTablesSet(at);
  installed.set(kernel, at);
}

export function unicodeTablesBytes(kernel: Kernel): number {
  return kernel.exports.textTablesBytes() + 16;
}

/**
 * Layout (kernels/text.ts): a bitmap of letters, digits and marks; a bitmap of characters that are tokens of their
 * own; lower-case units of the BMP; ranges (first, last, delta) of the lower-case forms beyond it.
 */
function createTables(bytes: number, pointsMapped: number): Uint8Array {
  const image = new Uint8Array(bytes);
  const view = new DataView(image.buffer);
  const bitmapBytes = pointsMapped / 8;
  const points = allPoints(pointsMapped);
  markRuns(image.subarray(0, bitmapBytes), points, /[\p{L}\p{N}\p{M}]+/gu);
  const alone = image.subarray(bitmapBytes, 2 * bitmapBytes);
  markRuns(alone, points, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu);
  const lowerAt = 2 * bitmapBytes;
  for (let point = 0; point < astralStart; point++) view.setUint16(lowerAt + point * 2, point, true);
  const ranges: { first: number; last: number; delta: number }[] = [];
  for (const [upper] of points.matchAll(/\p{Changes_When_Lowercased}/gu)) {
    const point = upper.codePointAt(0)!;
    // Simple mapping: where the full one has several code points (dotted capital I), its first.
    const lower = upper.toLowerCase().codePointAt(0)!;
    if (point < astralStart) view.setUint16(lowerAt + point * 2, lower, true);
    else addToRanges(ranges, point, lower - point);
  }
  const rangesAt = lowerAt + lowerBytes;
  assert(rangesAt + ranges.length * astralRangeBytes <= bytes, "ranges of lower-case forms fit their table");
  ranges.forEach(({ first, last, delta }, i) => {
    view.setUint32(rangesAt + i * astralRangeBytes, first, true);
    view.setUint32(rangesAt + i * astralRangeBytes + 4, last, true);
    view.setInt32(rangesAt + i * astralRangeBytes + 8, delta, true);
  });
  return image;
}

/** All code points in order; surrogates, which no text holds, are spaces. */
function allPoints(count: number): string {
  const units = new Uint16Array(astralStart + (count - astralStart) * 2);
  for (let point = 0; point < astralStart; point++)
    units[point] = point >= 0xd800 && point < 0xe000 ? 32 : point;
  for (let point = astralStart; point < count; point++) {
    const at = astralStart + (point - astralStart) * 2;
    units[at] = 0xd7c0 + (point >> 10);
    units[at + 1] = 0xdc00 + (point & 0x3ff);
  }
  return new TextDecoder("utf-16le").decode(units);
}

function markRuns(bitmap: Uint8Array, points: string, runs: RegExp): void {
  for (const run of points.matchAll(runs)) {
    const end = pointAt(run.index + run[0].length);
    for (let point = pointAt(run.index); point < end; point++) bitmap[point >> 3]! |= 1 << (point & 7);
  }
}

function pointAt(unit: number): number {
  return unit <= astralStart ? unit : astralStart + (unit - astralStart) / 2;
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
