#!/usr/bin/env node
// A bulk API over HTTP under a memory line, with retries: `node examples/batches/http.js [ROWS]`. The API is
// a small server of its own, in a process of its own (`bulk-api.js`), that is busy at times and loses answers
// at others.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { governedBatches } from "plimsoll";
import { printPeak } from "./peak.js";
import { products } from "./rows.js";

const lineBytes = 256 * 1024 * 1024;
const count = Number(process.argv[2] ?? 60_000);
const attemptsMax = 12;
const delayMsMax = 2000;

const api = fork(new URL("bulk-api.js", import.meta.url));
const [{ url }] = await once(api, "message");

/** Sends a batch until it is taken. The key makes a repeated request harmless: the server knows it. */
async function send(batch, key) {
  const body = batch.items.map((row) => JSON.stringify(row)).join("\n");
  for (let attempt = 1; ; attempt++) {
    const response = await post(body, key);
    if (response?.ok) return attempt;
    const mayRetry = response === undefined || response.status === 429 || response.status === 503;
    if (!mayRetry || attempt === attemptsMax) throw new Error(`batch ${key} is refused: ${response?.status}`);
    await sleep(delayMsOf(attempt, response?.headers.get("retry-after")));
  }
}

/** The answer, without its body; undefined when none came. */
async function post(body, key) {
  try {
    const response = await fetch(`${url}/bulk`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", "idempotency-key": key },
      body,
      signal: AbortSignal.timeout(30_000),
    });
    await response.arrayBuffer();
    return response;
  } catch {
    return undefined;
  }
}

/**
 * What the server asks for, or twice as long each time; spread at random, so that clients do not come in
 * waves.
 */
function delayMsOf(attempt, retryAfter) {
  const asked = retryAfter === null || retryAfter === undefined ? Number.NaN : Number(retryAfter) * 1000;
  const delayMs = Number.isFinite(asked) ? asked : Math.min(delayMsMax, 20 * 2 ** attempt);
  return delayMs * (1 + Math.random() / 2);
}

let rows = 0;
let batches = 0;
let bytes = 0;
let requests = 0;
for await (const batch of governedBatches(products(count), { line: lineBytes, memory: "8MiB" })) {
  requests += await send(batch, `products-${batches}`);
  rows += batch.length;
  bytes += batch.bytes;
  batches++;
}
const { stored, repeated } = await (await fetch(`${url}/stats`)).json();
api.disconnect();

console.log(
  `${rows} rows of ${(bytes / 2 ** 20).toFixed(0)} MiB in ${batches} batches, ${requests} requests`,
);
console.log(`the server has ${stored} rows; ${repeated} requests came again and were known by their key`);
printPeak(lineBytes);
