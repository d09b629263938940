// Many connections that each write a record, wait for its acknowledgement, and write the next: raw sockets and
// as little else as can be, so that the server is what is measured. Prints one JSON document.
// node bench/children/live-writers.js PORT SECONDS CONNECTIONS RECORDS_A_REQUEST
import { createHash } from "node:crypto";
import { connect } from "node:net";

const [port, seconds, connections, recordsEach] = process.argv.slice(2).map(Number);
const windowSeconds = 10;
const signature = "00".repeat(64);
let made = 0;
let random = 1;

function below(count) {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((random / 2 ** 32) * count);
}

/** One author in a hundred writes half of all; three tags are on a third of the events. */
function event() {
  const number = made++;
  const author = below(2) === 0 ? below(100) : below(10_000);
  const pubkey = author.toString(16).padStart(64, "a");
  const [createdAt, kind] = [1_700_000_000 + number, number % 50 === 0 ? 30_023 : 1];
  const topic = below(3) === 0 ? `popular-${below(3)}` : `topic-${below(20_000)}`;
  const tags = `[["t","${topic}"],["d","${below(1_000_000)}"]]`;
  const content = `Note ${number} with words that are searched for, such as word${below(5_000)} and word${below(50_000)}`;
  const text = `[0,"${pubkey}",${createdAt},${kind},${tags},"${content}"]`;
  const id = createHash("sha256").update(text).digest("hex");
  return `{"id":"${id}","pubkey":"${pubkey}","created_at":${createdAt},"kind":${kind},"tags":${tags},"content":"${content}","sig":"${signature}"}`;
}

const bucketsPerDoubling = 16;
const buckets = new Float64Array(40 * bucketsPerDoubling);
const windows = [];
const outcomes = {};
let [refused, latencyMsMax] = [0, 0];
const startMs = performance.now();
const elapsedSeconds = () => (performance.now() - startMs) / 1000;

function note(status, body, latencyMs) {
  latencyMsMax = Math.max(latencyMsMax, latencyMs);
  buckets[Math.max(0, Math.floor(Math.log2(latencyMs * 1000) * bucketsPerDoubling))]++;
  if (status !== "200") {
    refused++;
    return;
  }
  const window = Math.floor(elapsedSeconds() / windowSeconds);
  windows[window] = (windows[window] ?? 0) + recordsEach;
  for (const [, state] of body.matchAll(/"state":"(\w+)"/g)) outcomes[state] = (outcomes[state] ?? 0) + 1;
}

function quantileMs(part) {
  let left = buckets.reduce((sum, count) => sum + count, 0) * part;
  const at = buckets.findIndex((count) => {
    left -= count;
    return left <= 0;
  });
  return Math.round(2 ** ((at + 1) / bucketsPerDoubling) / 10) / 100;
}

function write(socket) {
  const body = Array.from({ length: recordsEach }, event).join("\n");
  const head = `POST /api/records?preset=nostr HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
  const type = recordsEach === 1 ? "application/json" : "application/x-ndjson";
  socket.sentMs = performance.now();
  socket.write(`${head}Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

function client() {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let text = "";
    socket.setEncoding("latin1");
    socket.on("connect", () => write(socket));
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.on("data", (chunk) => {
      text += chunk;
      const headEnd = text.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)[1]);
      if (text.length < headEnd + 4 + length) return;
      note(text.slice(9, 12), text.slice(headEnd + 4), performance.now() - socket.sentMs);
      text = "";
      if (elapsedSeconds() < seconds) write(socket);
      else socket.end();
    });
  });
}

await Promise.all(Array.from({ length: connections }, client));
const tookSeconds = elapsedSeconds();
const acknowledged = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
const whole = windows.slice(0, Math.max(1, Math.floor(seconds / windowSeconds)));
process.stdout.write(
  `${JSON.stringify({
    seconds: tookSeconds,
    acknowledged,
    outcomes,
    refused,
    recordsPerSecond: Math.round(acknowledged / tookSeconds),
    windowRates: whole.map((count) => Math.round(count / Math.min(windowSeconds, tookSeconds))),
    latencyMs: { p50: quantileMs(0.5), p99: quantileMs(0.99), max: Math.round(latencyMsMax) },
    cpuSeconds: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
  })}\n`,
);
