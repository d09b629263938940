// Writes a file to standard output and stops for a while at random places, as a slow network or a busy sender does.
// Usage: node stalling-feeder.js FILE TIMES SECONDS_MAX SEED
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { Random } from "../../scripts/lib/random.js";

const [path, times, secondsMax, seed] = process.argv.slice(2);
const random = new Random(Number(seed));
const file = openSync(path, "r");
const { size } = fstatSync(file);
const stops = Array.from({ length: Number(times) }, () => random.below(size)).sort((a, b) => a - b);
const piece = Buffer.alloc(64 * 1024);
const waiting = new Int32Array(new SharedArrayBuffer(4));

for (let at = 0; at < size; ) {
  if (stops.length > 0 && at >= stops[0]) {
    stops.shift();
    Atomics.wait(waiting, 0, 0, (0.3 + random.fraction() * 0.7) * Number(secondsMax) * 1000);
  }
  const bytes = readSync(file, piece, 0, piece.length, at);
  for (let from = 0; from < bytes; ) from += write(from, bytes - from);
  at += bytes;
}
closeSync(file);

/** A pipe that is full says so when it does not block. */
function write(from, bytes) {
  try {
    return writeSync(1, piece, from, bytes);
  } catch (error) {
    if (error.code === "EPIPE") process.exit(1);
    if (error.code !== "EAGAIN") throw error;
    Atomics.wait(waiting, 0, 0, 5);
    return 0;
  }
}
