// What zlib alone takes for the message of a snapshot, there and back: no publication and no merge is faster.
// node gzip-alone.js SNAPSHOT
import { createReadStream, createWriteStream, rmSync, statSync } from "node:fs";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

const [snapshot] = process.argv.slice(2);
const message = `${snapshot}.message`;
const chunkSize = 1 << 16;
await pipeline(createReadStream(snapshot), createGunzip({ chunkSize }), createWriteStream(message));
const messageBytes = statSync(message).size;
const gzipSeconds = await secondsOf(message, createGzip({ level: 1, chunkSize }));
rmSync(message);
const gunzipSeconds = await secondsOf(snapshot, createGunzip({ chunkSize }));
process.stdout.write(JSON.stringify({ messageBytes, gzipSeconds, gunzipSeconds }));

async function secondsOf(path, zlib) {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const startMs = performance.now();
  await pipeline(createReadStream(path, { highWaterMark: chunkSize }), zlib, nowhere);
  return (performance.now() - startMs) / 1000;
}
