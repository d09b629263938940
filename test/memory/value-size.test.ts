import { expect, test } from "vitest";
import { collectGarbage } from "../../src/kernel/index.js";
import { ValueMeter, valueBytesOf } from "../../src/memory/value-size.js";

const hex = (seed: number, length: number) => seed.toString(16).padStart(length, "a");

class Point {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly inner: { deep: number[] };

  constructor(number: number) {
    this.x = number;
    this.y = number * 0.5;
    this.label = `point ${number}`;
    this.inner = { deep: [number, number + 1] };
  }
}

/** Records as importers meet them, and how many are held at once to see them in the heap. */
const realistic: Record<string, [count: number, make: (number: number) => unknown]> = {
  "parsed event": [
    4000,
    (number) =>
      JSON.parse(
        JSON.stringify({
          id: hex(number, 64),
          created_at: 1_700_000_000 + number,
          tags: [
            ["e", hex(number, 64), "wss://relay.example"],
            ["p", hex(number + 1, 64)],
          ],
          content: "lorem ipsum dolor ".repeat(10 + (number % 20)),
          sig: hex(number, 128),
        }),
      ),
  ],
  "row with a date": [
    20_000,
    (number) => ({ id: number, name: `name ${number}`, price: number * 1.01, when: new Date(number) }),
  ],
  "wide row, built by name": [
    1000,
    (number) =>
      Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`column${at}`, `value ${number} ${at}`])),
  ],
  "class instance": [20_000, (number) => new Point(number)],
  "cells of a line": [
    20_000,
    (number) => `${number},alpha beta gamma,${number * 3},a longer text`.split(","),
  ],
  "text beyond Latin-1": [5000, (number) => Buffer.from(`文字列 ${number} `.repeat(60)).toString()],
  "map of objects": [500, (number) => new Map(entries(number).map((key) => [key, { key, number }]))],
  "set of strings": [1000, (number) => new Set(entries(number))],
  "buffer of its own": [2000, (number) => Buffer.alloc(5000, number)],
  "small buffers of the pool": [20_000, (number) => Buffer.from(`hello world ${number}`)],
  "views of one buffer": [1000, () => viewsOf(new ArrayBuffer(4096))],
  fractions: [2000, () => Array.from({ length: 200 }, (_, at) => at + 0.5)],
  "big integers": [20_000, (number) => ({ wei: 12_345_678_901_234_567_890n * BigInt(number + 1) })],
  "sparse array": [5000, (number) => sparse(number)],
};

function entries(number: number): string[] {
  return Array.from({ length: 40 }, (_, at) => `key ${at} of ${number}`);
}

function viewsOf(buffer: ArrayBuffer): ArrayBufferView[] {
  return [new Uint8Array(buffer, 0, 100), new Float64Array(buffer), new DataView(buffer)];
}

function sparse(number: number): unknown[] {
  const array: unknown[] = [];
  array[5000] = number;
  array[100_000] = `text ${number}`;
  return array;
}

function usedBytes(): number {
  // Twice: what the first one finds of buffers is given back after it.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test.for(Object.entries(realistic))("%s is measured as the heap grows by it", ([, [count, make]]) => {
  for (let number = 0; number < 100; number++) make(number);
  const list = new Array<unknown>(count).fill(null);
  const before = usedBytes();
  for (let number = 0; number < count; number++) list[number] = make(number);
  const grown = usedBytes() - before;
  const meter = new ValueMeter();
  const measured = list.reduce<number>((sum, value) => sum + meter.bytesOf(value), 0);
  expect(measured / grown).toBeGreaterThan(0.7);
  expect(measured / grown).toBeLessThan(1.5);
});

test("a large value is sampled, and the estimate errs upwards and not far", () => {
  const shapes = [
    (at: number) => ({ id: at, name: `name ${at}` }),
    // Sizes that rise along the array: a sample of its beginning would be far too low.
    (at: number) => ({ text: "x".repeat(at % 7), list: new Array(Math.floor(at / 20_000)).fill({ at }) }),
    (at: number) => [[at, `${at}`], { nested: { deeper: [at] } }],
  ];
  for (const shape of shapes) {
    const parts = Array.from({ length: 300_000 }, (_, at) => shape(at));
    const exact = parts.reduce((sum, part) => sum + valueBytesOf(part) + 8, 0);
    const estimated = valueBytesOf(parts);
    expect(estimated / exact).toBeGreaterThan(0.97);
    expect(estimated / exact).toBeLessThan(1.2);
    expect(valueBytesOf({ rows: { all: parts } }) / exact).toBeGreaterThan(0.97);
    expect(valueBytesOf(new Set(parts)) / exact).toBeGreaterThan(0.97);
  }
});

test("strings and numbers in a large array are counted, all of them", () => {
  const texts = new Array(500_000).fill("short");
  texts[123_456] = "x".repeat(10_000_000);
  expect(valueBytesOf(texts)).toBeGreaterThan(10_000_000 + 500_000 * 8);
});

test("shared parts and circles count once in a value, buffers once in a meter", () => {
  const shared = { text: "x".repeat(10_000) };
  expect(valueBytesOf([shared, shared, shared])).toBeLessThan(11_000);
  const circle: Record<string, unknown> = { text: "x".repeat(1000) };
  circle.self = circle;
  expect(valueBytesOf(circle)).toBeLessThan(1200);
  const chunk = Buffer.alloc(64 * 1024);
  const meter = new ValueMeter();
  const lines = Array.from({ length: 64 }, (_, at) => chunk.subarray(at * 1024, at * 1024 + 1024));
  const measured = lines.reduce((sum, line) => sum + meter.bytesOf(line), 0);
  expect(measured).toBeGreaterThan(64 * 1024);
  expect(measured).toBeLessThan(64 * 1024 * 1.2);
  // One view alone keeps all of it alive.
  expect(valueBytesOf(lines[0])).toBeGreaterThan(64 * 1024);
});

test("values without parts", () => {
  for (const value of [null, undefined, true, 12, 0.5, Symbol("s"), () => 1, ""]) {
    expect(valueBytesOf(value)).toBeLessThan(100);
  }
  expect(valueBytesOf("x".repeat(1000))).toBe(1016);
  expect(valueBytesOf("€".repeat(1000))).toBe(2016);
  expect(valueBytesOf(Object.create(null, { hidden: { value: 1 } }))).toBeLessThan(100);
});
