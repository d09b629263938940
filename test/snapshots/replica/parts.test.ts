import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { MiB, replicaPartBytesMax, replicaPieceBytesMax } from "../../../src/kernel/index.js";
import { MemoryStorage, makeSnapshotName } from "../../../src/snapshots/index.js";
import { findReplica, manifestsOf } from "../../../src/snapshots/replica/find-replicas.js";
import type { IdPart } from "../../../src/snapshots/replica/manifest.js";
import { partObject } from "../../../src/snapshots/replica/object-names.js";
import { PartDigest } from "../../../src/snapshots/replica/part-digest.js";
import { PartRoom } from "../../../src/snapshots/replica/part-room.js";
import { partsToKeep } from "../../../src/snapshots/replica/parts-to-keep.js";
import { ReplicaObjects } from "../../../src/snapshots/replica/replica-objects.js";

async function lastOf(entries: AsyncIterable<unknown>): Promise<unknown> {
  let last: unknown;
  for await (const entry of entries) last = entry;
  return last;
}

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
  for await (const { key, value } of objects.readPart(owner, part, new PartRoom())) {
    found.push([Buffer.from(key).toString("hex"), hashOf(value)]);
  }
  expect(found).toEqual(entries.map(({ key, value }) => [key.toString("hex"), hashOf(value)]));
  // Pieces are held until their value is whole: no more of them than the part is known to have.
  const lying = objects.readPart(owner, { ...part, rawBytes: 10 * MiB }, new PartRoom());
  await expect(lastOf(lying)).rejects.toMatchObject({ code: "REPLICA_DAMAGED" });
});

test("of a storage with very many objects a push knows some, and among manifests always the newest", async () => {
  const storage = new MemoryStorage("many");
  const { signal } = new AbortController();
  const objects = new ReplicaObjects(storage, signal);
  const owner = { name: "docs", instance: "one" };
  const nothing = async function* () {};
  const manifestOf = (instance: string, atNano: bigint) =>
    makeSnapshotName({ database: "docs", instance, timestampNano: atNano });
  for (let at = 0; at < 10; at++) {
    const digest = createHash("sha256").update(String(at)).digest("hex");
    await storage.write(partObject(owner, digest), nothing(), { signal });
    await storage.write(manifestOf("one", BigInt(at)), nothing(), { signal });
    await storage.write(manifestOf(`other-${at}`, 1n), nothing(), { signal });
  }
  expect((await objects.parts(owner, new PartRoom())).size).toBe(10);
  expect((await objects.parts(owner, new PartRoom(), 4)).size).toBe(4);
  const stamps = (await manifestsOf(objects, owner, 4)).map(({ timestampNano }) => Number(timestampNano));
  expect(stamps).toEqual([0, 1, 2, 9]);
  const sought = { name: "docs", folderName: "", from: null };
  await expect(findReplica(storage, sought, signal)).rejects.toMatchObject({
    code: "REPLICA_SEVERAL",
    details: { instances: expect.stringMatching(/^one, other-0, .*, other-8 and 1 more$/) },
  });
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
