import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeSnapshotName, S3Storage, writeSnapshot } from "../../../src/snapshots/index.js";
import { asApplication } from "../../support/application-lmdb.js";
import { makeFolder, type Running, startPlimsoll } from "../../support/cli.js";
import { S3Server, s3Keys } from "../../support/s3-server.js";
import { contentOf, noMeta } from "../../support/snapshots.js";

const folder = makeFolder();
let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
});
afterEach(() => {
  server.bucket.objects.clear();
  server.log.length = 0;
});
/** Those that a failed test leaves. */
const syncs: Running[] = [];
afterAll(async () => {
  for (const { child } of syncs) child.kill("SIGKILL");
  await server[Symbol.asyncDispose]();
  folder.remove();
});

const { signal } = new AbortController();
const hour = 3_600_000;

function open(markerListMs?: number): S3Storage {
  const place = { endpoint: server.endpoint, credentials: s3Keys, env: {} };
  return new S3Storage("bucket", "apps-", { ...place, markerListMs });
}

const noBytes = async function* () {};

test("the mark is another one behind each change, whoever made it, and from time to time all the same", async () => {
  await using own = open(hour);
  await using other = open(hour);
  await using plain = open();
  const mark = () => own.mark({ signal });
  expect(await mark()).toBeNull();
  await other.write("one", noBytes(), { signal });
  const first = await mark();
  expect(first).not.toBeNull();
  expect(await mark()).toBe(first);
  await own.write("two", noBytes(), { signal });
  const second = await mark();
  expect(second).not.toBe(first);
  await other.remove("one", { signal });
  expect(await mark()).not.toBe(second);
  expect(server.log.every((line) => !line.includes("list-type"))).toBe(true);
  // Whoever is not told to write the marker neither does so nor believes it.
  const third = await mark();
  await plain.write("three", noBytes(), { signal });
  expect([await mark(), await plain.mark({ signal })]).toEqual([third, null]);
  await using hasty = open(20);
  const early = await hasty.mark({ signal });
  await expect.poll(() => hasty.mark({ signal })).not.toBe(early);
});

/** Writes a snapshot of one entry, as another instance does. */
async function publish(storage: S3Storage, instance: string): Promise<void> {
  const timestampNano = BigInt(Date.now()) * 1_000_000n;
  const name = makeSnapshotName({ database: "app", instance, timestampNano });
  const key = Buffer.from(instance).toString("hex");
  const entries = [{ key, value: "01", timestampNano, isDeleted: false }];
  const head = { name: "records", flags: 0n, transform: "" };
  const chunks = writeSnapshot(contentOf(noMeta, [{ head, entries }]), { signal });
  await storage.write(name, chunks, { signal });
}

test("a sync that heeds the marker lists when there is something new, or when its time has come", async () => {
  await asApplication(folder.file("app"), 2, (table) => {
    table("records").putSync(Buffer.from("own"), Buffer.from("1"));
  });
  const file = folder.write(
    "sync.yaml",
    `instance: here
lmdbs: {app: {path: ${folder.file("app")}}}
lmdb_poll_interval: 100ms
storage_poll_interval: 100ms
storage:
  type: s3
  options:
    {bucket: bucket, global_prefix: apps-, endpoint_url: "${server.endpoint}", access_key: ${s3Keys.accessKeyId},
     secret_key: ${s3Keys.secretAccessKey}, use_update_marker: true, update_marker_force_list_interval: 3s}
`,
  );
  const running = startPlimsoll(["snapshot", "sync", "--config", file], { cwd: folder.path });
  syncs.push(running);
  await running.told("sent app__here__");
  const asked = (what: string) => server.log.filter((line) => line.includes(what)).length;
  // Its own snapshot is the last thing that was new.
  const [looks, lists] = [asked("HEAD"), asked("list-type")];
  const startedMs = performance.now();
  await expect.poll(() => asked("HEAD"), { timeout: 30_000 }).toBeGreaterThan(looks + 10);
  const listsDue = 2 + (performance.now() - startedMs) / 3000;
  expect(asked("list-type") - lists).toBeLessThanOrEqual(listsDue);
  await using telling = open(hour);
  await publish(telling, "told");
  await running.told("merged app__told__");
  // One that was killed before it could tell is found a little later.
  await using killed = open();
  await publish(killed, "untold");
  await running.told("merged app__untold__");
  running.child.kill("SIGINT");
  const { code, error } = await running.ended;
  expect([code, error]).toEqual([130, expect.not.stringContaining("no effect")]);
  expect([...server.bucket.objects.keys()].every((key) => key.startsWith("apps-"))).toBe(true);
}, 120_000);
