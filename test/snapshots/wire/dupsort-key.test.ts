import fc from "fast-check";
import { expect, test } from "vitest";
import { checkTransform, DupSortEncoder, decodeDupSortKey } from "../../../src/snapshots/index.js";
import { hex } from "../../support/snapshots.js";

const encode = (key: Uint8Array, value: Uint8Array) => new DupSortEncoder("main").encode(key, value);
const text = (value: string) => Buffer.from(value, "latin1");

test("a key takes its value in, as far as there is room", () => {
  expect(Buffer.from(encode(text("key"), text("foo1"))).toString("latin1")).toBe("key\0\0\0\0foo1\x03");
  expect(Buffer.from(encode(text("key"), text("A".repeat(1000)))).toString("latin1")).toBe(
    `key\0\0\0\0${"A".repeat(503)}\x03`,
  );
  expect(Buffer.from(encode(text("key"), text(""))).toString("latin1")).toBe("key\0\0\0\0\x03");
});

test("keys come out of it as they went in, 511 bytes at most", () => {
  const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
  fc.assert(
    fc.property(bytes(1, 255), bytes(0, 600), (key, value) => {
      const encoded = encode(key, value);
      expect(encoded.length).toBe(Math.min(511, key.length + value.length + 5));
      expect(decodeDupSortKey(encoded, "main")).toEqual(Uint8Array.from(key));
    }),
  );
});

test.each([
  ["it is empty", "", ""],
  ["it has more than 255 bytes", "6b".repeat(256), ""],
])("%s: no key to transform", (reason, key, value) => {
  expect(() => encode(hex(key), hex(value))).toThrow(
    expect.objectContaining({ code: "SNAPSHOT_DUPSORT_KEY", details: expect.objectContaining({ reason }) }),
  );
});

test("values that become one key, or change places, are told", () => {
  const twice = new DupSortEncoder("main");
  twice.encode(text("key"), text(`${"A".repeat(503)}1`));
  expect(() => twice.encode(text("key"), text(`${"A".repeat(503)}2`))).toThrow("two values become one key");
  const turned = new DupSortEncoder("main");
  turned.encode(text("a"), text("\x01"));
  expect(() => turned.encode(text("a\0"), text(""))).toThrow("its values change their order");
  const fine = new DupSortEncoder("main");
  for (const value of ["a", "b", "c"]) expect(fine.encode(text("key"), text(value))).toHaveLength(9);
});

test.each([
  ["it is too short", "0000000001"],
  ["it says that 9 bytes of it are the key", "6b0000000009"],
  ["it says that 0 bytes of it are the key", "000000000000"],
  ["it has no separator", "6b0000010001"],
])("%s: no transformed key", (reason, key) => {
  expect(() => decodeDupSortKey(hex(key), "main")).toThrow(
    expect.objectContaining({ code: "SNAPSHOT_DUPSORT_KEY", details: expect.objectContaining({ reason }) }),
  );
});

test.each([
  ["shadow", 3, 4n, "dupsort_hack_v1", ""],
  ["shadow", 3, 0n, "", ""],
  ["shadow", 2, 0n, "dupsort_hack_v1", ""],
  ["shadow", 3, 4n, "", "it has DUPSORT and no transform"],
  ["shadow", 3, 0n, "dupsort_hack_v1", "it has a transform and no DUPSORT"],
  ["shadow", 3, 0n, "other", "its transform is other"],
  ["native", 3, 4n, "dupsort_hack_v1", "the native schema has no transforms"],
] as const)(
  "%s, version %d, flags %d, transform %j: %j",
  (schema, formatVersion, flags, transform, reason) => {
    const check = () =>
      checkTransform({ name: "main", flags, transform }, { name: "one", formatVersion }, schema);
    if (reason === "") check();
    else
      expect(check).toThrow(
        expect.objectContaining({
          code: "SNAPSHOT_TRANSFORM",
          details: { name: "one", database: "main", reason },
        }),
      );
  },
);
