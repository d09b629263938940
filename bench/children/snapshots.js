// Publishes the database of an application as a snapshot, or merges snapshots into one: what it took, as JSON.
// node snapshots.js publish DATABASE FILE | merge DATABASE FILE...
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";

const snapshots = await import(new URL("../../dist/snapshots/index.js", import.meta.url).href);
const [verb, path, ...files] = process.argv.slice(2);
const signal = new AbortController().signal;
const usage = process.cpuUsage();
const startMs = performance.now();
const facts = { ...(await (verb === "publish" ? publish() : merge())) };
facts.seconds = (performance.now() - startMs) / 1000;
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

async function merge() {
  const environment = new snapshots.ApplicationEnvironment(path);
  const total = { entries: 0, changed: 0, transactions: 0 };
  for (const file of files) {
    const chunks = createReadStream(file, { highWaterMark: 1 << 16 });
    const reader = await snapshots.openSnapshot(chunks, { name: file, signal });
    const report = await snapshots.mergeSnapshot(environment, reader, { schema: "native", signal });
    for (const name of Object.keys(total)) total[name] += report[name];
    await reader[Symbol.asyncDispose]();
  }
  await environment[Symbol.asyncDispose]();
  return total;
}
