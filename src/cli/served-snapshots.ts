import {
  PlimsollError,
  replicaEveryMsDefault,
  replicaEveryMsMin,
  servedMergeBytesMin,
  servedMergeFraction,
} from "../kernel/index.js";
import type { ResolvedLine } from "../memory/index.js";
import { loadSyncs, transferLine } from "../preparation/index.js";
import type { ServerSettings } from "../server/index.js";
import type { CommandHost } from "./host.js";
import { databaseName } from "./snapshot-names.js";
import { syncHost } from "./snapshot-sync.js";

type SnapshotSettings = NonNullable<ServerSettings["snapshots"]>;

/** What `serve` does with snapshots, as its options say. */
export async function servedSnapshots(host: CommandHost, line: ResolvedLine): Promise<SnapshotSettings> {
  return {
    sync: await syncOf(host, line),
    replica: await replicaOf(host, line),
    isStoreless: host.args.length === 0,
  };
}

async function syncOf(host: CommandHost, line: ResolvedLine): Promise<SnapshotSettings["sync"]> {
  const file = host.values.text("sync");
  if (file === null) return null;
  const { requestOfFile, syncRoom } = await loadSyncs();
  const request = requestOfFile(file, syncHost(host), { isServed: true });
  for (const note of request.notes) host.note(`${note}\n`);
  const mostBytes = Math.max(servedMergeBytesMin, Math.floor(line.bytes * servedMergeFraction));
  return { request, room: syncRoom(line.bytes, request, mostBytes) };
}

async function replicaOf(host: CommandHost, line: ResolvedLine): Promise<SnapshotSettings["replica"]> {
  const { values } = host;
  const [url, every] = [values.text("replica-of"), values.text("every")];
  if (url === null) {
    if (every !== null) throw wrongUsage("--every is for replicas: give --replica-of URL with it");
    return null;
  }
  const path = host.args[0]!;
  return {
    origin: {
      url,
      storage: { s3: { endpoint: values.text("endpoint") ?? undefined } },
      sought: {
        name: values.text("database"),
        folderName: databaseName(host, path),
        from: values.text("from"),
      },
      line: transferLine(line.bytes, "pull"),
    },
    everyMs: every === null ? replicaEveryMsDefault : await everyMsOf(every),
  };
}

async function everyMsOf(text: string): Promise<number> {
  const { parseDuration } = await loadSyncs();
  const ms = parseDuration(text);
  if (ms !== null && ms >= replicaEveryMsMin) return ms;
  throw wrongUsage(`--every must be a time such as 30s or 5m, ${replicaEveryMsMin}ms or more, not "${text}"`);
}

function wrongUsage(what: string): PlimsollError {
  return new PlimsollError("USAGE", { what, command: "serve" });
}
