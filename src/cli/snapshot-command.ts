import { boundAllocator, PlimsollError } from "../kernel/index.js";
import type { CommandHost } from "./host.js";

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

/** Exactly these words behind the verb; those in brackets may be left out. */
export function wordsOf(verb: string, args: readonly string[], names: readonly string[]): string[] {
  const least = names.filter((name) => !name.startsWith("[")).length;
  if (args.length >= least && args.length <= names.length) return [...args];
  const what =
    args.length < least ? `${names[args.length]} is missing` : `${args[names.length]} is one word too many`;
  throw wrongUsage(`${what}: plimsoll snapshot ${verb} ${names.join(" ")}`);
}

export function wrongUsage(what: string): PlimsollError {
  return new PlimsollError("USAGE", { what, command: "snapshot" });
}
