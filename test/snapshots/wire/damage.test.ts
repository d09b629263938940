import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isPlimsollError, KiB, MiB, snapshotEntryBytesMax } from "../../../src/kernel/index.js";
import { openSnapshot, surveySnapshot, writeSnapshot } from "../../../src/snapshots/index.js";
import {
  collect,
  contentOf,
  hex,
  inChunks,
  noMeta,
  noSignal,
  readAll,
  readMessage,
} from "../../support/snapshots.js";

const small = contentOf({ ...noMeta, instanceId: "one", timestampNano: 5n }, [
  {
    head: { name: "a", flags: 0n, transform: "" },
    entries: [
      { key: "6b31", value: "7631", timestampNano: 77n, isDeleted: false },
      { key: "6b32", value: "", timestampNano: 78n, isDeleted: true },
    ],
  },
  { head: { name: "b", flags: 4n, transform: "dupsort_hack_v1" }, entries: [] },
]);

async function readObject(object: Uint8Array, chunkBytes = 100) {
  return readAll(await openSnapshot(inChunks(object, chunkBytes), { name: "one", signal: noSignal }));
}

/** Reads what may be anything: it ends in entries or in a condition with a place, and never in a bug. */
async function endOf(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
    return "read";
  } catch (error) {
    if (!isPlimsollError(error) || !error.code.startsWith("SNAPSHOT_")) throw error;
    expect(error.message).toContain("one");
    if (error.code !== "SNAPSHOT_VERSION") expect(error.place).toMatchObject({ source: "one" });
    return error.code;
  }
}

test("every cut of an object is told", async () => {
  const object = await collect(writeSnapshot(small, { signal: noSignal }));
  expect(await endOf(readObject(object))).toBe("read");
  for (let bytes = 0; bytes < object.length; bytes++) {
    expect(await endOf(readObject(object.subarray(0, bytes)))).toBe("SNAPSHOT_DAMAGED");
  }
}, 60_000);

test("a changed byte of an object is told, or it changes nothing", async () => {
  const object = await collect(writeSnapshot(small, { signal: noSignal }));
  const whole = await readObject(object);
  let told = 0;
  for (let at = 0; at < object.length; at++) {
    for (const mask of [0x01, 0x40, 0xff]) {
      const changed = Uint8Array.from(object);
      changed[at]! ^= mask;
      const end = await endOf(readObject(changed).then((read) => expect(read).toEqual(whole)));
      if (end !== "read") told++;
    }
  }
  // Nothing is made of the time, kind and system in gzip's head, nor of the last bits before the checksum.
  expect(told).toBeGreaterThan(3 * (object.length - 10));
}, 60_000);

test("every changed byte and cut of a message ends in entries or a condition", async () => {
  const message = gunzipSync(await collect(writeSnapshot(small, { signal: noSignal })));
  const ends = new Map<string, number>();
  const count = (end: string) => ends.set(end, (ends.get(end) ?? 0) + 1);
  for (let at = 0; at < message.length; at++) {
    count(await endOf(readObject(gzipSync(message.subarray(0, at)))));
    for (let bit = 0; bit < 8; bit++) {
      const changed = Uint8Array.from(message);
      changed[at]! ^= 1 << bit;
      const object = gzipSync(changed, { level: 1 });
      count(await endOf(readObject(object)));
      count(await endOf(surveySnapshot(inChunks(object, 100), { name: "one", signal: noSignal })));
    }
  }
  expect(ends.get("read")).toBeGreaterThan(0);
  expect(ends.get("SNAPSHOT_DAMAGED")).toBeGreaterThan(0);
}, 60_000);

test("any bytes at all end in entries or a condition", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await endOf(readObject(gzipSync(hex("08 03", bytes))));
      await endOf(readObject(gzipSync(hex("08 03 1a", [bytes.length], bytes))));
    }),
    { numRuns: 200 },
  );
}, 60_000);

const entry = "12 03 0a 01 6b";

test.each<[string, string, string]>([
  ["no version", "20 01", "it says no version of its format"],
  ["a version of more than 64 bits", "08 ff ff ff ff ff ff ff ff ff 02", "a number of more than 64 bits"],
  ["a varint of eleven bytes", "08 83 80 80 80 80 80 80 80 80 80 00", "a number of more than 64 bits"],
  ["field number 0", "08 03 02 00", "no field number"],
  ["a group", "08 03 2b 2c", "a group"],
  ["wire type 6", "08 03 2e", "wire type 6"],
  ["meta that is a number", "08 03 10 01", "field 2 is of another type"],
  ["a text that is longer than meta", "08 03 12 03 0a 05 61", "a length beyond what it is part of"],
  ["meta of 70000 bytes", "08 03 12 f0 a2 04", "a field of 70000 bytes"],
  ["a database without a name", `08 03 1a 05 ${entry}`, "a database without a name"],
  ["a name that is not UTF-8", "08 03 1a 03 0a 01 ff", "a text that is not UTF-8"],
  ["a name of 600 bytes", "08 03 1a ff 7f 0a d8 04", "a field of 600 bytes"],
  ["an entry beyond its database", "08 03 1a 06 0a 01 61 12 7f 00", "a length beyond what it is part of"],
  ["a key beyond its entry", "08 03 1a 08 0a 01 61 12 03 0a 02 6b", "a length beyond what it is part of"],
  ["an entry of no bytes", "08 03 1a 05 0a 01 61 12 00", "an entry without a key"],
  ["an entry with a key of no bytes", "08 03 1a 07 0a 01 61 12 02 0a 00", "an entry without a key"],
  ["a key that is a number", "08 03 1a 07 0a 01 61 12 02 08 01", "field 1 is of another type"],
  ["a time of four bytes", "08 03 1a 0c 0a 01 61 12 07 0a 01 6b 1d 00 00 00", "field 3 is of another type"],
  ["the same key twice", `08 03 1a 0d 0a 01 61 ${entry} ${entry}`, "a key that was there before"],
  ["keys out of order", `08 03 1a 0d 0a 01 61 ${entry} 12 03 0a 01 6a`, "a key out of order"],
  [
    "an integer key of one byte",
    `08 03 1a 0a 0a 01 61 18 08 ${entry}`,
    "an integer key that has not four or eight bytes",
  ],
  ["an unknown field to no end", "08 03 7a ff ff ff ff 7f", "it ends within a field"],
  ["a length of more than 2^53", "08 03 7a ff ff ff ff ff ff ff ff 01", "a length beyond what it is part of"],
])("%s is damage", async (_, message, reason) => {
  await expect(readMessage(hex(message))).rejects.toMatchObject({
    code: "SNAPSHOT_DAMAGED",
    details: { reason },
  });
});

test("damage has its place, in what the object unpacks to", async () => {
  const message = hex(`08 03 1a 0d 0a 01 61 ${entry} ${entry}`);
  await expect(readMessage(message)).rejects.toMatchObject({ place: { source: "test", offset: 16 } });
});

test("keys are held against the order of LMDB, across chunks too", async () => {
  const numbers = (keys: string[], flags: string) => {
    const dbi = hex("0a 01 61", "18", flags, ...keys.map((key) => hex("12 06 0a 04", key)));
    return hex("08 03 20 01 1a", [dbi.length], dbi);
  };
  const rising = ["02000000", "00010000", "ff010000"];
  expect((await readMessage(numbers(rising, "08"), 1)).databases[0]!.entries).toHaveLength(3);
  await expect(readMessage(numbers(rising, "00"), 1)).rejects.toMatchObject({
    details: { reason: "a key out of order" },
  });
  await expect(readMessage(numbers(["00010000", "02000000"], "08"), 1)).rejects.toMatchObject({
    details: { reason: "a key out of order" },
  });
  // Under REVERSEKEY a snapshot of shadow databases is in the order of bytes: which one, only its maker knows.
  for (const schema of ["native", "shadow"] as const) {
    const good = schema === "native" ? rising : [...rising].sort();
    const read = (keys: string[]) =>
      openSnapshot(inChunks(gzipSync(numbers(keys, "02")), 1), {
        name: "one",
        signal: noSignal,
        schema,
      }).then(readAll);
    expect((await read(good)).databases[0]!.entries).toHaveLength(3);
    await expect(read([...good].reverse())).rejects.toMatchObject({
      details: { reason: "a key out of order" },
    });
  }
});

test("a program for a later format is asked for", async () => {
  await expect(readMessage(hex("08 05 20 04"))).rejects.toMatchObject({
    code: "SNAPSHOT_VERSION",
    details: { compatVersion: 4, versionMax: 3 },
  });
  expect((await readMessage(hex("08 05 20 03"))).formatVersion).toBe(5);
  const survey = surveySnapshot(inChunks(gzipSync(hex("08 05 20 04")), 9), { name: "one", signal: noSignal });
  await expect(survey).rejects.toMatchObject({ code: "SNAPSHOT_VERSION" });
  await expect(readMessage(hex("08 05 1a 03 0a 01 61 20 04"))).rejects.toMatchObject({
    code: "SNAPSHOT_VERSION",
  });
});

test("what follows the stream is taken as Go's reader takes it: another stream goes on, all else is damage", async () => {
  const [first, second] = [gzipSync(hex("08 03")), gzipSync(hex("20 01 1a 03 0a 01 61"))];
  for (const chunkBytes of [1, first.length, 1000]) {
    const { compatVersion, databases } = await readObject(hex(first, second), chunkBytes);
    expect([compatVersion, databases.length]).toEqual([1, 1]);
    for (const rest of ["00 00 00", "61 62 63", "1f", "1f 8b 08"]) {
      expect(await endOf(readObject(hex(first, second, rest), chunkBytes))).toBe("SNAPSHOT_DAMAGED");
    }
  }
});

test("an entry is only held up to the limit, and a length alone takes no memory", async () => {
  const length = (value: number) => [
    (value & 0x7f) | 0x80,
    ((value >> 7) & 0x7f) | 0x80,
    ((value >> 14) & 0x7f) | 0x80,
    value >> 21,
  ];
  const claimed = hex("08 03 1a ff ff ff ff 7f 0a 01 61 12", length(snapshotEntryBytesMax + 1));
  await expect(readMessage(claimed)).rejects.toMatchObject({
    code: "SNAPSHOT_ENTRY_TOO_LARGE",
    details: { bytes: snapshotEntryBytesMax + 1 },
  });
  const before = process.memoryUsage().arrayBuffers;
  const short = hex(
    "08 03 1a ff ff ff ff 7f 0a 01 61 12",
    length(snapshotEntryBytesMax),
    new Uint8Array(100 * KiB),
  );
  await expect(readMessage(short, 1000)).rejects.toMatchObject({
    details: { reason: "it ends within an entry" },
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MiB);
});

test("a source that fails, and one that is stopped, are told as they are, and closed", async () => {
  const object = await collect(writeSnapshot(small, { signal: noSignal }));
  let closed = 0;
  async function* failing(error: Error | null): AsyncGenerator<Uint8Array> {
    try {
      yield object.subarray(0, 20);
      if (error) throw error;
      yield* inChunks(object.subarray(20), 100);
    } finally {
      closed++;
    }
  }
  const lost = new Error("the line is down");
  await expect(openSnapshot(failing(lost), { name: "one", signal: noSignal }).then(readAll)).rejects.toBe(
    lost,
  );
  const stop = new AbortController();
  const reader = await openSnapshot(failing(null), { name: "one", signal: stop.signal });
  await reader[Symbol.asyncDispose]();
  await reader[Symbol.asyncDispose]();
  stop.abort(new Error("enough"));
  await expect(openSnapshot(failing(null), { name: "one", signal: stop.signal })).rejects.toThrow("enough");
  expect(closed).toBe(2);
});
