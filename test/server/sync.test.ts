import { existsSync, renameSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { asApplication } from "../support/application-lmdb.js";
import { makeFolder, plimsoll } from "../support/cli.js";
import { type ServerProcess, startServer, stopServers } from "./server-process.js";

interface Database {
  database: string;
  isStarted: boolean;
  instances: { instance: string; isOwn: boolean; isMerged: boolean; ageSeconds: number; bytes: number }[];
  failing: { work: string; error: { code: string } }[];
  cleaner: { nextAt: string } | null;
  counts: Record<string, number>;
}
interface Snapshots {
  status: string;
  sync: { trouble: { error: { code: string } } | null; databases: Database[]; leases: { bytesMax: number } };
}

const folder = makeFolder();
afterAll(async () => {
  await stopServers();
  folder.remove();
});

const patience = { timeout: 60_000, interval: 50 };

function write(database: string, records: Record<string, string>): Promise<void> {
  return asApplication(folder.file(database), 2, (table) => {
    for (const [key, value] of Object.entries(records))
      table("records").putSync(Buffer.from(key), Buffer.from(value));
  });
}

async function recordsOf(database: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  await asApplication(folder.file(database), 2, (table) => {
    for (const { key, value } of table("records").getRange({})) found[String(key)] = String(value);
  });
  return found;
}

/** The settings of Lightning Stream, as its users have them. */
function configuration(instance: string, database: string): string {
  return folder.write(
    `${instance}.yaml`,
    `instance: ${instance}
lmdb_poll_interval: 100ms
storage_poll_interval: 100ms
storage_retry_interval: 100ms
lmdbs:
  main: {path: ${folder.file(database)}}
storage:
  type: fs
  options: {root_path: ${folder.file("shared")}}
  cleanup: {enabled: true}
health:
  storage_list: {warn_duration: 300ms, error_duration: 1500ms}
http: {address: ":8500"}
`,
  );
}

const serve = (store: string, instance: string, database: string) =>
  startServer(folder, [store, "--sync", configuration(instance, database), "--memory", "256MiB"]);

const snapshotsOf = (server: ServerProcess) => server.json<Snapshots>("/api/snapshots");

const healthOf = async (server: ServerProcess) => {
  const response = await server.call("/healthz");
  return { code: response.status, ...((await response.json()) as { status: string; checks: object[] }) };
};

test("databases beside two servers come to one state, and all of it can be watched", async () => {
  await write("app-1", { a: "1" });
  await write("app-2", { b: "2" });
  const [one, two] = [await serve("store-1", "ns1", "app-1"), await serve("store-2", "ns2", "app-2")];
  await expect.poll(() => recordsOf("app-1"), patience).toEqual({ a: "1", b: "2" });
  await expect.poll(() => recordsOf("app-2"), patience).toEqual({ a: "1", b: "2" });
  await write("app-2", { c: "3" });
  await expect.poll(() => recordsOf("app-1"), patience).toEqual({ a: "1", b: "2", c: "3" });

  const { status, sync } = await snapshotsOf(one);
  expect([status, sync.trouble]).toEqual(["ok", null]);
  const [database] = sync.databases;
  expect(database).toMatchObject({ database: "main", isStarted: true, failing: [] });
  expect(database!.instances.map(({ instance, isOwn }) => [instance, isOwn])).toEqual([
    ["ns1", true],
    ["ns2", false],
  ]);
  for (const { ageSeconds, bytes } of database!.instances) {
    expect(ageSeconds).toBeLessThan(120);
    expect(bytes).toBeGreaterThan(0);
  }
  expect(Date.parse(database!.cleaner!.nextAt)).toBeGreaterThan(Date.now());
  expect(two.running.child.exitCode).toBeNull();
  await expectMetrics(one);

  // An import has its part of the line beside them.
  const imported = await one.call("/api/import?entity=Item&key=id&name=a.jsonl", {
    method: "POST",
    headers: { Accept: "application/json" },
    body: '{"id":1}\n',
  });
  expect(imported.status, await imported.text()).toBe(200);
  expect(one.peakBytes()).toBeLessThan(256 * 2 ** 20);
  for (const server of [one, two]) {
    await server.stop();
    expect((await server.running.ended).code).toBe(0);
  }
}, 120_000);

/** Every sample stands under its HELP and TYPE, once for each set of labels. */
async function expectMetrics(server: ServerProcess): Promise<void> {
  const text = await (await server.call("/metrics")).text();
  const seen = new Set<string>();
  let metric = "";
  for (const line of text.trimEnd().split("\n")) {
    const head = /^# (?:HELP|TYPE) (\w+) /.exec(line);
    if (head !== null) metric = head[1]!;
    else {
      const [, name, labels] = /^(\w+)((?:\{(?:\w+="(?:[^"\\]|\\.)*",?)+\})?) -?[\d.e+-]+$/.exec(line) ?? [];
      expect(name, line).toBe(metric);
      expect(seen.has(`${name}${labels}`), line).toBe(false);
      seen.add(`${name}${labels}`);
    }
  }
  const database = 'database="main"';
  for (const sample of [
    `plimsoll_snapshot_age_seconds{${database},instance="ns2"}`,
    `plimsoll_snapshots_stored_total{${database}}`,
    `plimsoll_snapshots_loaded_total{${database}}`,
    `plimsoll_snapshots_failed_total{${database},work="list"}`,
    'plimsoll_snapshot_health{check="storage_list"}',
    "plimsoll_snapshot_lease_bytes_max",
  ]) {
    expect(seen).toContain(sample);
  }
}

test("a storage that goes away, and a database that is not there yet, end nothing", async () => {
  const server = await serve("store-3", "ns3", "app-3");
  await expect
    .poll(() => healthOf(server), patience)
    .toMatchObject({ code: 200, status: "degraded", checks: [{ name: "sync", code: "LMDB_ABSENT" }] });
  await write("app-3", { d: "4" });
  await expect.poll(() => healthOf(server), patience).toMatchObject({ code: 200, status: "ok" });
  await expect.poll(() => recordsOf("app-3"), patience).toMatchObject({ a: "1", c: "3", d: "4" });

  renameSync(folder.file("shared"), folder.file("away"));
  await expect.poll(async () => (await healthOf(server)).status, patience).not.toBe("ok");
  await expect.poll(() => healthOf(server), patience).toMatchObject({ code: 503, status: "failing" });
  const { sync } = await snapshotsOf(server);
  expect(sync.databases[0]!.failing).toContainEqual(
    expect.objectContaining({ work: "list", error: expect.objectContaining({ code: "STORAGE_ABSENT" }) }),
  );
  renameSync(folder.file("away"), folder.file("shared"));
  await expect.poll(() => healthOf(server), patience).toMatchObject({ code: 200, status: "ok" });
  await server.stop();
  // Nothing was imported, so there is no store.
  expect(existsSync(folder.file("store-3"))).toBe(false);
}, 120_000);

test("databases are synced without a store, and nothing can be written into one", async () => {
  await write("app-6", { e: "5" });
  const server = await startServer(folder, ["--sync", configuration("ns6", "app-6"), "--memory", "256MiB"]);
  await expect.poll(() => recordsOf("app-6"), patience).toMatchObject({ a: "1", e: "5" });
  await expect.poll(() => healthOf(server), patience).toMatchObject({ code: 200, status: "ok" });
  await expectMetrics(server);
  const asked = async (path: string, init?: RequestInit) => {
    const response = await server.call(path, init);
    const body = await response.text();
    return [response.status, /"code":"(\w+)"/.exec(body)?.[1] ?? null];
  };
  const written: RequestInit = { method: "POST", body: '{"id":1}' };
  const headers = { "Content-Type": "application/json" };
  expect(await asked("/api/import?entity=Item&key=id", written)).toEqual([409, "STORE_NOT_SERVED"]);
  expect(await asked("/api/records?preset=nostr", { ...written, headers })).toEqual([
    409,
    "STORE_NOT_SERVED",
  ]);
  expect(await asked("/api/query", { ...written, body: '{"filter":{}}' })).toEqual([404, "STORE_ABSENT"]);
  expect(await asked("/api/imports")).toEqual([200, null]);
  expect(await server.json("/api/store")).toMatchObject({ store: null, isStoreless: true });
  expect((await server.call("/")).status).toBe(200);
  await server.stop();
  expect((await server.running.ended).code).toBe(0);
}, 120_000);

test("what can never work is refused before anybody listens", async () => {
  const refusalOf = async (...args: string[]) => {
    const { code, error } = await plimsoll(["serve", "store-4", "--port", "0", ...args], {
      cwd: folder.path,
    });
    return [code, /[A-Z]+_[A-Z_]+|--every \w+/.exec(error)?.[0]];
  };
  const small = ["--sync", configuration("ns5", "app-3"), "--memory", "64MiB"];
  const refusals = [
    refusalOf("--sync", "missing.yaml"),
    refusalOf("--replica-of", "nowhere"),
    refusalOf("--replica-of", "file:x", "--every", "soon"),
    refusalOf(...small),
    // Without a store there is nothing but a sync to be served.
    plimsoll(["serve", "--port", "0"], { cwd: folder.path }).then(({ code }) => [code]),
    plimsoll(["serve", "--replica-of", "file:x"], { cwd: folder.path }).then(({ code }) => [code]),
  ];
  expect(await Promise.all(refusals)).toEqual([
    [2, "CONFIG_UNREADABLE"],
    [1, "STORAGE_ADDRESS"],
    [2, "--every must"],
    [1, "LINE_TOO_SMALL"],
    [2],
    [2],
  ]);
}, 60_000);
