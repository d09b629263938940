#!/usr/bin/env node
// Two importers in one process that share one line: `node examples/batches/two-importers.js [ROWS]`. One
// reads objects, the other a Web stream of text; each writes a file. Neither knows of the other: the governor
// divides the memory.
import { mkdtempSync, rmSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReadableStream } from "node:stream/web";
import { BatchGovernor, governedBatches } from "plimsoll";
import { printPeak } from "./peak.js";
import { products } from "./rows.js";

const lineBytes = 256 * 1024 * 1024;
const count = Number(process.argv[2] ?? 80_000);
const folder = mkdtempSync(join(tmpdir(), "plimsoll-two-importers-"));
const governor = new BatchGovernor({ line: lineBytes, memory: "24MiB" });
let leasedBytesMax = 0;

/** Writes batches to a file, each synced before the next is asked for. */
async function load(name, source, textOf) {
  const file = await open(join(folder, name), "w");
  let items = 0;
  let batches = 0;
  let bytes = 0;
  try {
    for await (const batch of governedBatches(source, { governor })) {
      leasedBytesMax = Math.max(leasedBytesMax, governor.leasedBytes);
      for (let from = 0; from < batch.length; from += 1000) {
        await file.write(
          batch.items
            .slice(from, from + 1000)
            .map(textOf)
            .join(""),
        );
      }
      await file.datasync();
      items += batch.length;
      batches++;
      bytes += batch.bytes;
    }
  } finally {
    await file.close();
  }
  const { size } = await stat(join(folder, name));
  console.log(
    `${name}: ${items} items of ${(bytes / 2 ** 20).toFixed(0)} MiB in ${batches} batches, ${size} bytes written`,
  );
}

/** Lines of a log, as a Web stream. */
function logLines(lines) {
  let number = 0;
  return new ReadableStream({
    pull(controller) {
      if (number === lines) controller.close();
      else controller.enqueue(`${number++} ${"GET /products/".padEnd(200 + (number % 300), "x")}\n`);
    },
  });
}

try {
  await Promise.all([
    load("products.jsonl", products(count), (product) => `${JSON.stringify(product)}\n`),
    load("log.txt", logLines(count * 2), (line) => line),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
console.log(`batches of both together held ${mib(leasedBytesMax)} of ${mib(governor.budgetBytes)} at most`);
printPeak(lineBytes);
