// Naive twins of the kernels: tuples as plain objects, in the order that the kernels must give.
import fc from "fast-check";
import { Kernel } from "../../src/kernel/index.js";
import { type BlockStream, streamOfBlocks, TupleBuffer } from "../../src/postings/index.js";

export interface Tuple {
  index: number;
  term: bigint;
  id: number;
  payload: number;
}

export function makeKernel(mebibytes = 4): Kernel {
  return new Kernel({ memoryBytes: mebibytes * 2 ** 20 });
}

const maxTerm = 2n ** 64n - 1n;
const maxId = 2 ** 40 - 1;

/** Few distinct values beside the extremes, so that equal tuples and long lists occur. */
export const anyTuple: fc.Arbitrary<Tuple> = fc.record({
  index: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(0, 255, 256, 0xfffe)),
  term: fc.oneof(
    fc.bigInt({ min: 0n, max: 3n }),
    fc.constantFrom(0n, maxTerm, 2n ** 63n, 0xffffn, 0x10000n),
    fc.bigInt({ min: 0n, max: maxTerm }),
  ),
  id: fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom(0, maxId, 2 ** 32),
    fc.integer({ min: 0, max: maxId }),
  ),
  payload: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 })),
});

export function compareTuples(a: Tuple, b: Tuple): number {
  if (a.index !== b.index) return a.index - b.index;
  if (a.term !== b.term) return a.term < b.term ? -1 : 1;
  return a.id - b.id || a.payload - b.payload;
}

/** Sorted, and equal (index, term, id) made one. */
export function uniteTwin(tuples: Tuple[]): Tuple[] {
  const united: Tuple[] = [];
  for (const tuple of tuples.toSorted(compareTuples)) {
    const last = united.at(-1);
    if (last && last.index === tuple.index && last.term === tuple.term && last.id === tuple.id) {
      const low = Math.min(15, (last.payload & 15) + (tuple.payload & 15));
      last.payload = Math.max(last.payload & 0xf0, tuple.payload & 0xf0) | low;
    } else {
      united.push({ ...tuple });
    }
  }
  return united;
}

export function appendAll(kernel: Kernel, buffer: TupleBuffer, tuples: Tuple[]): void {
  for (const { index, term, id, payload } of tuples) {
    kernel.exports.tupleAppend(buffer.ptr, index, term, BigInt(id), payload);
  }
}

/** Sorts tuples through a kernel and gives their blocks. */
export function blocksOf(kernel: Kernel, tuples: Tuple[]): Uint8Array[] {
  const mark = kernel.mark();
  const buffer = new TupleBuffer(kernel, Math.max(1, tuples.length));
  appendAll(kernel, buffer, tuples);
  buffer.sort();
  const blocks: Uint8Array[] = [];
  buffer.encode((block) => blocks.push(block.slice()));
  kernel.release(mark);
  return blocks;
}

/** Decodes a block by the rules of its format, byte by byte. */
export function decodeTwin(block: Uint8Array): Tuple[] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const tuples: Tuple[] = [];
  let at = 24;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = block[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  let index = 0;
  let term = 0n;
  while (at < block.length) {
    const isFirst = at === 24;
    const delta = Number(varint());
    const coded = varint();
    index += delta;
    term = delta !== 0 || isFirst ? coded : term + coded;
    const counted = Number(varint());
    let id = 0;
    for (let i = 0; i < counted >> 1; i++) {
      id += Number(varint());
      tuples.push({ index, term, id, payload: counted & 1 ? block[at++]! : 0 });
    }
  }
  if (view.getUint32(0, true) !== tuples.length || view.getUint32(4, true) !== block.length - 24) {
    throw new Error("the header differs from the body");
  }
  return tuples;
}

export function streamOf(kernel: Kernel, tuples: Tuple[]): BlockStream {
  return streamOfBlocks(blocksOf(kernel, tuples));
}
