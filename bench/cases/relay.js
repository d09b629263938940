// Signed events by EVENT, from WebSockets to a running server: how many a second are acknowledged, how long one
// waits, and how long a REQ takes until its EOSE meanwhile. Once with a few that behave, once with a crowd.
import { makeInput } from "../lib/project.js";
import { deafen, quantiles, read, signedEvent, write } from "../lib/relay-client.js";
import { withServer } from "../lib/serving.js";
import { parseSize } from "../lib/sizes.js";
import { uploadTo } from "../lib/uploads.js";

export const help = "signed events by WebSocket to a running server (default 30 seconds)";

const importedEvents = 300_000;

/** Events made for each second are more than are taken: made before, so that the server has the machine. */
const ways = [
  { title: "8 sockets, 64 events ahead on each", writers: 8, ahead: 64, extraBytes: 0, perSecond: 5000 },
  {
    title: "a crowd: 16 sockets write events of 57 KB, 60 are deaf, 48 ask, 300,000 events are imported",
    writers: 16,
    ahead: 4,
    extraBytes: 56_000,
    perSecond: 300,
    deaf: 60,
    readers: 48,
    isImporting: true,
  },
];

export async function run({ seconds = 30, memory = "256MiB" }) {
  const runs = [];
  for (const way of ways) runs.push(await measure(way, { seconds, memory }));
  const records = runs.reduce((sum, { events }) => sum + events, 0);
  const what =
    "Signed Nostr events by WebSocket into a new store, with one client that asks for events beside, or with all that a relay may meet at once";
  return { table: "relay", what, input: { records, bytes: null }, runs };
}

async function measure(way, { seconds, memory }) {
  const { title, writers, ahead, extraBytes, perSecond, deaf = 0, readers = 1, isImporting = false } = way;
  process.stderr.write(`${title} ...\n`);
  const events = Array.from({ length: seconds * perSecond }, () => signedEvent(extraBytes));
  const input = isImporting ? makeInput("nostr", importedEvents) : null;
  const { found, ended } = await withServer({ memory }, async ({ address }) => {
    const url = address.replace("http", "ws");
    await write(url, { events: [events.pop()], ahead: 1, endMs: performance.now() + 10_000 });
    const hear = await deafen(url, deaf, performance.now() + 10_000);
    const startMs = performance.now();
    const endMs = startMs + seconds * 1000;
    const imported = input === null ? null : uploadTo(address, input.path);
    const writing = Array.from({ length: writers }, () => write(url, { events, ahead, endMs }));
    const reading = Array.from({ length: readers }, () => read(url, endMs));
    const [writes, reads] = [await Promise.all(writing), await Promise.all(reading)];
    const tookSeconds = (performance.now() - startMs) / 1000;
    const report = await imported;
    hear();
    const took = writes.flatMap(({ tookMs }) => tookMs);
    return {
      eventsPerSecond: Math.round(took.length / tookSeconds),
      events: took.length,
      refused: writes.reduce((sum, { refused }) => sum + refused, 0),
      ok: quantiles(took),
      eose: quantiles(reads.flatMap(({ tookMs }) => tookMs)),
      turnedAway: [...writes, ...reads].filter(({ isAway }) => isAway).length,
      import: report && { state: report.state, seconds: report.seconds, stored: report.records?.stored },
    };
  });
  const lineBytes = parseSize(memory);
  return { title: `${title}, ${seconds} s`, ...found, vmHwmBytes: ended.sampler.highWaterBytes, lineBytes };
}
