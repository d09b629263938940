import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyBuffer } from "../../src/postings/index.js";
import { anyEntry, blocksOfEntries, type Entry, entriesTwin, hashOf, sortTwin } from "./key-twin.js";
import { makeKernel } from "./twin.js";

const kernel = makeKernel(16);

function plain({ keyspace, isReference, id, version, key }: Entry): Entry {
  return { keyspace, isReference, id, version, key };
}

/** Entries of one (role, key) have different ids: a record defines a key once. */
const anyEntries = fc.uniqueArray(anyEntry, {
  maxLength: 120,
  selector: (entry) => `${entry.keyspace}|${entry.isReference}|${entry.id}|${entry.key}`,
});

describe("KeyBuffer", () => {
  test("sorts by hash, key space, key and id, and encodes whole entries", () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const blocks = blocksOfEntries(kernel, entries);
        for (const block of blocks)
          expect(block.length).toBeLessThanOrEqual(kernel.exports.BLOCK_BYTES_MAX.value);
        expect(blocks.flatMap(entriesTwin).map(plain)).toEqual(sortTwin(kernel, entries).map(plain));
      }),
    );
  });

  test("keeps one key repeated in order of ids, whatever the order of arrival", () => {
    const ids = Array.from({ length: 5000 }, (_, i) => (i * 2741) % 5000);
    const entries = ids.map(
      (id): Entry => ({ keyspace: 1, isReference: false, id, version: null, key: "same" }),
    );
    const found = blocksOfEntries(kernel, entries).flatMap(entriesTwin);
    expect(found.map((entry) => entry.id)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  test("says when there is no room, and is empty after clear", () => {
    const mark = kernel.mark();
    const buffer = new KeyBuffer(kernel, 3, 200);
    const append = (bytes: number) =>
      kernel.exports.keyAppend(buffer.ptr, 0, 0, 0, 1n, 0n, buffer.ptr, bytes, 0) !== 0;
    expect([append(10), append(900), append(10), append(10), append(10)]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
    expect(buffer.count).toBe(3);
    expect(buffer.arenaBytes).toBe(84);
    buffer.clear();
    expect([buffer.count, buffer.arenaBytes]).toEqual([0, 0]);
    kernel.release(mark);
  });

  test("keyBlockFind finds definitions by their whole key", () => {
    const entries = ["a", "b", "c"].flatMap((key, i): Entry[] => [
      { keyspace: 2, isReference: false, id: 2 ** 33 + i, version: i === 1 ? 5n : null, key },
      { keyspace: 2, isReference: true, id: 50 + i, version: null, key },
    ]);
    const block = blocksOfEntries(kernel, entries)[0]!;
    const find = (keyspace: number, key: string): number => {
      const mark = kernel.mark();
      const at = kernel.alloc(kernel.exports.BLOCK_BUFFER_BYTES.value);
      const keyAt = kernel.alloc(64);
      kernel.u8.set(block, at);
      kernel.u8.set(Buffer.from(key), keyAt);
      const hash = hashOf(kernel, { keyspace, isReference: false, id: 0, version: null, key });
      kernel.release(mark);
      return kernel.exports.keyBlockFind(at, keyspace, keyAt, key.length, hash);
    };
    expect([find(2, "a"), find(2, "b"), find(2, "c")]).toEqual([2 ** 33, 2 ** 33 + 1, 2 ** 33 + 2]);
    expect([find(1, "a"), find(2, "d"), find(2, "")]).toEqual([-1, -1, -1]);
  });
});
