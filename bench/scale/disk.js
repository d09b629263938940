// How fast the disk takes and gives a file that is larger than what drives keep aside.
import { closeSync, fdatasyncSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { dropFromCache } from "../lib/project.js";

const pieceBytes = 1 << 20;
const pieces = 1024;
const piecesPerSync = 64;

/** Bytes a second, written and synced as an import does, and read when nothing of it is in the page cache. */
export function diskSpeeds(folder) {
  const path = join(folder, `disk-speed-${process.pid}.tmp`);
  const piece = Buffer.alloc(pieceBytes);
  for (let at = 0; at < piece.length; at++) piece[at] = Math.imul(at, 2654435761) >>> 13;
  try {
    return { writeBytesPerSecond: writeSpeed(path, piece), readBytesPerSecond: readSpeed(path, piece) };
  } finally {
    rmSync(path, { force: true });
  }
}

function writeSpeed(path, piece) {
  const file = openSync(path, "w");
  const startedMs = performance.now();
  for (let count = 1; count <= pieces; count++) {
    writeSync(file, piece);
    if (count % piecesPerSync === 0) fdatasyncSync(file);
  }
  const speed = speedSince(startedMs);
  closeSync(file);
  return speed;
}

function readSpeed(path, piece) {
  dropFromCache(path);
  const file = openSync(path, "r");
  const startedMs = performance.now();
  while (readSync(file, piece) > 0);
  const speed = speedSince(startedMs);
  closeSync(file);
  return speed;
}

function speedSince(startedMs) {
  return Math.round((pieces * pieceBytes) / ((performance.now() - startedMs) / 1000));
}
