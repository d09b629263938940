// Signed events by EVENT, from a few WebSockets to a running server: how many a second are acknowledged, how
// long one waits, and how long a REQ takes until its EOSE meanwhile.
// node bench/cases/relay.js [--seconds 10] [--sockets 8] [--ahead 64] [--memory 256MiB]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as secp256k1 from "tiny-secp256k1";
import WebSocket from "ws";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    sockets: { type: "string", default: "8" },
    ahead: { type: "string", default: "64" },
    memory: { type: "string", default: "256MiB" },
  },
});
const [seconds, sockets, ahead] = [values.seconds, values.sockets, values.ahead].map(Number);
const program = fileURLToPath(new URL("../../bin/plimsoll.js", import.meta.url));
const secrets = Array.from({ length: 50 }, (_, at) => createHash("sha256").update(`author ${at}`).digest());
const pubkeys = secrets.map((secret) => Buffer.from(secp256k1.xOnlyPointFromScalar(secret)).toString("hex"));

let made = 0;

function event() {
  const number = made++;
  const author = number % secrets.length;
  const pubkey = pubkeys[author];
  const created_at = 1_700_000_000 + number;
  const tags = [["t", `topic-${number % 300}`]];
  const content = `Note ${number} of a test of writing, with some words that are searched for`;
  const digest = createHash("sha256")
    .update(JSON.stringify([0, pubkey, created_at, 1, tags, content]))
    .digest();
  const sig = Buffer.from(secp256k1.signSchnorr(digest, secrets[author])).toString("hex");
  return { id: digest.toString("hex"), pubkey, created_at, kind: 1, tags, content, sig };
}

const quantiles = (times) => {
  times.sort((left, right) => left - right);
  const at = (part) => Math.round(times[Math.floor((times.length - 1) * part)] * 10) / 10;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
};

async function connect(url) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

/** Keeps so many events on their way until the time is over, and gives the times that their OKs took. */
async function write(url, events, endMs) {
  const socket = await connect(url);
  const sentMs = new Map();
  const tookMs = [];
  await new Promise((resolve) => {
    const send = () => {
      const next = performance.now() < endMs ? events.pop() : undefined;
      if (next !== undefined) {
        sentMs.set(next.id, performance.now());
        socket.send(JSON.stringify(["EVENT", next]));
      } else if (sentMs.size === 0) resolve();
    };
    socket.on("message", (data) => {
      const [, id, isAccepted, text] = JSON.parse(data);
      if (!isAccepted) throw new Error(text);
      tookMs.push(performance.now() - sentMs.get(id));
      sentMs.delete(id);
      send();
    });
    for (let at = 0; at < ahead; at++) send();
  });
  socket.close();
  return tookMs;
}

/** Asks for the newest twenty of a topic or an author, one REQ after another. */
async function read(url, endMs) {
  const socket = await connect(url);
  const tookMs = [];
  for (let number = 0; performance.now() < endMs; number++) {
    const filter =
      number % 2 === 0 ? { "#t": [`topic-${number % 300}`] } : { authors: [pubkeys[number % 50]] };
    const startMs = performance.now();
    socket.send(JSON.stringify(["REQ", "x", { ...filter, limit: 20 }]));
    await new Promise((resolve) => {
      socket.on("message", function listen(data) {
        if (!data.toString().startsWith('["EOSE"')) return;
        socket.off("message", listen);
        resolve();
      });
    });
    tookMs.push(performance.now() - startMs);
  }
  socket.close();
  return tookMs;
}

const folder = mkdtempSync(join(tmpdir(), "plimsoll-relay-"));
// Signed before, so that the server has the machine for itself.
const events = Array.from({ length: seconds * 6_000 }, event).reverse();
const args = [program, "serve", join(folder, "store"), "--port", "0", "--memory", values.memory];
const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
try {
  const address = await new Promise((resolve) => {
    server.stdout.on("data", (chunk) => resolve(/listening on (\S+)/.exec(String(chunk))[1]));
  });
  const url = address.replace("http", "ws");
  await write(url, [events.pop()], performance.now() + 10_000);
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  const writers = Array.from({ length: sockets }, () => write(url, events, endMs));
  const [reads, ...writes] = await Promise.all([read(url, endMs), ...writers]);
  const took = writes.flat();
  const tookSeconds = (performance.now() - startMs) / 1000;
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  console.log(
    JSON.stringify({
      sockets,
      ahead,
      eventsPerSecond: Math.round(took.length / tookSeconds),
      ok: quantiles(took),
      requests: reads.length,
      eose: quantiles(reads),
      peakMiB: Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024),
      line: values.memory,
    }),
  );
} finally {
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
}
