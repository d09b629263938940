// Events written one by one, or a few at a time, by many connections to a running server: how many records a
// second are acknowledged, how long a client waits, what the process takes.
// node bench/cases/live.js [--seconds 20] [--connections 64] [--records 1] [--memory 256MiB]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    connections: { type: "string", default: "64" },
    records: { type: "string", default: "1" },
    memory: { type: "string", default: "256MiB" },
  },
});
const [seconds, connections, records] = [values.seconds, values.connections, values.records].map(Number);
const program = fileURLToPath(new URL("../../bin/plimsoll.js", import.meta.url));

let made = 0;

function event() {
  const number = made++;
  const pubkey = (number % 500).toString(16).padStart(64, "0");
  const [created_at, kind] = [1_700_000_000 + number, number % 50 === 0 ? 30_023 : 1];
  const tags = [
    ["t", `topic-${number % 300}`],
    ["d", String(number % 1000)],
  ];
  const content = `Note ${number} of a test of writing, with some words that are searched for`;
  const text = JSON.stringify([0, pubkey, created_at, kind, tags, content]);
  const id = createHash("sha256").update(text).digest("hex");
  return JSON.stringify({ id, pubkey, created_at, kind, tags, content, sig: "00".repeat(64) });
}

function post(agent, url, body) {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/x-ndjson", "Content-Length": Buffer.byteLength(body) };
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const folder = mkdtempSync(join(tmpdir(), "plimsoll-live-"));
const args = [program, "serve", join(folder, "store"), "--port", "0", "--memory", values.memory];
const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
try {
  const address = await new Promise((resolve) => {
    server.stdout.on("data", (chunk) => resolve(/listening on (\S+)/.exec(String(chunk))[1]));
  });
  const url = `${address}/api/records?preset=nostr`;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  await post(agent, url, event());
  const latencies = [];
  const perSecond = [];
  let [acknowledged, refused] = [0, 0];
  const startMs = performance.now();
  const client = async () => {
    while (performance.now() - startMs < seconds * 1000) {
      const body = Array.from({ length: records }, event).join("\n");
      const sentMs = performance.now();
      const status = await post(agent, url, body);
      latencies.push(performance.now() - sentMs);
      if (status !== 200) refused++;
      else {
        acknowledged += records;
        const second = Math.floor((performance.now() - startMs) / 1000);
        perSecond[second] = (perSecond[second] ?? 0) + records;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  const tookSeconds = (performance.now() - startMs) / 1000;
  latencies.sort((left, right) => left - right);
  const quantile = (part) => Math.round(latencies[Math.floor((latencies.length - 1) * part)] * 10) / 10;
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const peakMiB = Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024);
  console.log(
    JSON.stringify({
      connections,
      recordsPerRequest: records,
      recordsPerSecond: Math.round(acknowledged / tookSeconds),
      slowestSecond: Math.min(...Array.from({ length: seconds }, (_, second) => perSecond[second] ?? 0)),
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      maxMs: quantile(1),
      refused,
      peakMiB,
      line: values.memory,
    }),
  );
  agent.destroy();
} finally {
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
}
