import type { LiveLayer } from "../live/index.js";
import { peakRssBytes } from "../memory/index.js";
import { sendText } from "./answers.js";
import type { Exchange } from "./exchange.js";
import type { JobState } from "./import-job.js";
import { counter, gauge, labelsOf, type Sample } from "./metric-text.js";
import { snapshotMetrics } from "./snapshots/index.js";

const states: readonly JobState[] = ["queued", "running", "complete", "failed", "cancelled", "interrupted"];

/** `GET /metrics`: numbers in the text format of Prometheus. */
export async function getMetrics(exchange: Exchange): Promise<void> {
  const { response, imports, store, counts, settings, live, relay, snapshots } = exchange;
  const running = imports.jobs.find((job) => job.state === "running")?.progress ?? null;
  const parts = [
    gauge("memory_line_bytes", "The memory line.", settings.line.bytes),
    gauge("memory_resident_bytes", "Resident memory of the process.", process.memoryUsage.rss()),
    gauge("memory_peak_bytes", "The highest resident memory of the process so far.", peakRssBytes()),
    gauge("import_running", "Whether an import runs.", imports.isRunning ? 1 : 0),
    gauge("imports_waiting", "Imports that wait for their turn.", imports.waitingCount),
    gauge("import_records_read", "Records read by the import that runs.", running?.recordsRead ?? 0),
    gauge("import_bytes_read", "Bytes read by the import that runs.", running?.bytesRead ?? 0),
    gauge(
      "import_records_per_second",
      "Rate of the import that runs.",
      Math.round(running?.recordsPerSecond ?? 0),
    ),
    gauge("import_throttled_seconds", "Time that batches were held back.", running?.throttledSeconds ?? 0),
    gauge("queries_running", "Queries and exports at work.", store.queriesAtWork),
    counter("records_stored_total", "Records stored by ended imports.", [["", counts.recordsStored]]),
    counter("records_rejected_total", "Records set aside by ended imports.", [["", counts.recordsRejected]]),
    counter("bytes_read_total", "Bytes read by ended imports.", [["", counts.bytesRead]]),
    counter("connections_refused_total", "Connections beyond the most at once.", [
      ["", counts.connectionsRefused],
    ]),
    counter("imports_total", "Ended imports by how they ended.", samplesOf(counts.importsByState, "state")),
    counter("http_requests_total", "Answers by status.", samplesOf(counts.requests, "status")),
    ...liveMetrics(live.layer),
    gauge("relay_connections", "WebSockets of the relay.", relay.connectionCount),
    gauge("relay_subscriptions", "Subscriptions of all of them.", relay.subscriptionCount),
    counter("relay_messages_total", "Messages of peers by verb.", samplesOf(relay.counts.messages, "verb")),
    counter("relay_events_sent_total", "Events sent to subscriptions, stored and new ones.", [
      ["", relay.counts.eventsSent],
    ]),
    counter("relay_connections_refused_total", "WebSockets beyond the most at once.", [
      ["", relay.counts.connectionsRefused],
    ]),
    gauge("imports_remembered", "Imports that the server remembers.", imports.jobs.length),
    ...snapshotMetrics(snapshots),
  ];
  const text = parts.join("");
  sendText(response, 200, text, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" });
}

function liveMetrics(layer: LiveLayer | null): string[] {
  const { records, commits, folds, merges } = layer?.counts ?? {
    records: 0,
    commits: 0,
    folds: 0,
    merges: 0,
  };
  const total = (name: string, help: string, value: number) =>
    counter(`live_${name}_total`, help, [["", value]]);
  return [
    gauge("live_records", "Live records that are not folded yet.", layer?.records ?? 0),
    gauge("live_bytes", "What they take in memory.", layer?.bytes ?? 0),
    gauge("live_writes_waiting", "Requests that wait for their commit.", layer?.waiting ?? 0),
    total("records", "Live records made durable.", records),
    total("commits", "Commits that made them so: one sync each.", commits),
    total("folds", "Parts of the live layer that were written into the store.", folds),
    total("merges", "Merges of the segments that came of it.", merges),
  ];
}

function samplesOf(counts: ReadonlyMap<string, number>, label: string): Sample[] {
  const names = label === "state" ? states : [...counts.keys()].sort();
  return names.map((name) => [labelsOf({ [label]: name }), counts.get(name) ?? 0]);
}
