// Signed events by EVENT, from a few WebSockets to a running server: how many a second are acknowledged, how
// long one waits, and how long a REQ takes until its EOSE meanwhile.
import { createHash } from "node:crypto";
import * as secp256k1 from "tiny-secp256k1";
import WebSocket from "ws";
import { withServer } from "../lib/serving.js";
import { parseSize } from "../lib/sizes.js";

export const help = "signed events by WebSocket to a running server (default 30 seconds)";

const sockets = 8;
/** Events that each socket has on their way. */
const ahead = 64;
/** More than are taken: made before, so that the server has the machine for itself. */
const eventsPerSecondMade = 5000;
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

export async function run({ seconds = 30, memory = "256MiB" }) {
  process.stderr.write("Signing events ...\n");
  const events = Array.from({ length: seconds * eventsPerSecondMade }, event).reverse();
  const { found, ended } = await withServer({ memory }, async ({ address }) => {
    const url = address.replace("http", "ws");
    await write(url, [events.pop()], performance.now() + 10_000);
    const startMs = performance.now();
    const endMs = startMs + seconds * 1000;
    const writers = Array.from({ length: sockets }, () => write(url, events, endMs));
    const [reads, ...writes] = await Promise.all([read(url, endMs), ...writers]);
    const took = writes.flat();
    const eventsPerSecond = Math.round(took.length / ((performance.now() - startMs) / 1000));
    return { eventsPerSecond, events: took.length, ok: quantiles(took), eose: quantiles(reads) };
  });
  const title = `${sockets} sockets, ${ahead} events ahead on each, ${seconds} s`;
  const one = {
    title,
    ...found,
    vmHwmBytes: ended.sampler.highWaterBytes,
    lineBytes: parseSize(memory),
  };
  const what =
    "Signed Nostr events by WebSocket into a new store, with one client that asks for events beside";
  return { table: "relay", what, input: { records: found.events, bytes: null }, runs: [one] };
}
