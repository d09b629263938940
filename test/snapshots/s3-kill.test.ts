import { existsSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { asApplication } from "../support/application-lmdb.js";
import { type Ended, makeFolder, startPlimsoll } from "../support/cli.js";
import { type S3Fault, S3Server, s3Keys } from "../support/s3-server.js";
import { type Doc, importDocs, seenOf } from "./replica/replica-rig.js";

const folder = makeFolder();
let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
});
afterEach(() => {
  server.fault = () => null;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder.remove();
});

const docs = (from: number, count: number): Doc[] =>
  Array.from({ length: count }, (_, at) => ({ id: from + at, rev: 1, tag: "red", text: "some words" }));

interface Death {
  /** Which request of the process is its last one, or which method the first of these has. */
  request: number | "DELETE";
  /** What becomes of the request itself. */
  fault: S3Fault;
}

/** One life of the command line; it is killed at a request that the server has seen, carried out or not. */
async function live(args: readonly string[], death: Death | null): Promise<Ended> {
  const environment = {
    AWS_ACCESS_KEY_ID: s3Keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey,
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL_S3: server.endpoint,
  };
  const running = startPlimsoll(["snapshot", ...args], { cwd: folder.path, environment });
  let requests = 0;
  server.fault = ({ method }) => {
    requests++;
    if (death === null || ![requests, method].includes(death.request)) return null;
    running.child.kill("SIGKILL");
    return death.fault;
  };
  const ended = await running.ended;
  server.fault = () => null;
  if (death === null) expect([ended.code, ended.error]).toEqual([0, expect.any(String)]);
  else expect([ended.signal, ended.error]).toEqual(["SIGKILL", expect.any(String)]);
  return ended;
}

const done: S3Fault = { kind: "lostAck" };
const undone: S3Fault = { kind: "reset" };

/** Of a push: two lists, a part of records, a part of a segment, the manifest. */
const pushDeaths: Death[] = [
  { request: 3, fault: undone },
  { request: 3, fault: done },
  // What is there is not written again: here the manifest is the fourth.
  { request: 4, fault: done },
];

test("a store is pushed to S3 and pulled by processes that are killed at any request", async () => {
  await importDocs(folder, "store", { docs: docs(0, 40) });
  const push = ["push", "store", "s3://bucket/copies", "--instance", "one"];
  const pull = ["pull", "replica", "s3://bucket/copies"];
  for (const death of pushDeaths) await live(push, death);
  const objects = [...server.bucket.objects.keys()].sort();
  expect(objects).toEqual([
    expect.stringContaining("copies/parts/store__one__"),
    expect.stringContaining("copies/parts/store__one__"),
    expect.stringContaining("copies/store__one__"),
  ]);
  await live(push, null);
  expect([...server.bucket.objects.keys()].sort()).toEqual(objects);
  // A list, the manifest, and two parts: nothing is visible before the last of them is there.
  for (const request of [2, 3, 4]) await live(pull, { request, fault: done });
  expect(await seenOf(folder.file("replica"))).toEqual({ lines: [], records: 0 });
  server.log.length = 0;
  await live(pull, null);
  expect(await seenOf(folder.file("replica"))).toEqual(await seenOf(folder.file("store")));
  // The part that was noted is not read again.
  expect(server.log.filter((line) => line.includes("/parts/"))).toHaveLength(1);

  const [key] = objects.filter((object) => !object.includes("/parts/"));
  const get = ["get", "s3://bucket/copies", key!.slice("copies/".length), "copy.pb.gz"];
  await live(get, { request: 1, fault: { kind: "cut", part: 0.5 } });
  expect(existsSync(folder.file("copy.pb.gz"))).toBe(false);
  await live(get, null);
  expect(readFileSync(folder.file("copy.pb.gz"))).toEqual(server.bucket.objects.get(key!)!.body);
}, 120_000);

test("syncs through S3 that are killed at any request, cleaning too, lose nothing", async () => {
  const write = (instance: string, round: number) =>
    asApplication(folder.file(instance), 2, (table) => {
      for (let at = 0; at < 20; at++)
        table("records").putSync(Buffer.from(`${instance} ${round} ${at}`), Buffer.from(`round ${round}`));
    });
  const configs = { a: configOf("a"), b: configOf("b") };
  // A list and a snapshot that is sent; lists and merges; and what the cleaner takes away.
  const lives = [
    ["a", { request: 2, fault: done }],
    ["b", { request: 4, fault: undone }],
    ["a", { request: "DELETE", fault: done }],
  ] as const;
  for (const [round, [instance, death]] of lives.entries()) {
    await write(instance, round);
    await live(["sync", "--config", configs[instance]], death);
  }
  for (const instance of ["a", "b", "a"] as const) {
    await live(["sync", "--config", configs[instance], "--once"], null);
  }
  const [a, b] = [await keysOf("a"), await keysOf("b")];
  expect(a).toHaveLength(60);
  expect(b).toEqual(a);
}, 120_000);

function configOf(instance: string): string {
  return folder.write(
    `${instance}.yaml`,
    `instance: ${instance}
lmdbs: {app: {path: ${folder.file(instance)}}}
lmdb_poll_interval: 100ms
storage_poll_interval: 100ms
storage:
  type: s3
  options: {bucket: bucket, global_prefix: apps, endpoint_url: "${server.endpoint}"}
  cleanup: {enabled: true, interval: 150ms, must_keep_interval: 100ms}
`,
  );
}

async function keysOf(instance: string): Promise<string[]> {
  const keys: string[] = [];
  await asApplication(folder.file(instance), 2, (table) => {
    for (const key of table("records").getKeys({})) keys.push(String(key));
  });
  return keys;
}
