import fc from "fast-check";
import { expect, test } from "vitest";
import {
  emptyNativeHeader,
  nativeHeaderBytes,
  putNativeHeader,
  readNativeHeader,
} from "../../../src/snapshots/index.js";
import { hex } from "../../support/snapshots.js";

const place = { database: "main", key: hex("6b") };
const read = (value: Uint8Array) => readNativeHeader(value, emptyNativeHeader(), place);

const byHand = hex(
  "16 c6 55 10 d5 77 93 4e", // time: 1641092645012345678 ns, from the highest byte
  "00 00 00 00 00 00 01 2c", // transaction 300
  "00", // version
  "01", // flags: deleted
  "00 00 00 00", // kept free
  "00 02", // two extension blocks
  "aa aa aa aa aa aa aa aa bb bb bb bb bb bb bb bb",
  "76", // the application's value: "v"
);

test("a header is read wherever its value begins", () => {
  expect(read(byHand)).toEqual({
    timestampNano: 1641092645012345678n,
    txnId: 300n,
    flags: 1,
    isDeleted: true,
    headerBytes: 40,
  });
});

test.each([
  ["23 bytes are too short for one", byHand.subarray(0, 23)],
  ["version 1", hex("00".repeat(16), "01", "00".repeat(7))],
  ["2 extension blocks are not there", byHand.subarray(0, 39)],
])("%s: no header", (reason, value) => {
  expect(() => read(value)).toThrow(
    expect.objectContaining({
      code: "SNAPSHOT_HEADER_INVALID",
      details: { database: "main", key: '"k"', reason },
    }),
  );
});

test("what is written is read again, over whatever was in the buffer", () => {
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(
      uint64,
      uint64,
      fc.boolean(),
      fc.integer({ min: 0, max: 300 }),
      (timestampNano, txnId, isDeleted, blocks) => {
        const target = new Uint8Array(nativeHeaderBytes + 8 * blocks + 5).fill(0xdd);
        const headerBytes = putNativeHeader(target, { timestampNano, txnId, isDeleted }, blocks);
        expect(headerBytes).toBe(target.length - 5);
        expect(target[headerBytes]).toBe(0xdd);
        expect(read(target)).toEqual({
          timestampNano,
          txnId,
          flags: isDeleted ? 1 : 0,
          isDeleted,
          headerBytes,
        });
      },
    ),
  );
});
