import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RunReader, RunWriter } from "../../src/postings/index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-runs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeBlocks(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => new Uint8Array(1 + ((i * 7919) % 16_336)).fill(i));
}

function writeRun(blocks: Uint8Array[]): string {
  const path = join(folder, "t-1.run");
  const writer = new RunWriter(path, { syncBytes: 100_000 });
  for (const block of blocks) writer.write(block);
  const bytes = writer.bytes;
  expect(writer.finish()).toBe(bytes);
  return path;
}

function readRun(path: string, options = {}): Uint8Array[] {
  const reader = new RunReader(path, options);
  const into = new Uint8Array(16 * 1024);
  const blocks: Uint8Array[] = [];
  try {
    for (let bytes = reader.next(into); bytes > 0; bytes = reader.next(into))
      blocks.push(into.slice(0, bytes));
  } finally {
    reader.close();
  }
  return blocks;
}

/** Compared as bytes: a deep comparison of so many numbers takes seconds. */
function expectSame(found: Uint8Array[], expected: Uint8Array[]): void {
  expect(found.length).toBe(expected.length);
  expect(found.every((block, i) => Buffer.compare(block, expected[i]!) === 0)).toBe(true);
}

describe("run files", () => {
  test.each([0, 1, 100])("give back %i blocks", (count) => {
    const blocks = makeBlocks(count);
    const path = writeRun(blocks);
    expectSame(readRun(path), blocks);
  });

  test("are read from any frame on", () => {
    const blocks = makeBlocks(60);
    const path = writeRun(blocks);
    let startOffset = 0;
    for (let at = 0; at <= blocks.length; at++) {
      if (at % 10 === 0) expectSame(readRun(path, { startOffset }), blocks.slice(at));
      startOffset += 8 + (blocks[at]?.length ?? 0);
    }
  });

  test("tell any flipped bit with the file and a mend", () => {
    const path = writeRun(makeBlocks(8));
    const bytes = readFileSync(path);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(path, damaged);
        expect(() => readRun(path)).toThrow(expect.objectContaining({ code: "RUN_DAMAGED" }));
      }),
    );
    expect(() => readRun(path)).toThrow(/t-1\.run is damaged at byte \d+ .*--fresh/);
  });

  test("tell a cut end, unless it is cut between frames", () => {
    const blocks = makeBlocks(5);
    const path = writeRun(blocks);
    const frameBytes = blocks.at(-1)!.length + 8;
    const { length } = readFileSync(path);
    truncateSync(path, length - 1);
    expect(() => readRun(path)).toThrow(/ends inside a block/);
    truncateSync(path, length - frameBytes + 3);
    expect(() => readRun(path)).toThrow(/ends inside a frame's head/);
    truncateSync(path, length - frameBytes);
    expectSame(readRun(path), blocks.slice(0, -1));
  });
});
