import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  anyTuple,
  blocksOf,
  compareTuples,
  decodeTwin,
  makeKernel,
  type Tuple,
  uniteTwin,
} from "../postings/twin.js";

const kernel = makeKernel(8);

function decodeInKernel(block: Uint8Array, chunk: number): { tuples: Tuple[]; isDamaged: boolean } {
  const { exports, u8, view } = kernel;
  const mark = kernel.mark();
  const at = kernel.alloc(exports.BLOCK_BUFFER_BYTES.value);
  const cursor = kernel.alloc(exports.TUPLE_CURSOR_BYTES.value);
  const out = kernel.alloc(chunk * 16);
  u8.set(block, at);
  exports.tupleCursorOpen(cursor, at, block.length);
  const tuples: Tuple[] = [];
  for (
    let n = exports.tupleCursorDecode(cursor, out, chunk);
    n > 0;
    n = exports.tupleCursorDecode(cursor, out, chunk)
  ) {
    for (let i = 0; i < n; i++) {
      const w0 = view.getBigUint64(out + i * 16, true);
      const w1 = view.getBigUint64(out + i * 16 + 8, true);
      const term = BigInt.asUintN(64, w0 << 16n) | (w1 >> 48n);
      tuples.push({
        index: Number(w0 >> 48n),
        term,
        id: Number((w1 >> 8n) & 0xff_ffff_ffffn),
        payload: Number(w1 & 255n),
      });
    }
  }
  kernel.release(mark);
  return { tuples, isDamaged: exports.tupleCursorIsDamaged(cursor) === 1 };
}

describe("tuple blocks", () => {
  test("hold what was encoded, by the format's rules and by the kernel's decoder", () => {
    fc.assert(
      fc.property(
        fc.array(anyTuple, { maxLength: 400 }),
        fc.integer({ min: 1, max: 70 }),
        (tuples, chunk) => {
          const blocks = blocksOf(kernel, tuples);
          expect(blocks.flatMap(decodeTwin)).toEqual(uniteTwin(tuples));
          expect(blocks.flatMap((block) => decodeInKernel(block, chunk).tuples)).toEqual(uniteTwin(tuples));
        },
      ),
    );
  });

  test("never exceed their size, restart a long list in each block and begin with their first tuple", () => {
    const tuples: Tuple[] = [];
    for (let i = 0; i < 60_000; i++) {
      const isLong = i < 40_000;
      tuples.push({
        index: isLong ? 3 : 4,
        term: isLong ? 9n : BigInt(i) * 0x1234567890n,
        id: i * (i % 3 === 0 ? 1 : 1) + (i > 30_000 ? 2 ** 38 : 0),
        payload: i % 5 === 0 && i > 20_000 ? 0x31 : 0,
      });
    }
    const blocks = blocksOf(kernel, tuples);
    expect(blocks.length).toBeGreaterThan(6);
    for (const block of blocks) {
      expect(block.length).toBeLessThanOrEqual(kernel.exports.BLOCK_BYTES_MAX.value);
      const view = new DataView(block.buffer);
      const first = decodeTwin(block)[0]!;
      expect(view.getBigUint64(8, true)).toBe((BigInt(first.index) << 48n) | (first.term >> 16n));
      expect((view.getBigUint64(16, true) >> 8n) & 0xff_ffff_ffffn).toBe(BigInt(first.id));
    }
    for (const block of blocks.slice(0, -1)) expect(block.length).toBeGreaterThan(16_200);
    expect(blocks.flatMap(decodeTwin)).toEqual(tuples.toSorted(compareTuples));
    expect(blocks.flatMap((block) => decodeInKernel(block, 64).tuples)).toEqual(
      tuples.toSorted(compareTuples),
    );
  });

  test("damaged bytes never lead the decoder out of the block", () => {
    const tuple: Tuple = { index: 1, term: 5n, id: 1000, payload: 0 };
    const block = blocksOf(
      kernel,
      Array.from({ length: 500 }, (_, i) => ({ ...tuple, id: i * 300 })),
    )[0]!;
    fc.assert(
      fc.property(fc.nat(block.length - 1), fc.nat(255), (at, byte) => {
        const damaged = block.slice();
        damaged[at] = byte;
        expect(decodeInKernel(damaged, 64).tuples.length).toBeLessThanOrEqual(
          kernel.exports.BLOCK_TUPLES_MAX.value,
        );
      }),
    );
    expect(decodeInKernel(block.slice(0, -1), 64).isDamaged).toBe(true);
    expect(decodeInKernel(block, 64).isDamaged).toBe(false);
  });
});
