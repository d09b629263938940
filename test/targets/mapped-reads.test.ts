import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Gauge } from "../../src/memory/index.js";
import { openLiveSession, openStoreReader, releaseResident } from "../../src/targets/lmdb/index.js";
import { importInto, makeFolder } from "../support/cli.js";
import { jsonl } from "../support/imports.js";

const folder = makeFolder();
const store = folder.file("store");
const gauge = new Gauge();
const MiB = 2 ** 20;
const residentFileBytes = () => gauge.read().fileBytes;

beforeAll(async () => {
  const input = folder.file("docs.jsonl");
  // Random text cannot be compressed: the store is as large as its input, some 30 MiB.
  const docs = Array.from({ length: 20_000 }, (_, id) => ({ id, text: randomBytes(750).toString("base64") }));
  writeFileSync(input, jsonl(docs));
  const { report } = await importInto(folder, [input, "--into", "store", "--entity", "Doc", "--key", "id"]);
  expect(report!.records.stored).toBe(20_000);
}, 60_000);
afterAll(() => {
  gauge.close();
  folder.remove();
});

/** Reads a record block of each hundred ids, the last ones first, and tells what was mapped meanwhile. */
async function readScattered(roomBytes?: (mappedBytes: number) => number, beforeReading = () => {}) {
  const mapped = roomBytes && { residentFileBytes, roomBytes };
  await using reader = await openStoreReader(store, { ...(mapped === undefined ? {} : { mapped }) });
  beforeReading();
  const before = residentFileBytes();
  const firstIds: number[] = [];
  let mappedBytesMax = 0;
  for (let id = 19_999; id >= 0; id -= 7) {
    const entry = reader.recordBlock(id)!;
    firstIds.push(entry.firstId, entry.block.length, entry.block.at(-1)!);
    mappedBytesMax = Math.max(mappedBytesMax, residentFileBytes() - before);
  }
  return { firstIds, mappedBytesMax };
}

test.runIf(process.platform === "linux")("a reader gives mapped pages back while it reads on", async () => {
  const free = await readScattered();
  expect(free.mappedBytesMax).toBeGreaterThan(15 * MiB);
  const bound = await readScattered((mappedBytes) => 4 * MiB - mappedBytes);
  expect(bound.firstIds).toEqual(free.firstIds);
  // One reading more than the room, of a large folio at the most.
  expect(bound.mappedBytesMax).toBeLessThan(7 * MiB);
});

test.runIf(process.platform === "linux")("what others had mapped before does not count as room", async () => {
  await using other = await openStoreReader(store);
  for (const _ of other.recordBlocks(0));
  const bound = await readScattered(
    (mappedBytes) => 4 * MiB - mappedBytes,
    () => releaseResident(store),
  );
  expect(bound.mappedBytesMax).toBeLessThan(7 * MiB);
});

test.runIf(process.platform === "linux")(
  "all of a store's pages are given back under its reader",
  async () => {
    await using reader = await openStoreReader(store);
    const before = residentFileBytes();
    const read = () => [...reader.recordBlocks(0)].map(({ block }) => block.length);
    const sizes = read();
    const mappedBytes = residentFileBytes() - before;
    expect(mappedBytes).toBeGreaterThan(15 * MiB);
    expect(releaseResident(store)).toBe(true);
    expect(residentFileBytes() - before).toBeLessThan(mappedBytes - 15 * MiB);
    expect(read()).toEqual(sizes);
    expect(releaseResident(folder.file("elsewhere"))).toBe(false);
  },
);

test.runIf(process.platform === "linux")("what deletions map is given back as they go", async () => {
  await using session = await openLiveSession(store);
  releaseResident(store);
  const before = residentFileBytes();
  await session.rollback(0);
  expect(residentFileBytes() - before).toBeLessThan(4 * MiB);
  await using reader = await openStoreReader(store);
  expect([...reader.recordBlocks(0)]).toEqual([]);
});
