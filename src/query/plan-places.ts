import { areaSpansMax } from "../kernel/index.js";
import { cellOf } from "../model/index.js";
import type { Area, Box } from "./area.js";
import type { Span } from "./term-walk.js";

/** A part of the map, of which there are 4 ** depth of one size, each with one stretch of terms. */
interface Part {
  x: number;
  y: number;
  prefix: bigint;
}

interface CellBox {
  west: number;
  south: number;
  east: number;
  north: number;
}

const depthMax = 32;

/**
 * Stretches of terms that hold all places of an area. The map is quartered again and again: parts that lie in
 * the boxes are taken, parts that lie outside dropped, and the others quartered until they would be too many.
 */
export function areaSpans({ boxes }: Area, index: number): Span[] {
  const cells = boxes.map(cellBox);
  const spans: Span[] = [];
  let parts: Part[] = [{ x: 0, y: 0, prefix: 0n }];
  for (let depth = 0; parts.length > 0; depth++) {
    const isLast = depth === depthMax || spans.length + parts.length * 2 > areaSpansMax;
    const width = 2 ** (depthMax - depth);
    const quartered: Part[] = [];
    for (const part of parts) {
      const met = cells.filter((box) => meets(box, part, width));
      if (met.length === 0) continue;
      if (isLast || met.some((box) => covers(box, part, width))) spans.push(spanOf(part, depth, index));
      else quartered.push(...quarters(part, width / 2));
    }
    parts = quartered;
  }
  return joined(spans);
}

function cellBox({ west, south, east, north }: Box): CellBox {
  return {
    west: cellOf(west, 180),
    east: cellOf(east, 180),
    south: cellOf(south, 90),
    north: cellOf(north, 90),
  };
}

function meets(box: CellBox, { x, y }: Part, width: number): boolean {
  return x <= box.east && x + width > box.west && y <= box.north && y + width > box.south;
}

function covers(box: CellBox, { x, y }: Part, width: number): boolean {
  return x >= box.west && x + width - 1 <= box.east && y >= box.south && y + width - 1 <= box.north;
}

function quarters({ x, y, prefix }: Part, width: number): Part[] {
  return [0, 1, 2, 3].map((quarter) => ({
    x: x + (quarter >> 1) * width,
    y: y + (quarter & 1) * width,
    prefix: prefix * 4n + BigInt(quarter),
  }));
}

function spanOf({ prefix }: Part, depth: number, index: number): Span {
  const bits = BigInt(2 * (depthMax - depth));
  const low = prefix << bits;
  return { index, low, high: low + (1n << bits) - 1n };
}

/** Stretches in order, those that touch made one. */
function joined(spans: Span[]): Span[] {
  const found: Span[] = [];
  for (const span of spans.toSorted((left, right) => (left.low < right.low ? -1 : 1))) {
    const last = found.at(-1);
    if (last !== undefined && span.low === last.high + 1n) last.high = span.high;
    else found.push({ ...span });
  }
  return found;
}
