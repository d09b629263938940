import { afterAll, expect, test } from "vitest";
import { MemoryStorage } from "../../../src/snapshots/index.js";
import { openStoreReader } from "../../../src/targets/lmdb/index.js";
import { startServer, stopServers } from "../../server/server-process.js";
import { makeFolder } from "../../support/cli.js";
import { type Doc, importDocs, pull, push, seenOf } from "./replica-rig.js";

const folder = makeFolder();
afterAll(async () => {
  await stopServers();
  folder.remove();
});

const docs = (from: number, count: number): Doc[] =>
  Array.from({ length: count }, (_, at) => ({ id: from + at, rev: 1, tag: "red", text: "some words" }));

test("a server sees what another process pulls into its store, and keeps it out once it writes", async () => {
  const storage = new MemoryStorage("served");
  const path = folder.file("replica");
  await importDocs(folder, "origin", { docs: docs(0, 50) });
  await push(folder.file("origin"), { storage });
  await pull(path, storage);
  const server = await startServer(folder, ["replica", "--memory", "256MiB"]);
  const countOf = async () => {
    const body = JSON.stringify({ filter: { where: { tag: "red" } } });
    const response = await server.call("/api/query", { method: "POST", body });
    return (await response.text()).split("\n").length - 1;
  };
  expect(await countOf()).toBe(50);
  await importDocs(folder, "origin", { docs: docs(50, 25), merged: 2 });
  await push(folder.file("origin"), { storage });
  await pull(path, storage);
  // Its readers look at the store anew every few seconds.
  await expect.poll(countOf).toBe(75);
  const written = await server.call("/api/records?entity=Doc", {
    method: "POST",
    body: JSON.stringify(docs(900, 1)[0]),
    headers: { "Content-Type": "application/x-ndjson" },
  });
  expect(written.status, await written.text()).toBe(200);
  await importDocs(folder, "origin", { docs: docs(75, 5) });
  await push(folder.file("origin"), { storage });
  await expect(pull(path, storage)).rejects.toMatchObject({ code: "STORE_SERVED" });
  await server.stop();
  // What was written there is folded by now: the store is its own.
  await expect(pull(path, storage)).rejects.toMatchObject({ code: "REPLICA_FOREIGN" });
  expect((await seenOf(path)).lines).toHaveLength(76);
});

test("readers of the same process leave when a pull begins", async () => {
  const storage = new MemoryStorage("served-here");
  const path = folder.file("replica-here");
  await importDocs(folder, "origin-here", { docs: docs(0, 40) });
  await push(folder.file("origin-here"), { storage });
  await pull(path, storage);
  const before = await openStoreReader(path, { onWanted: () => void before[Symbol.asyncDispose]() });
  await importDocs(folder, "origin-here", { docs: docs(40, 40) });
  // The origin itself is read by whoever pushes while others read and write it.
  await push(folder.file("origin-here"), { storage });
  await pull(path, storage);
  await using after = await openStoreReader(path);
  expect([before.sealed.nextId, after.sealed.nextId]).toEqual([40, 80]);
});
