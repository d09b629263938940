import { afterAll, expect, test } from "vitest";
import { Gauge } from "../../src/memory/index.js";
import type { LiveRecords } from "../../src/server/live-records.js";
import { ReadingRoom } from "../../src/server/reading-room.js";
import { StoreAccess } from "../../src/server/store-access.js";
import { openLiveSession } from "../../src/targets/lmdb/index.js";
import { makeFolder } from "../support/cli.js";
import { importHere } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

const mapping = "version: 1\nentities:\n  Note:\n    fields:\n      n: { type: int, index: exact }\n";

test("a query that waits for live records leaves when a writer that they wait for wants it to", async () => {
  folder.write("notes.jsonl", '{"n":1}\n');
  const store = folder.file("store");
  await importHere({ cwd: folder.path, sources: ["notes.jsonl"], store, mapping });
  let write = () => {};
  const written = new Promise<void>((resolve) => {
    write = resolve;
  });
  // Live records that are there once a writer has opened the store, as a fold does.
  const live = {
    version: 1,
    async overlay(reader: unknown) {
      await written;
      return reader;
    },
  } as unknown as LiveRecords;
  const lineBytes = 2 ** 30;
  const mapped = new ReadingRoom(new Gauge(), lineBytes, () => false);
  const access = new StoreAccess(store, { lineBytes, caches: {}, live, mapped });
  const signal = new AbortController().signal;
  const asked = access.use(signal, async (reader) => reader.sealed.nextId);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const session = await openLiveSession(store);
  write();
  expect(await asked).toBe(1);
  await session[Symbol.asyncDispose]();
  await access.close();
}, 30_000);
