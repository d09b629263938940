import { formatBytes, isPlimsollError } from "../kernel/index.js";
import { loadSyncs, type SyncRequest } from "../preparation/index.js";
import type { SyncEvent } from "../snapshots/index.js";
import { formatCount, formatDuration } from "./format.js";
import type { CommandHost } from "./host.js";
import { SnapshotProgressDisplay } from "./snapshot-progress.js";
import { SnapshotTally } from "./snapshot-report.js";

/** Syncs applications' databases with a storage, in one direction or both, until it is done or stopped. */
export async function syncApplications(
  host: CommandHost,
  request: SyncRequest,
  direction: "push" | "pull" | "both",
): Promise<void> {
  const paths = request.databases.map(({ path }) => path);
  const isPull = direction === "pull";
  const tally = new SnapshotTally(host, {
    command: direction === "both" ? "sync" : direction,
    source: isPull ? [request.url] : paths,
    target: isPull ? paths.join(", ") : request.url,
  });
  const display = new SnapshotProgressDisplay(host, tally.line.bytes);
  for (const note of request.notes) display.notice(note);
  const { openSync, syncRoom } = await loadSyncs();
  await tally.whole(async () => {
    try {
      await using sync = await openSync(request, {
        room: syncRoom(tally.line.bytes, request),
        direction,
        signal: host.signal,
        onEvent: (database, event) => {
          tallyEvent(tally, event);
          const text = eventText(event);
          if (text !== null) display.notice(`${database}: ${text}`);
        },
        onProgress: (_, { work, name, entries, entriesTotal, bytes }) =>
          display.show({ work, name, done: entries, total: entriesTotal, unit: "entries", bytes }),
      });
      await sync.run();
    } finally {
      display.finish();
    }
  });
}

function tallyEvent(tally: SnapshotTally, event: SyncEvent): void {
  if (event.kind === "sent") {
    tally.count({ total: event.entries, sent: event.entries });
    tally.bytes.written += event.bytes;
    tally.snapshots.sent++;
  } else if (event.kind === "merged") {
    const { entries, changed } = event;
    tally.count({ total: entries, changed, kept: entries - changed });
    tally.bytes.read += event.bytes;
    tally.snapshots.merged += event.names.length;
  } else if (event.kind === "swept") tally.count({ swept: event.removed });
}

function eventText(event: SyncEvent): string | null {
  switch (event.kind) {
    case "sent": {
      const { name, entries, bytes, seconds } = event;
      const counts = `${formatCount(entries)} entries, ${formatBytes(bytes)}`;
      return `sent ${name}: ${counts}, ${formatDuration(seconds)}`;
    }
    case "merged": {
      const { names, entries, changed, seconds } = event;
      const what = names.length === 1 ? names[0]! : `${names.length} snapshots`;
      const counts = `${formatCount(changed)} of ${formatCount(entries)} entries are new`;
      return `merged ${what}: ${counts}, ${formatDuration(seconds)}`;
    }
    case "unreadable":
      return `passed over: ${event.error.message}`;
    case "failed": {
      const { error, count, work } = event;
      const message = isPlimsollError(error) ? `${error.code}: ${error.message}` : String(error);
      return `${work} failed${count === 1 ? "" : ` (${count} times)`}, and is tried again: ${message}`;
    }
    case "recovered":
      return `${event.work} goes well again`;
    case "cleaned":
      return `cleaned ${formatCount(event.removed)} snapshots that nobody needs`;
    case "swept":
      return `swept ${formatCount(event.removed)} deleted entries`;
  }
}
