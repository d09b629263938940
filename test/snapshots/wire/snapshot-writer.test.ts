import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  entryStreamOf,
  entryWireBytes,
  type SnapshotEntries,
  type SnapshotEntry,
  writeSnapshot,
} from "../../../src/snapshots/index.js";
import { collect, contentOf, noMeta, noSignal, readMessage } from "../../support/snapshots.js";

const head = { name: "main", flags: 0n, transform: "" };

const entry = (number: number, valueBytes: number): SnapshotEntry => ({
  key: Buffer.from(String(number).padStart(6, "0")),
  value: Buffer.alloc(valueBytes, number),
  timestampNano: BigInt(number),
  isDeleted: false,
});

function written(entries: SnapshotEntries, entriesBytes: number): Promise<Buffer> {
  return collect(
    writeSnapshot({ meta: noMeta, dbis: [{ head, entriesBytes, entries }] }, { signal: noSignal }),
  );
}

const sizeOf = (sizes: number[]) =>
  sizes.reduce((sum, bytes, index) => sum + entryWireBytes(6, bytes, BigInt(index), 0), 0);

test("entries may lie in one buffer, and come from anywhere", async () => {
  const sizes = Array.from({ length: 20_000 }, (_, index) => index % 30);
  function* reused() {
    const one = entry(0, 30);
    const buffer = one.value;
    for (const [index, bytes] of sizes.entries()) {
      one.key.set(Buffer.from(String(index).padStart(6, "0")));
      one.value = buffer.subarray(0, bytes).fill(index);
      one.timestampNano = BigInt(index);
      yield one;
    }
    one.key.fill(0xdd);
  }
  async function* awaited() {
    yield* reused();
  }
  const expected = gunzipSync(
    await written(
      sizes.map((bytes, index) => entry(index, bytes)),
      sizeOf(sizes),
    ),
  );
  for (const entries of [reused(), awaited(), entryStreamOf(reused())]) {
    expect(gunzipSync(await written(entries, sizeOf(sizes))).equals(expected)).toBe(true);
  }
});

test("values of any size go through, wherever the ends of buffers fall", async () => {
  const size = fc.oneof(
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: 65_400, max: 65_600 }),
    fc.constant(200_000),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 5 }), async (sizes) => {
      const entries = sizes.map((bytes, index) => entry(index, bytes));
      const message = gunzipSync(await written(entries, sizeOf(sizes)));
      const { databases } = await readMessage(message, 10_000);
      expect(databases[0]!.entries.map(({ value }) => value.length / 2)).toEqual(sizes);
      expect(
        databases[0]!.entries.every(({ value }, index) => /^(..)\1*$/.test(value) || sizes[index] === 0),
      ).toBe(true);
    }),
    { numRuns: 15 },
  );
}, 60_000);

test("a sum that is not that of the entries ends it, and nothing is made of it", async () => {
  await expect(written([entry(1, 5)], sizeOf([5]))).rejects.toThrow(
    "main has -9 bytes of entries fewer than was said",
  );
});

test("whoever stops reading closes what it was made of", async () => {
  let closed = 0;
  function* endless() {
    try {
      for (let index = 0; ; index++) yield entry(index, 1000);
    } finally {
      closed++;
    }
  }
  async function* dbis() {
    try {
      yield { head, entriesBytes: 1e12, entries: endless() };
    } finally {
      closed++;
    }
  }
  for await (const chunk of writeSnapshot({ meta: noMeta, dbis: dbis() }, { signal: noSignal })) {
    if (chunk.length > 0) break;
  }
  expect(closed).toBe(2);
  const stop = new AbortController();
  const chunks = writeSnapshot({ meta: noMeta, dbis: dbis() }, { signal: stop.signal });
  await chunks.next();
  stop.abort(new Error("enough"));
  await expect(collect(chunks)).rejects.toThrow("enough");
  expect(closed).toBe(4);
});

test("a failure of what it is made of is told as it is", async () => {
  const lost = new Error("the transaction is gone");
  const { dbis } = contentOf(noMeta, [{ head, entries: [] }]);
  async function* failing() {
    yield* dbis;
    throw lost;
  }
  await expect(collect(writeSnapshot({ meta: noMeta, dbis: failing() }, { signal: noSignal }))).rejects.toBe(
    lost,
  );
});
