import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeRecordBlock,
  OpenRecordBlock,
  recordBlockKernelBytes,
  recordCodecLz4,
  recordCodecRaw,
} from "../../src/postings/index.js";
import { makeKernel } from "./twin.js";

const kernel = makeKernel(4);

/** Writes a block by the rules of its format. */
function encodeTwin(records: { idOffset: number; text: string }[], entity: number, codec: number): Buffer {
  const directory = Buffer.alloc(records.length * 8);
  const texts = records.map(({ text }) => Buffer.from(text));
  for (const [i, { idOffset }] of records.entries()) {
    directory.writeUInt32LE(idOffset, i * 8);
    directory.writeUInt32LE(texts[i]!.length, i * 8 + 4);
  }
  const raw = Buffer.concat([directory, ...texts]);
  const payload = codec === recordCodecRaw ? raw : compress(raw);
  const header = Buffer.alloc(12);
  header.set([codec, entity]);
  header.writeUInt16LE(records.length, 2);
  header.writeUInt32LE(raw.length, 4);
  header.writeUInt32LE(crc32(payload), 8);
  return Buffer.concat([header, payload]);
}

function compress(raw: Uint8Array): Buffer {
  const mark = kernel.mark();
  const room = raw.length + 1024;
  const [source, out, table] = [
    kernel.alloc(raw.length),
    kernel.alloc(room),
    kernel.alloc(kernel.exports.LZ4_TABLE_BYTES.value),
  ];
  kernel.u8.set(raw, source);
  const bytes = kernel.exports.lz4Compress(source, raw.length, out, room, table);
  kernel.release(mark);
  return Buffer.from(kernel.u8.slice(out, out + bytes));
}

const records = Array.from({ length: 500 }, (_, i) => ({
  idOffset: i * 2,
  text: JSON.stringify({ id: i, name: `é${i}` }),
}));

describe("decodeRecordBlock", () => {
  test.each([recordCodecRaw, recordCodecLz4])("gives the records back (codec %i)", (codec) => {
    const free = kernel.freeBytes;
    const encoded = encodeTwin(records, 3, codec);
    const block = decodeRecordBlock(kernel, encoded, 2 ** 39);
    expect([block.entity, block.count, block.firstId]).toEqual([3, 500, 2 ** 39]);
    for (const [i, { idOffset, text }] of records.entries()) {
      expect(block.idAt(i)).toBe(2 ** 39 + idOffset);
      expect(Buffer.from(block.bytesAt(i)).toString()).toBe(text);
    }
    expect(kernel.freeBytes).toBe(free);
    expect(recordBlockKernelBytes(encoded)).toBeLessThan(encoded.length + 40_000);
  });

  test("refuses every flipped byte behind the codec and entity, and a cut end", () => {
    const encoded = encodeTwin(records.slice(0, 20), 0, recordCodecLz4);
    for (let at = 2; at < encoded.length; at++) {
      const damaged = Buffer.from(encoded);
      damaged[at]! ^= 0x10;
      expect(() => decodeRecordBlock(kernel, damaged, 0)).toThrow(
        expect.objectContaining({ code: "BLOCK_DAMAGED" }),
      );
    }
    expect(() => decodeRecordBlock(kernel, encoded.subarray(0, 8), 0)).toThrow(/too short/);
    expect(() => decodeRecordBlock(kernel, encoded.subarray(0, -1), 0)).toThrow(/checksum/);
  });
});

describe("OpenRecordBlock", () => {
  const text = fc.oneof(fc.string({ maxLength: 40 }), fc.integer({ min: 0, max: 2000 }).map(repeated));
  const stored = fc.record({
    texts: fc.array(text, { minLength: 1, maxLength: 60 }),
    gap: fc.integer({ min: 1, max: 3 }),
    codec: fc.constantFrom(recordCodecRaw, recordCodecLz4),
    asked: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
  });

  test("gives the records of block after block, in any order they are asked for", () => {
    const open = new OpenRecordBlock(makeKernel(4));
    fc.assert(
      fc.property(fc.array(stored, { minLength: 1, maxLength: 4 }), (blocks) => {
        for (const [at, { texts, gap, codec, asked }] of blocks.entries()) {
          const records = texts.map((text, i) => ({ idOffset: i * gap, text }));
          const encoded = encodeTwin(records, at, codec);
          if (!OpenRecordBlock.holds(encoded)) continue;
          const block = open.open(1000 * at, encoded);
          expect([block.entity, block.count, block.firstId]).toEqual([at, texts.length, 1000 * at]);
          for (const i of asked.map((number) => number % texts.length)) {
            expect(block.idAt(i)).toBe(1000 * at + i * gap);
            expect(Buffer.from(block.bytesAt(i)).toString()).toBe(texts[i]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("refuses every flipped byte behind the codec and entity", () => {
    const open = new OpenRecordBlock(makeKernel(4));
    const encoded = encodeTwin(records.slice(0, 20), 0, recordCodecLz4);
    for (let at = 2; at < encoded.length; at++) {
      const damaged = Buffer.from(encoded);
      damaged[at]! ^= 0x10;
      if (!OpenRecordBlock.holds(damaged)) continue;
      expect(() => open.open(0, damaged)).toThrow(expect.objectContaining({ code: "BLOCK_DAMAGED" }));
    }
    expect(OpenRecordBlock.holds(encoded.subarray(0, 8))).toBe(false);
    expect(
      OpenRecordBlock.holds(encodeTwin([{ idOffset: 0, text: repeated(70_000) }], 0, recordCodecLz4)),
    ).toBe(false);
  });
});

/** So many characters that repeat themselves now and then. */
function repeated(length: number): string {
  return Array.from({ length }, (_, at) => String.fromCharCode(97 + ((at * at) % 23))).join("");
}
