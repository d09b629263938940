import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openSnapshot, openStoredSnapshot } from "../../../src/snapshots/index.js";
import {
  type HeldDatabase,
  hex,
  inChunks,
  noMeta,
  noSignal,
  readAll,
  readMessage,
  writtenMessage,
} from "../../support/snapshots.js";

/*
 * Snapshots by hand, byte for byte, from the description of the format. A tag is the number of a field times eight plus
 * its kind on the wire: 0 a varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes.
 */

/** 2022-01-02T03:04:05.012345678Z in nanoseconds, 1641092645012345678, as eight bytes from the lowest. */
const stamp = 1641092645012345678n;
const stampHex = "4e 93 77 d5 10 55 c6 16";

const meta = {
  generationId: "GX",
  instanceId: "one",
  hostname: "host",
  databaseName: "main",
  lmdbTxnId: 300n,
  timestampNano: stamp,
  fromLmdbTxnId: 5n,
};

const metaHex = hex(
  "0a 02 47 58", // 1 generationID: 2 bytes, "GX"
  "12 03 6f 6e 65", // 2 instanceID: 3 bytes, "one"
  "1a 04 68 6f 73 74", // 3 hostname: 4 bytes, "host"
  "3a 04 6d 61 69 6e", // 7 databaseName: 4 bytes, "main"; before 4, as the original has it
  "20 ac 02", // 4 lmdbTxnID: 300 is 0x12c: the low seven bits 2c with a bit for more, then 2
  `29 ${stampHex}`, // 5 timestampNano: eight bytes
  "40 05", // 8 fromLmdbTxnID
);

const version3 = hex(
  "08 03", // 1 formatVersion: 3
  "20 01", // 4 compatVersion: 1
  "12 23", // 2 meta: 35 bytes
  metaHex,
  "1a 42", // 3 databases: 66 bytes
  "0a 01 61", //   1 name: "a"; flags and transform are 0 and empty, so not there
  "12 10", //   2 entries: 16 bytes
  "0a 01 6b", //     1 key: "k"
  "12 02 76 31", //     2 value: "v1"
  `19 ${stampHex}`, //     3 timestampNano
  "12 0e", //   2 entries: 14 bytes
  "0a 01 6c", //     1 key: "l", and no value
  "20 01", //     4 flags: deleted; before 3, as the original has it
  `19 ${stampHex}`, //     3 timestampNano
  "12 0c", //   2 entries: 12 bytes
  "0a 01 6d", //     1 key: "m": an empty value and no flag is an empty value
  "19 01 00 00 00 00 00 00 00", //     3 timestampNano: 1
  "12 06", //   2 entries: 6 bytes
  "0a 01 6e", //     1 key: "n"
  "12 01 78", //     2 value: "x"; time 0 is not there
  "12 05", //   2 entries: 5 bytes
  "0a 03 6f 6f 6f", //     1 key: "ooo": all else is nothing
  "1a 3d", // 3 databases: 61 bytes
  "0a 03 64 75 70", //   1 name: "dup"
  "18 04", //   3 flags: DUPSORT
  "22 0f 64 75 70 73 6f 72 74 5f 68 61 63 6b 5f 76 31", //   4 transform: 15 bytes, "dupsort_hack_v1"
  "12 23", //   2 entries: 35 bytes
  "0a 0f 6b 65 79 00 00 00 00 66 6f 6f 2d 62 61 72 03", //     1 key: "key", four zeros, "foo-bar", 3
  "12 07 66 6f 6f 2d 62 61 72", //     2 value: "foo-bar"
  "19 ff ff ff ff ff ff ff ff", //     3 timestampNano: the last there is
  "1a 07", // 3 databases: 7 bytes
  "0a 05 65 6d 70 74 79", //   1 name: "empty", no entries
);

const databases3: HeldDatabase[] = [
  {
    head: { name: "a", flags: 0n, transform: "" },
    entries: [
      { key: "6b", value: "7631", timestampNano: stamp, isDeleted: false },
      { key: "6c", value: "", timestampNano: stamp, isDeleted: true },
      { key: "6d", value: "", timestampNano: 1n, isDeleted: false },
      { key: "6e", value: "78", timestampNano: 0n, isDeleted: false },
      { key: "6f6f6f", value: "", timestampNano: 0n, isDeleted: false },
    ],
  },
  {
    head: { name: "dup", flags: 4n, transform: "dupsort_hack_v1" },
    entries: [
      {
        key: "6b657900000000666f6f2d62617203",
        value: "666f6f2d626172",
        timestampNano: 2n ** 64n - 1n,
        isDeleted: false,
      },
    ],
  },
  { head: { name: "empty", flags: 0n, transform: "" }, entries: [] },
];

test("version 3 is written byte for byte", async () => {
  expect((await writtenMessage(meta, databases3)).toString("hex")).toBe(
    Buffer.from(version3).toString("hex"),
  );
});

test.each([1, 2, 3, 7, 64, 10_000])("version 3 is read from chunks of %d bytes", async (chunkBytes) => {
  const expected = { formatVersion: 3, compatVersion: 1, meta, databases: databases3 };
  expect(await readMessage(version3, chunkBytes)).toEqual(expected);
});

test("a snapshot of nothing is two versions", async () => {
  const nothing = hex("08 03 20 01");
  expect(await writtenMessage(noMeta, [])).toEqual(nothing);
  expect(
    await writtenMessage(noMeta, [{ head: { name: "", flags: 0n, transform: "" }, entries: [] }]),
  ).toEqual(nothing);
  const read = { formatVersion: 3, compatVersion: 1, meta: noMeta, databases: [] };
  expect(await readMessage(nothing)).toEqual(read);
});

test("version 2 says by a flag what is deleted", async () => {
  const message = hex(
    "08 02", // 1 formatVersion: 2, and no compatVersion
    "1a 18", // 3 databases: 24 bytes
    "0a 01 61", //   1 name: "a"
    "12 0a", //   2 entries: 10 bytes
    "0a 01 6b", //     1 key: "k"
    "12 02 76 31", //     2 value: "v1", of which nothing is left
    "20 81 02", //     4 flags: 0x101, of which the lowest bit alone is meant for snapshots
    "12 05", //   2 entries: 5 bytes
    "0a 03 6c 6c 6c", //     1 key: "lll": there, with an empty value
    "18 00", //   3 flags: 0, said behind the entries, but nothing new
  );
  const { formatVersion, compatVersion, databases } = await readMessage(message);
  expect([formatVersion, compatVersion]).toEqual([2, 0]);
  expect(databases[0]!.entries).toEqual([
    { key: "6b", value: "", timestampNano: 0n, isDeleted: true },
    { key: "6c6c6c", value: "", timestampNano: 0n, isDeleted: false },
  ]);
});

/** A length below 16384. */
function varint(value: number): Uint8Array {
  return Uint8Array.from(value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
}

/** In the order of field numbers, as programs wrote before the format had a writer of its own. */
const version1 = hex(
  "08 01", // 1 formatVersion: 1
  "12 05", // 2 meta: 5 bytes
  "12 03 6f 6e 65", //   2 instanceID: "one"
  "1a 1d", // 3 databases: 29 bytes
  "0a 01 61", //   1 name: "a"
  "12 0c", //   2 entries: 12 bytes
  "0a 04 01 00 00 00", //     1 key: the integer 1
  "12 04 6f 6e 65 21", //     2 value: "one!"
  "12 06", //   2 entries: 6 bytes
  "0a 04 00 01 00 00", //     1 key: the integer 256, which is above 1; no value: deleted
  "18 08", //   3 flags: INTEGERKEY
  "22 00", //   4 transform: empty
);

test("version 1 has no flags, and heads behind their entries: a second look finds them", async () => {
  const read = () => inChunks(gzipSync(version1), 5);
  const reader = await openStoredSnapshot(read, { name: "test", signal: noSignal });
  expect(await readAll(reader)).toEqual({
    formatVersion: 1,
    compatVersion: 0,
    meta: { ...noMeta, instanceId: "one" },
    databases: [
      {
        head: { name: "a", flags: 8n, transform: "" },
        entries: [
          { key: "01000000", value: "6f6e6521", timestampNano: 0n, isDeleted: false },
          { key: "00010000", value: "", timestampNano: 0n, isDeleted: true },
        ],
      },
    ],
  });
});

test("read once, a head behind its entries is refused where it stands", async () => {
  const late = hex(
    "08 03 20 01 1a 0a", // versions; 3 databases: 10 bytes
    "0a 01 61", //   1 name: "a"
    "12 03 0a 01 6b", //   2 entries: key "k"
    "18 08", //   3 flags: INTEGERKEY, at byte 14
  );
  const opening = openSnapshot(inChunks(gzipSync(late), 100), { name: "test", signal: noSignal });
  await expect(opening.then(readAll)).rejects.toMatchObject({
    code: "SNAPSHOT_FIELD_LATE",
    details: { name: "test", field: "flags", offset: 14 },
  });
});

test("fields that are not known are passed over at every level, whatever their kind", async () => {
  const unknown = hex(
    "78 ff ff ff ff ff ff ff ff ff 01", // 15: a varint of ten bytes
    "79 01 02 03 04 05 06 07 08", // 15: eight bytes
    "7a 03 0a 01 00", // 15: three bytes, which look like a field
    "7d 01 02 03 04", // 15: four bytes
    "fa ff ff ff 0f 00", // 536870911, the highest number: no bytes
  );
  const entry = hex(unknown, "0a 01 6b", unknown, "12 01 76", unknown);
  const dbi = hex(unknown, "0a 01 61", unknown, "12", varint(entry.length), entry, unknown);
  const message = hex(
    "08 03",
    unknown,
    "20 01",
    "12",
    varint(unknown.length),
    unknown,
    "1a",
    varint(dbi.length),
    dbi,
    unknown,
  );
  const { meta: readMeta, databases } = await readMessage(message, 3);
  expect(readMeta).toEqual(noMeta);
  expect(databases).toEqual([
    {
      head: { name: "a", flags: 0n, transform: "" },
      entries: [{ key: "6b", value: "76", timestampNano: 0n, isDeleted: false }],
    },
  ]);
});

/** Made by the original's code for a snapshot, in Go, and compressed by Go. */
const original = Buffer.from(
  "H4sIAAAAAAAE/9yPv0rDUBSHz02OJhwH9YCSXBwubhkUszq5uekkuIVgLonE5IbcGO3WRyj0XfoChdK1Q9+nXGheot/6+wNf6CvB" +
    "CXmvn4yleUjlWbVe2eEZm/y7VXOHSt6Wf/urj83tiy8XHgWFcaGNQr4jFADAF/o/b7of/Wj6Mp7afE3oAYAS8fvxgHeCEAQAb93u" +
    "JJBPhLWe2QjvL4vfzpp+yKr8q87GlG8oqJ3kKFiM8aQszwlb0+pDAAAA//8C/lAkfAEAAA==",
  "base64",
);

test("what the original wrote is read, and written again it is the same", async () => {
  const reader = await openSnapshot(inChunks(original, 50), {
    name: "one",
    signal: noSignal,
    schema: "shadow",
  });
  const { databases, ...about } = await readAll(reader);
  expect(about).toEqual({
    formatVersion: 3,
    compatVersion: 1,
    meta: { ...meta, instanceId: "go-1", hostname: "höst", lmdbTxnId: 2n ** 40n, fromLmdbTxnId: 3n },
  });
  const entry = { timestampNano: 0n, isDeleted: false };
  expect(databases).toEqual([
    {
      head: { name: "domains", flags: 8n, transform: "" },
      entries: [
        {
          ...entry,
          key: "01000000",
          value: Buffer.from("example.org").toString("hex"),
          timestampNano: stamp,
        },
        { key: "02000000", value: "", timestampNano: stamp + 1n, isDeleted: true },
        { ...entry, key: "00010000", value: "00".repeat(200) },
      ],
    },
    {
      head: { name: "keys", flags: 4n, transform: "dupsort_hack_v1" },
      entries: [{ ...entry, key: "6b000000007601", value: "76", timestampNano: 1n }],
    },
    { head: { name: "none", flags: 0n, transform: "" }, entries: [] },
  ]);
  expect(await writtenMessage(about.meta, databases)).toEqual(gunzipSync(original));
});
