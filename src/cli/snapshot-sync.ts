import { hostname } from "node:os";
import { loadSyncs, type SyncRequest } from "../preparation/index.js";
import { isSyncConfig } from "./config-file.js";
import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";
import { syncApplications } from "./snapshot-application.js";
import { databaseName, instanceName } from "./snapshot-names.js";
import { isOwnStore, syncStore } from "./snapshot-store.js";
import { wordsOf } from "./snapshot-words.js";

/** Keeps databases and a storage at one state: those of a configuration, or one that is named. */
export async function runSnapshotSync(host: CommandHost, args: readonly string[]): Promise<number> {
  const configured = await configuredRequest(host, args);
  if (configured !== null) await syncApplications(host, configured, "both");
  else {
    const [path, url] = wordsOf("sync", args, ["STORE", "URL"]);
    if (isOwnStore(host, path!)) await syncStore(host, path!, url!);
    else await syncApplications(host, await applicationRequest(host, path!, url!), "both");
  }
  return exitCodes.done;
}

async function configuredRequest(host: CommandHost, args: readonly string[]): Promise<SyncRequest | null> {
  const file = host.values.text("config");
  if (file === null || args.length > 0 || !(await isSyncConfig(file))) return null;
  const { requestOfFile } = await loadSyncs();
  return requestOfFile(file, syncHost(host));
}

/** One database as the command line names it. */
export async function applicationRequest(host: CommandHost, path: string, url: string): Promise<SyncRequest> {
  const { requestOfArguments } = await loadSyncs();
  const database = { path, name: databaseName(host, path), instance: instanceName(host) };
  return requestOfArguments(database, url, syncHost(host));
}

export function syncHost({ values, environment }: CommandHost) {
  return { values, environment, hostname: hostname() };
}
