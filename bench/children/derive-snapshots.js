// Snapshots of further instances, out of the database of one: each has changed some of the entries since, at
// its own times, and deleted some of these. node derive-snapshots.js DATABASE FOLDER FROM TO
import { createWriteStream, renameSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { mix32 } from "../../scripts/lib/random.js";

const snapshots = await import(new URL("../../dist/snapshots/index.js", import.meta.url).href);
const [path, folder, from, to] = process.argv.slice(2);
const changedOneIn = 100;
const goneOneIn = 8;
const changesSeconds = 3 * 24 * 3600;
const signal = new AbortController().signal;

const environment = new snapshots.ApplicationEnvironment(path);
const capture = await snapshots.Capture.take(environment, { schema: "native", signal });
for (let instance = Number(from); instance <= Number(to); instance += 1) await derive(instance);
capture[Symbol.dispose]();
await environment[Symbol.asyncDispose]();

async function derive(instance) {
  const timestampNano = BigInt(Date.now()) * 1_000_000n + BigInt(instance);
  const name = snapshots.makeSnapshotName({
    database: "main",
    instance: `bench-${instance}`,
    timestampNano,
  });
  const meta = {
    generationId: "GX",
    instanceId: `bench-${instance}`,
    hostname: "bench",
    databaseName: "main",
    lmdbTxnId: capture.lmdbTxnId,
    timestampNano,
    fromLmdbTxnId: 0n,
  };
  const dbis = capture.databases.map(({ head, entries }) => {
    const changed = () => changedEntries(entries, mix32(instance, 7));
    return { head, entriesBytes: bytesOf(changed()), entries: changed() };
  });
  const chunks = snapshots.writeSnapshot({ meta, dbis }, { signal });
  const part = join(folder, `${name}.part`);
  await pipeline(chunks, createWriteStream(part));
  renameSync(part, join(folder, name));
}

function bytesOf(entries) {
  let bytes = 0;
  for (const { key, value, timestampNano, isDeleted } of entries)
    bytes += snapshots.entryWireBytes(key.length, value.length, timestampNano, isDeleted ? 1 : 0);
  return bytes;
}

/** One object is all entries, as with those that it is made of. */
function* changedEntries(entries, salt) {
  const other = { key: null, value: null, timestampNano: 0n, isDeleted: false };
  let count = 0;
  for (const entry of entries) {
    count += 1;
    const own = mix32(count, salt) >>> 0;
    if (own % changedOneIn !== 0) {
      yield entry;
      continue;
    }
    other.isDeleted = (own >>> 8) % goneOneIn === 0;
    other.key = entry.key;
    other.value = other.isDeleted ? new Uint8Array(0) : revised(entry.value, own);
    other.timestampNano = entry.timestampNano + BigInt(own % changesSeconds) * 1_000_000_000n;
    yield other;
  }
}

/** The end of a record says how long it may be kept. */
function revised(value, own) {
  const revision = Buffer.from(value);
  if (revision.length >= 7) revision.writeUInt32LE(own % 86_400, revision.length - 7);
  return revision;
}
