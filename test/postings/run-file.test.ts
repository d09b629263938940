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

const bufferBytesMin = 16 * 1024 + 8;

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
  const reader = new RunReader(path, { bufferBytes: bufferBytesMin, ...options });
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
    expectSame(readRun(path, { bufferBytes: 1 << 20 }), blocks);
  });

  test("are read from and to any frame, and skipped through without their bodies", () => {
    const blocks = makeBlocks(60);
    const path = writeRun(blocks);
    const reader = new RunReader(path, { bufferBytes: bufferBytesMin });
    const offsets: number[] = [];
    const head = new Uint8Array(1);
    for (let i = 0; ; i++) {
      offsets.push(reader.frameOffset);
      const bytes = reader.skip(head);
      if (bytes === 0) break;
      expect([bytes, head[0]]).toEqual([blocks[i]!.length, blocks[i]![0]]);
    }
    reader.close();
    expect(offsets.length).toBe(61);
    expectSame(readRun(path, { startOffset: offsets[10], endOffset: offsets[20] }), blocks.slice(10, 20));
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
    expect(() => readRun(path, { endOffset: length })).toThrow(
      expect.objectContaining({ code: "RUN_DAMAGED" }),
    );
  });
});
