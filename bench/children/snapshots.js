// Publishes the database of an application as a snapshot, or merges snapshots into one: what it took, as
// JSON. node snapshots.js publish DATABASE FILE | merge DATABASE FILE...
import { createReadStream, createWriteStream, readFileSync, statSync } from "node:fs";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, gunzipSync } from "node:zlib";

const snapshots = await import(new URL("../../dist/snapshots/index.js", import.meta.url).href);
const [verb, path, ...files] = process.argv.slice(2);
const signal = new AbortController().signal;
const usage = process.cpuUsage();
const startMs = performance.now();
const facts = await { publish, merge, compress }[verb]();
facts.seconds ??= (performance.now() - startMs) / 1000;
const { user, system } = process.cpuUsage(usage);
facts.cpuSeconds = (user + system) / 1e6;
const status = readFileSync("/proc/self/status", "utf8");
facts.peakRssBytes = Number(/VmHWM:\s+(\d+)/.exec(status)[1]) * 1024;
process.stdout.write(`${JSON.stringify(facts)}\n`);

async function publish() {
  const environment = new snapshots.ApplicationEnvironment(path);
  const capture = await snapshots.Capture.take(environment, { schema: "native", signal });
  const measureSeconds = (performance.now() - startMs) / 1000;
  const meta = {
    generationId: "GX",
    instanceId: "bench",
    hostname: "bench",
    databaseName: "main",
    lmdbTxnId: capture.lmdbTxnId,
    timestampNano: BigInt(Date.now()) * 1_000_000n,
    fromLmdbTxnId: 0n,
  };
  const chunks = snapshots.writeSnapshot({ meta, dbis: capture.databases }, { signal });
  const file = createWriteStream(files[0]);
  await pipeline(chunks, file);
  const entries = capture.databases.reduce((sum, { count }) => sum + count, 0);
  const messageBytes = capture.databases.reduce((sum, { entriesBytes }) => sum + entriesBytes, 0);
  capture[Symbol.dispose]();
  await environment[Symbol.asyncDispose]();
  return { entries, messageBytes, gzipBytes: file.bytesWritten, measureSeconds };
}

/** All snapshots in one pass. */
async function merge() {
  const environment = new snapshots.ApplicationEnvironment(path);
  const readers = [];
  let gzipBytes = 0;
  for (const file of files) {
    const chunks = createReadStream(file, { highWaterMark: 1 << 16 });
    readers.push(await snapshots.openSnapshot(chunks, { name: file, signal }));
    gzipBytes += statSync(file).size;
  }
  const merged = snapshots.mergeSnapshots(readers, { schema: "native" });
  const report = await snapshots.mergeSnapshot(environment, merged, { schema: "native", signal });
  for (const reader of readers) await reader[Symbol.asyncDispose]();
  await environment[Symbol.asyncDispose]();
  return { ...report, gzipBytes };
}

/** What gzip alone takes for the same message: no publication is faster. */
async function compress() {
  const message = gunzipSync(readFileSync(path));
  const beganMs = performance.now();
  const chunks = (function* () {
    for (let at = 0; at < message.length; at += 1 << 16) yield message.subarray(at, at + (1 << 16));
  })();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(chunks, createGzip({ level: 1, chunkSize: 1 << 16 }), nowhere);
  return { messageBytes: message.length, seconds: (performance.now() - beganMs) / 1000 };
}
