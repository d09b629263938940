// Clients of a relay: they sign events, write them with some ahead on each socket, ask, or do not listen.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as secp256k1 from "tiny-secp256k1";
import WebSocket from "ws";

const attemptDelayMs = 250;

const secrets = Array.from({ length: 50 }, (_, at) => createHash("sha256").update(`author ${at}`).digest());
const pubkeys = secrets.map((secret) => Buffer.from(secp256k1.xOnlyPointFromScalar(secret)).toString("hex"));

let made = 0;

/** A signed event, with a text of so many bytes in addition. */
export function signedEvent(extraBytes = 0) {
  const number = made++;
  const author = number % secrets.length;
  const pubkey = pubkeys[author];
  const created_at = 1_700_000_000 + number;
  const tags = [["t", `topic-${number % 300}`]];
  const content = `Note ${number} of a test of writing, with some words that are searched for${" x".repeat(extraBytes / 2)}`;
  const digest = createHash("sha256")
    .update(JSON.stringify([0, pubkey, created_at, 1, tags, content]))
    .digest();
  const sig = Buffer.from(secp256k1.signSchnorr(digest, secrets[author])).toString("hex");
  return { id: digest.toString("hex"), pubkey, created_at, kind: 1, tags, content, sig };
}

export const quantiles = (times) => {
  times.sort((left, right) => left - right);
  const at = (part) => Math.round(times[Math.floor((times.length - 1) * part)] * 10) / 10;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
};

/** A server that has no room turns sockets away: null when it did so until the time was over. */
async function connect(url, endMs) {
  for (;;) {
    const socket = new WebSocket(url);
    try {
      await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
      return socket;
    } catch {
      if (performance.now() > endMs) return null;
      await sleep(attemptDelayMs);
    }
  }
}

/**
 * Keeps so many events on their way until the time is over, and gives the times that their OKs took. An event
 * that is turned down counts as refused.
 */
export async function write(url, { events, ahead, endMs }) {
  const socket = await connect(url, endMs);
  if (socket === null) return { tookMs: [], refused: 0, isAway: true };
  const sentMs = new Map();
  const tookMs = [];
  let refused = 0;
  await new Promise((resolve) => {
    const send = () => {
      const next = performance.now() < endMs ? events.pop() : undefined;
      if (next !== undefined) {
        sentMs.set(next.id, performance.now());
        socket.send(JSON.stringify(["EVENT", next]));
      } else if (sentMs.size === 0) resolve();
    };
    socket.on("message", (data) => {
      const [type, id, isAccepted] = JSON.parse(data);
      if (type !== "OK") return;
      if (isAccepted) tookMs.push(performance.now() - sentMs.get(id));
      else refused++;
      sentMs.delete(id);
      send();
    });
    socket.once("close", resolve);
    for (let at = 0; at < ahead; at++) send();
  });
  socket.close();
  return { tookMs, refused, isAway: false };
}

/** Asks for the newest twenty of a topic or an author, one REQ after another. */
export async function read(url, endMs) {
  const socket = await connect(url, endMs);
  const tookMs = [];
  for (let number = 0; socket !== null && performance.now() < endMs; number++) {
    const filter =
      number % 2 === 0 ? { "#t": [`topic-${number % 300}`] } : { authors: [pubkeys[number % 50]] };
    const startMs = performance.now();
    socket.send(JSON.stringify(["REQ", "x", { ...filter, limit: 20 }]));
    await new Promise((resolve) => {
      function over() {
        socket.off("message", listen).off("close", over);
        resolve();
      }
      function listen(data) {
        if (/^\["(EOSE|CLOSED)"/.test(data.toString())) over();
      }
      socket.on("message", listen).once("close", over);
    });
    if (socket.readyState !== WebSocket.OPEN) break;
    tookMs.push(performance.now() - startMs);
  }
  socket?.close();
  return { tookMs, isAway: socket === null };
}

/** Sockets that subscribe to everything and read nothing, until they are closed. */
export async function deafen(url, count, endMs) {
  const sockets = [];
  for (let number = 0; number < count; number++) {
    const socket = await connect(url, endMs);
    if (socket === null) break;
    // The server may well lose its patience with them.
    socket.on("error", () => {});
    for (let at = 0; at < 8; at++) socket.send(JSON.stringify(["REQ", `all-${at}`, { limit: 500 }]));
    socket.pause();
    sockets.push(socket);
  }
  return () => {
    for (const socket of sockets) socket.terminate();
  };
}
