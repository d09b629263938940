import { expect, test } from "vitest";
import {
  entryWireBytes,
  openSnapshot,
  type SnapshotEntry,
  writeSnapshot,
} from "../../../src/snapshots/index.js";

test("smoke", async () => {
  const signal = new AbortController().signal;
  const entries: SnapshotEntry[] = Array.from({ length: 50000 }, (_, i) => ({
    key: Buffer.from(String(i).padStart(8, "0")),
    value: Buffer.alloc(i % 100 === 0 ? i * 3 : i % 50, 7),
    timestampNano: BigInt(i) << 20n,
    isDeleted: i % 50 === 0,
  }));
  let sum = 0;
  for (const e of entries)
    sum += entryWireBytes(
      e.key.length,
      e.isDeleted ? 0 : e.value.length,
      e.timestampNano,
      e.isDeleted ? 1 : 0,
    );
  const meta = {
    generationId: "GX",
    instanceId: "a",
    hostname: "h",
    databaseName: "d",
    lmdbTxnId: 7n,
    timestampNano: 99n,
    fromLmdbTxnId: 0n,
  };
  const head = { name: "records", flags: 0n, transform: "" };
  const chunks = writeSnapshot({ meta, dbis: [{ head, entriesBytes: sum, entries }] }, { signal });
  const reader = await openSnapshot(chunks, { name: "x", signal });
  expect(reader.meta).toEqual(meta);
  expect(await reader.nextDbi()).toEqual(head);
  let i = 0;
  while (await reader.fill())
    for (let e = reader.next(); e; e = reader.next()) {
      const w = entries[i++]!;
      if (
        Buffer.compare(e.key, w.key) ||
        Buffer.compare(e.value, w.isDeleted ? Buffer.alloc(0) : w.value) ||
        e.timestampNano !== w.timestampNano ||
        e.isDeleted !== w.isDeleted
      )
        throw new Error("at " + i);
    }
  expect(i).toBe(50000);
  expect(await reader.nextDbi()).toBe(null);
});
