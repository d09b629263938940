// Adds edges to one list of a running server from many connections, and asks for edges of the list beside that: old
// ones and those that were just acknowledged. Prints one JSON document.
// node bench/children/edge-writers.js ADDRESS SECONDS CONNECTIONS EDGES_A_REQUEST EDGES_THERE
import { setTimeout as sleep } from "node:timers/promises";
import { longListNames, longListRareEach } from "../../scripts/lib/long-list.js";
import { Random } from "../../scripts/lib/random.js";
import { quantile } from "../lib/sizes.js";

const [address, ...numbers] = process.argv.slice(2);
const [seconds, connections, edgesEach, edgesThere] = numbers.map(Number);
const { predicate, object, subject } = longListNames;
const askEveryMs = 20;
const random = new Random(1);
const startMs = performance.now();
const isOver = () => performance.now() - startMs > seconds * 1000;
const [writesMs, oldMs, newMs] = [[], [], []];
let [made, acknowledged, newest] = [edgesThere, 0, 0];

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
      JSON.stringify({ subject: subject(first + at), predicate, object }),
    );
    const { ms } = await post("/api/records?preset=rdf", "application/x-ndjson", lines.join("\n"));
    writesMs.push(ms);
    acknowledged += edgesEach;
    newest = first + edgesEach - 1;
  }
}

/** Every so many edges of what was loaded have another object. */
function numberThere() {
  const number = 1 + random.below(edgesThere);
  return number % longListRareEach === 0 ? number - 1 : number;
}

async function ask(number, times) {
  const filter = { where: { object, subject: subject(number) } };
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
const quantiles = (times) => ({ p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) });
process.stdout.write(
  JSON.stringify({
    acknowledged,
    edgesPerSecond: Math.round(acknowledged / tookSeconds),
    write: quantiles(writesMs),
    old: quantiles(oldMs),
    recent: quantiles(newMs),
  }),
);
