import { renameSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStorage } from "../../src/snapshots/index.js";
import { type Doc, importDocs, push as pushInto } from "../snapshots/replica/replica-rig.js";
import { makeFolder } from "../support/cli.js";
import { type ServerProcess, startServer, stopServers } from "./server-process.js";

interface Replica {
  progress: { parts: number; partsTotal: number } | null;
  state: { records: number; parts: number; partsRead: number; instance: string } | null;
  trouble: { error: { code: string; message: string } } | null;
  counts: { pulls: number };
}

const folder = makeFolder();
let ids = 0;

const words = (at: number) => Array.from({ length: 8 }, (_, n) => ((at * 31 + n * 7) % 9973).toString(36));
const docs = (count: number): Doc[] =>
  Array.from({ length: count }, () => ({ id: ids++, rev: 1, tag: "red", text: words(ids).join(" ") }));

async function importMore(count: number): Promise<void> {
  await importDocs(folder, "origin", { docs: docs(count) });
}

/** Parts are small, so that there are many. */
async function push(): Promise<void> {
  const storage = await openStorage(`file:${folder.file("pushed")}`, { file: { isMade: true } });
  await pushInto(folder.file("origin"), { storage, partBytesMax: 4_000 });
}

const serve = (store: string) =>
  startServer(folder, [store, "--replica-of", "file:pushed", "--every", "250ms", "--memory", "192MiB"]);

const replicaOf = async (server: ServerProcess) =>
  (await server.json<{ replica: Replica }>("/api/snapshots")).replica;

async function countOf(server: ServerProcess): Promise<number> {
  const body = JSON.stringify({ filter: { where: { tag: "red" } }, count: true });
  const response = await server.call("/api/query", { method: "POST", body });
  const answer = (await response.json()) as { count: number };
  expect(response.status, JSON.stringify(answer)).toBe(200);
  return answer.count;
}

const healthOf = async (server: ServerProcess) => {
  const response = await server.call("/healthz");
  return { code: response.status, ...((await response.json()) as { status: string; checks: object[] }) };
};

const patience = { timeout: 60_000, interval: 20 };

beforeAll(async () => {
  await importMore(2_000);
  await push();
}, 60_000);
afterAll(async () => {
  await stopServers();
  folder.remove();
});

test("what is pushed is served without a restart, and every query sees a whole state", async () => {
  const server = await serve("replica");
  await expect.poll(async () => (await replicaOf(server)).state?.records, patience).toBe(2_000);
  const states = [2_000, 2_300, 2_600];
  const seen: number[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) seen.push(await countOf(server));
  })();
  for (const state of states.slice(1)) {
    await importMore(300);
    await push();
    await expect.poll(() => seen.at(-1), patience).toBe(state);
  }
  isOver = true;
  await asking;
  expect([...new Set(seen)].filter((count) => !states.includes(count))).toEqual([]);
  expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  expect((await replicaOf(server)).state).toMatchObject({ instance: "one", records: 2_600 });
  expect((await replicaOf(server)).counts.pulls).toBe(3);
  const { store, isReplica } = await server.json<{ store: { records: number }; isReplica: boolean }>(
    "/api/store",
  );
  expect([store.records, isReplica]).toEqual([2_600, true]);
  expect(server.peakBytes()).toBeLessThan(192 * 2 ** 20);
  await server.stop();
  expect((await server.running.ended).code).toBe(0);
}, 120_000);

test("a replica takes no writes, whoever asks", async () => {
  const server = await serve("replica");
  for (const path of ["/api/records?entity=Doc", "/api/import?entity=Doc&key=id", "/api/imports/1/cancel"]) {
    const response = await server.call(path, { method: "POST", body: '{"id":1}' });
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect([response.status, error.code], path).toEqual([409, "REPLICA_READ_ONLY"]);
    expect(error.message).toContain("without --replica-of");
  }
  await server.stop();
}, 60_000);

test("killed in the midst of a pull it goes on with the parts that are missing", async () => {
  let caught: Replica | null = null;
  let store = "";
  for (let attempt = 0; caught === null && attempt < 10; attempt++) {
    store = `killed-${attempt}`;
    const server = await serve(store);
    for (;;) {
      const replica = await replicaOf(server);
      if (replica.state !== null) break;
      const { parts = 0, partsTotal = 0 } = replica.progress ?? {};
      if (parts < 2 || parts > partsTotal - 2) continue;
      caught = replica;
      break;
    }
    await server.kill();
  }
  expect(caught).not.toBeNull();
  const server = await serve(store);
  await expect.poll(async () => (await replicaOf(server)).state?.records, patience).toBe(ids);
  const { state } = await replicaOf(server);
  expect(state!.partsRead).toBeLessThan(state!.parts);
  expect(state!.partsRead).toBeGreaterThan(0);
  expect(await countOf(server)).toBe(ids);
  await server.stop();
}, 120_000);

test("a storage that is away shows in health, and is well again when it is back", async () => {
  const server = await serve("replica");
  await expect.poll(() => healthOf(server), patience).toMatchObject({ code: 200, status: "ok" });
  renameSync(folder.file("pushed"), folder.file("away"));
  await expect.poll(async () => (await healthOf(server)).status, patience).not.toBe("ok");
  const checks = [{ name: "replica_pull", state: "failing", code: "STORAGE_ABSENT" }];
  await expect.poll(() => healthOf(server), patience).toMatchObject({ code: 503, checks });
  const { trouble } = await replicaOf(server);
  expect(trouble!.error.message).not.toContain(folder.path);
  // What is here is served all the while.
  expect(await countOf(server)).toBe(ids);
  renameSync(folder.file("away"), folder.file("pushed"));
  await expect.poll(() => healthOf(server), patience).toMatchObject({ code: 200, status: "ok" });
  expect((await replicaOf(server)).trouble).toBeNull();
  await server.stop();
}, 120_000);
