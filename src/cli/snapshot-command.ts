import { boundAllocator } from "../kernel/index.js";
import type { CommandHost } from "./host.js";
import { wrongUsage } from "./snapshot-words.js";

type Verb = (host: CommandHost, args: readonly string[]) => Promise<number>;

/** Loaded when they are asked for: listing needs nothing of LMDB. */
const verbs: Record<string, () => Promise<Verb>> = {
  push: async () => (await import("./snapshot-transfer.js")).runSnapshotPush,
  pull: async () => (await import("./snapshot-transfer.js")).runSnapshotPull,
  list: async () => (await import("./snapshot-read.js")).runSnapshotList,
  get: async () => (await import("./snapshot-read.js")).runSnapshotGet,
  dump: async () => (await import("./snapshot-dump.js")).runSnapshotDump,
  sync: async () => (await import("./snapshot-sync.js")).runSnapshotSync,
};

/** Publishes, fetches and merges snapshots. */
export async function runSnapshotCommand(host: CommandHost): Promise<number> {
  boundAllocator();
  const [verb, ...args] = host.args;
  const load = verb === undefined || !Object.hasOwn(verbs, verb) ? undefined : verbs[verb];
  if (load !== undefined) return (await load())(host, args);
  const what = verb === undefined ? "what to do is missing" : `there is no snapshot ${verb}`;
  throw wrongUsage(`${what}: push, pull, list, get, dump or sync`);
}
