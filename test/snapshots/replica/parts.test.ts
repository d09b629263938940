import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { MiB, replicaPartBytesMax, replicaPieceBytesMax } from "../../../src/kernel/index.js";
import { MemoryStorage } from "../../../src/snapshots/index.js";
import type { IdPart } from "../../../src/snapshots/replica/manifest.js";
import { PartDigest } from "../../../src/snapshots/replica/part-digest.js";
import { partsToKeep } from "../../../src/snapshots/replica/parts-to-keep.js";
import { ReplicaObjects } from "../../../src/snapshots/replica/replica-objects.js";

test("values of any size travel whole, in pieces that a reader can hold", async () => {
  const sizes = [1, replicaPieceBytesMax - 1, replicaPieceBytesMax, replicaPieceBytesMax + 1, 20 * MiB];
  const entries = sizes.map((size, at) => ({ key: Buffer.of(0, at), value: randomBytes(size) }));
  const digest = new PartDigest();
  for (const entry of entries) digest.add(entry);
  const { rawBytes } = digest;
  const part = { digest: digest.hex(), rawBytes, entries: 5 };
  const objects = new ReplicaObjects(new MemoryStorage("pieces"), new AbortController().signal);
  const owner = { name: "docs", instance: "one" };
  const scope = { kind: "ids", firstId: 0, endId: 1 } as const;
  // Entries hold until the next slab is asked for, as those of a store do.
  const slab = Buffer.alloc(20 * MiB);
  const slabs = async function* () {
    for (const { key, value } of entries) {
      value.copy(slab);
      yield [{ key, value: slab.subarray(0, value.length) }];
      slab.fill(0);
    }
  };
  await objects.writePart(owner, { ...part, scope }, slabs(), 5n);
  const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  const found: string[][] = [];
  for await (const { key, value } of objects.readPart(owner, part.digest)) {
    found.push([Buffer.from(key).toString("hex"), hashOf(value)]);
  }
  expect(found).toEqual(entries.map(({ key, value }) => [key.toString("hex"), hashOf(value)]));
});

test("pushes of any sizes leave few parts, and no record travels often", () => {
  let parts: IdPart[] = [];
  let nextId = 0;
  let travelled = 0;
  const bytesPerId = 512;
  for (let push = 0; push < 20_000; push++) {
    nextId += 1 + ((push * 7919) % 40);
    parts = parts.slice(0, partsToKeep(parts, nextId));
    const firstId = parts.at(-1)?.endId ?? 0;
    travelled += nextId - firstId;
    const rawBytes = (nextId - firstId) * bytesPerId;
    parts.push({ firstId, endId: nextId, digest: "", entries: 1, rawBytes, objectBytes: 1 });
  }
  expect(parts.every((part, at) => part.firstId === (parts[at - 1]?.endId ?? 0))).toBe(true);
  const fullParts = (nextId * bytesPerId) / (replicaPartBytesMax / 2);
  expect(parts.length).toBeLessThan(fullParts + 20);
  expect(travelled / nextId).toBeLessThan(Math.log2(nextId));
});
