import { expect, test } from "vitest";
import { compileKernels, Kernel, keyBytesMax, tupleBlockBytesMax } from "../../src/kernel/index.js";

test("a kernel's memory is exactly what was asked for, in whole pages, and never grows", () => {
  const kernel = new Kernel({ memoryBytes: 1_000_000, module: compileKernels() });
  expect(kernel.memoryBytes).toBe(16 * 65_536);
  expect(kernel.u8.length).toBe(kernel.memoryBytes);
  expect(compileKernels()).toBe(compileKernels());
});

test("regions are aligned, apart from each other, and given back in reverse order", () => {
  const kernel = new Kernel({ memoryBytes: 1_000_000 });
  const first = kernel.alloc(10);
  const mark = kernel.mark();
  const free = kernel.freeBytes;
  const second = kernel.alloc(100, 4096);
  expect(first).toBeGreaterThanOrEqual(kernel.exports.heapBase());
  expect([first % 16, second % 4096]).toEqual([0, 0]);
  expect(second).toBeGreaterThanOrEqual(first + 10);
  kernel.release(mark);
  expect(kernel.freeBytes).toBe(free);
  expect(() => kernel.release(mark + 1)).toThrow(/reverse order/);
  expect(() => kernel.alloc(free + 1)).toThrow(/has room for/);
  kernel.alloc(kernel.freeBytes, 1);
  expect(kernel.freeBytes).toBe(0);
});

test("the bounds that kernels and host share are the same", () => {
  const { exports } = new Kernel({ memoryBytes: 1_000_000 });
  expect(exports.BLOCK_BYTES_MAX.value).toBe(tupleBlockBytesMax);
  expect(exports.KEY_BYTES_MAX.value).toBe(keyBytesMax);
});
