import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { WritebackMeter } from "../../src/memory/index.js";
import { RunWriter } from "../../src/postings/index.js";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-writeback-"));

test("what is written and not synced is counted to the byte, and never above the bound of a run file", () => {
  const meter = new WritebackMeter();
  const syncBytes = 600_000;
  const writer = new RunWriter(join(folder, "a.run"), { syncBytes, meter });
  const block = new Uint8Array(10_000);
  for (let count = 0; count < 500; count++) {
    writer.write(block);
    expect(meter.unsyncedBytes).toBeLessThanOrEqual(syncBytes);
  }
  writer.finish();
  expect(meter.unsyncedBytes).toBe(0);
  expect(meter.peakUnsyncedBytes).toBeGreaterThan(syncBytes / 2);
  expect(meter.peakUnsyncedBytes).toBeLessThanOrEqual(syncBytes);
  expect(meter.waitedSeconds).toBeGreaterThan(0);
});

test("a run that is given up leaves nothing to wait for", () => {
  const meter = new WritebackMeter();
  const writer = new RunWriter(join(folder, "b.run"), { syncBytes: 1 << 30, meter });
  for (let count = 0; count < 100; count++) writer.write(new Uint8Array(10_000));
  expect(meter.unsyncedBytes).toBeGreaterThan(0);
  writer.abandon();
  writer.abandon();
  expect(meter.unsyncedBytes).toBe(0);
});

test("threads share one meter, and lose nothing of one another", async () => {
  const meter = new WritebackMeter();
  const source = `
    const { workerData } = require("node:worker_threads");
    const numbers = new BigInt64Array(workerData);
    for (let count = 0; count < 50_000; count++) Atomics.add(numbers, 0, 3n);`;
  const worker = new Worker(source, { eval: true, workerData: meter.shared });
  const ended = new Promise((resolve) => worker.on("exit", resolve));
  for (let count = 0; count < 50_000; count++) meter.wrote(2);
  await ended;
  expect(meter.unsyncedBytes).toBe(250_000);
});

test("syncing a file takes its bytes off and its time on", () => {
  const meter = new WritebackMeter();
  const file = openSync(join(folder, "c"), "w");
  meter.wrote(writeSync(file, Buffer.alloc(100_000)));
  meter.sync(file, 100_000);
  closeSync(file);
  expect(meter.unsyncedBytes).toBe(0);
  expect(meter.waitedSeconds).toBeGreaterThan(0);
  rmSync(folder, { recursive: true });
});
