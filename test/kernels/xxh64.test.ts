import { expect, test } from "vitest";
import { makeKernel } from "../postings/twin.js";

const kernel = makeKernel(2);

function hash(bytes: Uint8Array, seed: bigint): bigint {
  const at = kernel.alloc(bytes.length + 16);
  kernel.u8.set(bytes, at);
  return BigInt.asUintN(64, kernel.exports.xxh64(at, bytes.length, seed));
}

/** The input of the reference implementation's sanity checks. */
function sanityBuffer(length: number): Uint8Array {
  let generator = 2654435761n;
  return Uint8Array.from({ length }, () => {
    const byte = Number(generator >> 56n);
    generator = BigInt.asUintN(64, generator * 11400714785074694797n);
    return byte;
  });
}

const prime32 = 2654435761n;

test.each([
  [0, 0n, 0xef46db3751d8e999n],
  [0, prime32, 0xac75fda2929b17efn],
  [1, 0n, 0xe934a84adb052768n],
  [1, prime32, 0x5014607643a9b4c3n],
  [4, 0n, 0x9136a0dca57457een],
  [14, 0n, 0x8282dcc4994e35c8n],
  [14, prime32, 0xc3bd6bf63deb6df0n],
  [222, 0n, 0xb641ae8cb691c174n],
  [222, prime32, 0x20cb8ab7ae10c14an],
])("hashes %i bytes with seed %i as the reference does", (length, seed, expected) => {
  expect(hash(sanityBuffer(length), seed)).toBe(expected);
});

test("hashes text as the reference does, and writes the hash to memory", () => {
  const bytes = new TextEncoder().encode("Nobody inspects the spammish repetition");
  expect(hash(bytes, 0n)).toBe(0xfbcea83c8a378bf1n);
  const at = kernel.alloc(64);
  kernel.u8.set(bytes, at);
  kernel.exports.xxh64To(at, bytes.length, 0, at + 48);
  expect(kernel.view.getBigUint64(at + 48, true)).toBe(0xfbcea83c8a378bf1n);
});
