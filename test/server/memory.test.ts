import { spawnSync } from "node:child_process";
import { createReadStream, statSync } from "node:fs";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { afterAll, afterEach, expect, test } from "vitest";
import type { ImportReport } from "../../src/pipeline/index.js";
import { makeFolder, projectFile } from "../support/cli.js";
import { startServer, stopServers } from "./server-process.js";

const folder = makeFolder();
afterEach(stopServers);
afterAll(folder.remove);

const headers = { Accept: "application/json" };
const lineBytes = 144 * 2 ** 20;

/** A body that comes as it is asked for. */
function streaming(stream: Readable): RequestInit {
  return { method: "POST", headers, body: Readable.toWeb(stream) as never, duplex: "half" } as RequestInit;
}

test("an upload larger than the line, with queries beside it, stays under the line", async () => {
  const file = folder.file("events.jsonl");
  const script = projectFile("scripts/gen.js");
  spawnSync(process.execPath, [script, "nostr", "--count", "200000", "--out", file]);
  expect(statSync(file).size).toBeGreaterThan(lineBytes);
  const server = await startServer(folder, ["store", "--memory", String(lineBytes)]);
  let isDone = false;
  const asking = (async () => {
    while (!isDone) {
      await server.call("/api/query", { method: "POST", body: '{"nostr":{"kinds":[1],"limit":100}}' });
      await server.call("/api/imports");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const path = "/api/import?preset=nostr&name=events.jsonl";
  const response = await server.call(path, streaming(createReadStream(file)));
  expect(response.status).toBe(200);
  const { records } = (await response.json()) as ImportReport;
  expect(records).toMatchObject({ read: 200_000, rejected: 0 });
  isDone = true;
  await asking;
  expect(server.peakBytes()).toBeLessThanOrEqual(lineBytes);
  let exported = 0;
  const all = await server.call("/api/export");
  for await (const chunk of all.body as AsyncIterable<Uint8Array>) {
    for (const byte of chunk) if (byte === 0x0a) exported++;
  }
  expect(exported).toBe(records.stored);
  const { store } = await server.json<{ store: { postings: number } }>("/api/store");
  expect(store.postings).toBeGreaterThan(200_000);
  const first = await server.call("/api/query", {
    method: "POST",
    body: '{"nostr":{"kinds":[1],"limit":5000}}',
  });
  expect((await first.text()).split("\n")).toHaveLength(5001);
  expect(server.peakBytes()).toBeLessThanOrEqual(lineBytes);
}, 300_000);

test("a gigabyte of zeros in a megabyte of gzip is one rejected record", async () => {
  const server = await startServer(folder, ["bomb", "--memory", String(lineBytes)]);
  const path = "/api/import?entity=Doc&key=id&format=jsonl&name=bomb.jsonl.gz";
  const response = await server.call(path, streaming(Readable.from(zeros()).pipe(createGzip())));
  expect(response.status).toBe(200);
  const { records } = (await response.json()) as ImportReport;
  expect(records).toMatchObject({ read: 2, stored: 1, rejected: 1 });
  expect(server.peakBytes()).toBeLessThanOrEqual(lineBytes);
}, 300_000);

function* zeros(): Generator<Buffer> {
  const chunk = Buffer.alloc(2 ** 20, 0x30);
  yield Buffer.from('{"id":1}\n');
  for (let at = 0; at < 1024; at++) yield chunk;
  yield Buffer.from("\n");
}
