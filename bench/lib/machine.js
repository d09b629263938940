// What the figures were measured on.
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";

const pieceBytes = 1 << 20;
const pieces = 64;

export function machineFacts(folder) {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
    diskWriteBytesPerSecond: Math.round(diskWriteSpeed(folder)),
    date: new Date().toISOString(),
  };
}

/** 64 MiB written and synced: what the disk takes, not what the page cache does. */
function diskWriteSpeed(folder) {
  const path = join(folder, `disk-${process.pid}.tmp`);
  const piece = Buffer.alloc(pieceBytes);
  for (let at = 0; at < piece.length; at++) piece[at] = (at * 2654435761) >>> 13;
  const file = openSync(path, "w");
  try {
    const startedMs = performance.now();
    for (let count = 0; count < pieces; count++) writeSync(file, piece);
    fdatasyncSync(file);
    return (pieces * pieceBytes) / ((performance.now() - startedMs) / 1000);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
