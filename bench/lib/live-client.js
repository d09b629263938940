// Writes events to a running server from many connections, one request after another on each, and tells how
// it went. A process of its own, with as little work for a request as will do: the server is what is measured.
// node bench/lib/live-client.js ADDRESS SECONDS CONNECTIONS RECORDS
import { createHash } from "node:crypto";
import { connect } from "node:net";

const [address, ...numbers] = process.argv.slice(2);
const [seconds, connections, records] = numbers.map(Number);
const { hostname, port, host } = new URL(address);
const headEnd = "\r\n\r\n";
const zeros = "0".repeat(128);
const words = "with some words that are searched for, and enough of them for a note of usual length";

/** Of 500 authors and 300 topics, some of each used far more than the others. */
function event(number) {
  const author = number % 3 === 0 ? number % 7 : number % 500;
  const pubkey = author.toString(16).padStart(64, "0");
  const [created_at, kind] = [1_700_000_000 + number, number % 50 === 0 ? 30_023 : 1];
  const topic = number % 4 === 0 ? number % 5 : number % 300;
  const tags = [
    ["t", `topic-${topic}`],
    ["d", String(number % 1000)],
  ];
  const content = `Note ${number} of a test of writing, ${words}`;
  const text = JSON.stringify([0, pubkey, created_at, kind, tags, content]);
  const id = createHash("sha256").update(text).digest("hex");
  return JSON.stringify({ id, pubkey, created_at, kind, tags, content, sig: zeros });
}

let made = 0;

function requestText() {
  const body = Array.from({ length: records }, () => event(made++)).join("\n");
  const head = [
    "POST /api/records?preset=nostr HTTP/1.1",
    `Host: ${host}`,
    "Content-Type: application/x-ndjson",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join("\r\n")}${headEnd}${body}`;
}

/** The status of a whole answer; null while some of it is on its way. */
function statusOf(answer) {
  const end = answer.indexOf(headEnd);
  if (end < 0) return null;
  const length = Number(/content-length: (\d+)/i.exec(answer)[1]);
  return answer.length < end + headEnd.length + length ? null : Number(answer.slice(9, 12));
}

const latenciesMs = [];
const perSecond = new Array(seconds).fill(0);
let [acknowledged, refused] = [0, 0];
let startMs = 0;

function client(untilMs) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let [answer, sentMs] = ["", 0];
    const send = () => {
      sentMs = performance.now();
      if (sentMs >= untilMs) {
        socket.end();
        resolve();
        return;
      }
      socket.write(requestText());
    };
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("connect", send);
    socket.on("close", resolve);
    socket.on("data", (text) => {
      answer += text;
      const status = statusOf(answer);
      if (status === null) return;
      answer = "";
      const nowMs = performance.now();
      latenciesMs.push(nowMs - sentMs);
      if (status === 200) {
        acknowledged += records;
        const second = Math.min(seconds - 1, Math.floor((nowMs - startMs) / 1000));
        perSecond[second] += records;
      } else refused++;
      send();
    });
  });
}

// The first record makes the store.
startMs = performance.now();
await fetch(`${address}/api/records?preset=nostr`, { method: "POST", body: event(made++) });
startMs = performance.now();
await Promise.all(Array.from({ length: connections }, () => client(startMs + seconds * 1000)));
latenciesMs.sort((left, right) => left - right);
const quantile = (part) => Math.round(latenciesMs[Math.floor((latenciesMs.length - 1) * part)] * 10) / 10;
const tenth = Math.max(1, Math.floor(seconds / 10));
const mean = (some) => Math.round(some.reduce((sum, count) => sum + count, 0) / some.length);
console.log(
  JSON.stringify({
    acknowledged,
    refused,
    recordsPerSecond: Math.round(acknowledged / ((performance.now() - startMs) / 1000)),
    firstTenth: mean(perSecond.slice(0, tenth)),
    lastTenth: mean(perSecond.slice(-tenth)),
    perTenth: Array.from({ length: 10 }, (_, at) => mean(perSecond.slice(at * tenth, (at + 1) * tenth))),
    slowestSecond: Math.min(...perSecond),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
  }),
);
