import { hostname } from "node:os";
import { requestOfArguments, requestOfFile, type SyncRequest } from "../preparation/index.js";
import { isSyncConfig } from "./config-file.js";
import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";
import { syncApplications } from "./snapshot-application.js";
import { wordsOf } from "./snapshot-command.js";
import { databaseName, instanceName } from "./snapshot-names.js";

/** Keeps databases and a storage at one state: those of a configuration, or one that is named. */
export async function runSnapshotSync(host: CommandHost, args: readonly string[]): Promise<number> {
  const request = (await configuredRequest(host, args)) ?? argumentRequest(host, args);
  await syncApplications(host, request, "both");
  return exitCodes.done;
}

async function configuredRequest(host: CommandHost, args: readonly string[]): Promise<SyncRequest | null> {
  const file = host.values.text("config");
  if (file === null || args.length > 0 || !(await isSyncConfig(file))) return null;
  return requestOfFile(file, syncHost(host));
}

function argumentRequest(host: CommandHost, args: readonly string[]): SyncRequest {
  const [path, url] = wordsOf("sync", args, ["STORE", "URL"]);
  return applicationRequest(host, path!, url!);
}

/** One database as the command line names it. */
export function applicationRequest(host: CommandHost, path: string, url: string): SyncRequest {
  const database = { path, name: databaseName(host, path), instance: instanceName(host) };
  return requestOfArguments(database, url, syncHost(host));
}

function syncHost({ values, environment }: CommandHost) {
  return { values, environment, hostname: hostname() };
}
