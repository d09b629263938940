import fc from "fast-check";
import { compressSync, uncompressSync } from "lz4-napi";
import { describe, expect, test } from "vitest";
import { makeKernel } from "../postings/twin.js";

const kernel = makeKernel(8);
const { exports, u8 } = kernel;
const table = kernel.alloc(exports.LZ4_TABLE_BYTES.value);
/** Bytes on both sides of every output that must stay as they are. */
const fence = 32;

function boundBytes(bytes: number): number {
  return bytes + Math.ceil(bytes / 255) + 64;
}

/** Runs a kernel function on a copy of `input` with room for `outBytesMax` bytes between fences. */
function fenced(
  input: Uint8Array,
  outBytesMax: number,
  run: (source: number, out: number) => number,
): Uint8Array | null {
  const mark = kernel.mark();
  const source = kernel.alloc(input.length, 1);
  const out = kernel.alloc(outBytesMax + 2 * fence, 1) + fence;
  u8.set(input, source);
  u8.fill(0xa5, out - fence, out + outBytesMax + fence);
  const bytes = run(source, out);
  const before = u8.subarray(out - fence, out);
  const after = u8.subarray(out + outBytesMax, out + outBytesMax + fence);
  expect([...before, ...after].every((byte) => byte === 0xa5)).toBe(true);
  kernel.release(mark);
  return bytes < 0 ? null : u8.slice(out, out + bytes);
}

function compress(input: Uint8Array, outBytesMax = boundBytes(input.length)): Uint8Array {
  const output = fenced(input, outBytesMax, (source, out) =>
    exports.lz4Compress(source, input.length, out, outBytesMax, table),
  );
  return output ?? new Uint8Array(0);
}

function decompress(input: Uint8Array, rawBytes: number): Uint8Array | null {
  return fenced(input, rawBytes, (source, out) => exports.lz4Decompress(source, input.length, out, rawBytes));
}

/** lz4-napi puts the raw size in front of the block. */
function compressByReference(input: Uint8Array): Uint8Array {
  return Uint8Array.from(compressSync(Buffer.from(input)).subarray(4));
}

function decompressByReference(block: Uint8Array, rawBytes: number): Uint8Array {
  const sized = Buffer.alloc(4 + block.length);
  sized.writeUInt32LE(rawBytes);
  sized.set(block, 4);
  return Uint8Array.from(uncompressSync(sized));
}

function randomBytes(length: number, distinct: number): Uint8Array {
  let x = 88172645;
  return Uint8Array.from({ length }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % distinct;
  });
}

const text = new TextEncoder().encode(
  Array.from({ length: 3000 }, (_, i) =>
    JSON.stringify({ id: i, name: `city ${(i * 7919) % 500}`, tags: ["a", "b"] }),
  ).join("\n"),
);

const samples: Record<string, Uint8Array> = {
  empty: new Uint8Array(0),
  "one byte": Uint8Array.of(7),
  "twelve bytes": new Uint8Array(12),
  "thirteen equal bytes": new Uint8Array(13),
  zeros: new Uint8Array(100_000),
  "a period of three": Uint8Array.from({ length: 5000 }, (_, i) => i % 3),
  "a period of nine": Uint8Array.from({ length: 5000 }, (_, i) => i % 9),
  "a period of seventeen": Uint8Array.from({ length: 5000 }, (_, i) => i % 17),
  incompressible: randomBytes(70_000, 256),
  "matches beyond the window": Uint8Array.from([...randomBytes(70_000, 256), ...randomBytes(70_000, 256)]),
  "four letters": randomBytes(70_000, 4),
  JSON: text,
};

describe("LZ4 blocks", () => {
  for (const [name, input] of Object.entries(samples)) {
    test(`${name}: both ways, and with the reference implementation`, () => {
      const block = compress(input);
      expect(Buffer.compare(decompress(block, input.length)!, input)).toBe(0);
      if (input.length === 0) return;
      expect(Buffer.compare(decompressByReference(block, input.length), input)).toBe(0);
      expect(Buffer.compare(decompress(compressByReference(input), input.length)!, input)).toBe(0);
    });
  }

  test("compress about as well as the reference", () => {
    expect(compress(text).length).toBeLessThan(compressByReference(text).length * 1.15);
  });

  const repetitive = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 60 })), {
      maxLength: 20,
    })
    .map((parts) =>
      Uint8Array.from(
        parts.flatMap(([piece, times]) => Array.from({ length: times }, () => [...piece]).flat()),
      ),
    );

  test("any repetitive bytes come back, and too small an output is refused without a byte too many", () => {
    fc.assert(
      fc.property(repetitive, fc.nat(100), (input, missing) => {
        const block = compress(input);
        expect(Buffer.compare(decompress(block, input.length)!, input)).toBe(0);
        const room = Math.max(0, block.length - missing);
        const squeezed = compress(input, room);
        if (squeezed.length > 0) expect(Buffer.compare(decompress(squeezed, input.length)!, input)).toBe(0);
        if (room < block.length) expect(squeezed.length).toBe(0);
      }),
    );
  });

  test("corrupt input is refused or misread, but never leads out of bounds", () => {
    const block = compress(text.subarray(0, 20_000));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(block.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const damaged = block.slice();
          for (const [at, byte] of changes) damaged[at] = byte;
          decompress(damaged, 20_000);
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(300),
        (bytes, room) => void decompress(bytes, room),
      ),
    );
    expect(decompress(block.slice(0, -3), 20_000)).toBeNull();
    expect(decompress(block, 19_999)).toBeNull();
    expect(decompress(Uint8Array.of(0x04, 0, 0), 100)).toBeNull();
  });
});
