// Adds edges to one list of a running server from many connections, or to so many lists of which few are in most edges,
// and asks for edges beside that: old ones and those that were just acknowledged. Prints one JSON document.
// node bench/children/edge-writers.js ADDRESS SECONDS CONNECTIONS EDGES_A_REQUEST EDGES_THERE [LISTS]
import { setTimeout as sleep } from "node:timers/promises";
import { longListNames, longListRareEach } from "../../scripts/lib/long-list.js";
import { mix32, Random } from "../../scripts/lib/random.js";
import { quantile } from "../lib/sizes.js";

const [address, ...numbers] = process.argv.slice(2);
const [seconds, connections, edgesEach, edgesThere, lists = 1] = numbers.map(Number);
const { predicate, object, subject } = longListNames;
const askEveryMs = 20;
const random = new Random(1);
const startMs = performance.now();
const isOver = () => performance.now() - startMs > seconds * 1000;
const [writesMs, oldMs, newMs] = [[], [], []];
const perSecond = new Array(Math.ceil(seconds)).fill(0);
let [made, acknowledged, newest] = [edgesThere, 0, 0];

/** A rank of the number, with a power-law bias to the small ones. */
function listOf(number) {
  if (lists === 1) return object;
  const rank = Math.floor((lists + 1) ** (mix32(number, lists) / 2 ** 32)) - 1;
  return `${object}-${Math.min(lists - 1, rank)}`;
}

async function post(path, type, body) {
  const fromMs = performance.now();
  const answer = await fetch(`${address}${path}`, {
    method: "POST",
    headers: { "Content-Type": type },
    body,
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status}: ${text.slice(0, 200)}`);
  return { text, ms: performance.now() - fromMs };
}

async function write() {
  while (!isOver()) {
    const first = made + 1;
    made += edgesEach;
    const lines = Array.from({ length: edgesEach }, (_, at) =>
      JSON.stringify({ subject: subject(first + at), predicate, object: listOf(first + at) }),
    );
    const { ms } = await post("/api/records?preset=rdf", "application/x-ndjson", lines.join("\n"));
    writesMs.push(ms);
    acknowledged += edgesEach;
    const second = Math.floor((performance.now() - startMs) / 1000);
    perSecond[Math.min(perSecond.length - 1, second)] += edgesEach;
    newest = first + edgesEach - 1;
  }
}

/** Every so many edges of what was loaded have another object. */
function numberThere() {
  const number = 1 + random.below(edgesThere);
  return number % longListRareEach === 0 ? number - 1 : number;
}

async function ask(number, times) {
  const list = number > edgesThere ? listOf(number) : object;
  const filter = { where: { object: list, subject: subject(number) } };
  const { text, ms } = await post("/api/query", "application/json", JSON.stringify({ filter }));
  if (!text.includes(`"${subject(number)}"`)) throw new Error(`${subject(number)} is not found: ${text}`);
  times.push(ms);
}

async function read() {
  while (!isOver()) {
    await ask(numberThere(), oldMs);
    if (newest > 0) await ask(newest, newMs);
    await sleep(askEveryMs);
  }
}

await Promise.all([read(), ...Array.from({ length: connections }, write)]);
const tookSeconds = (performance.now() - startMs) / 1000;
const tenth = Math.max(1, Math.floor(perSecond.length / 10));
const mean = (some) => Math.round(some.reduce((sum, count) => sum + count, 0) / Math.max(1, some.length));
const quantiles = (times) => ({ p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) });
process.stdout.write(
  JSON.stringify({
    acknowledged,
    edgesPerSecond: Math.round(acknowledged / tookSeconds),
    firstTenth: mean(perSecond.slice(0, tenth)),
    lastTenth: mean(perSecond.slice(-tenth)),
    perTenth: Array.from({ length: 10 }, (_, at) => mean(perSecond.slice(at * tenth, (at + 1) * tenth))),
    slowestSecond: Math.min(...perSecond),
    write: quantiles(writesMs),
    old: quantiles(oldMs),
    recent: quantiles(newMs),
  }),
);
