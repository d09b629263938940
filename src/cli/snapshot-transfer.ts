import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";
import { syncApplications } from "./snapshot-application.js";
import { wordsOf } from "./snapshot-command.js";
import { applicationRequest } from "./snapshot-sync.js";

/** Publishes a database as it is. A snapshot of its own that it has lost is merged first. */
export async function runSnapshotPush(host: CommandHost, args: readonly string[]): Promise<number> {
  const [path, url] = wordsOf("push", args, ["STORE", "URL"]);
  await syncApplications(host, { ...applicationRequest(host, path!, url!), ...once }, "push");
  return exitCodes.done;
}

/** Merges what all instances have published, and publishes nothing. */
export async function runSnapshotPull(host: CommandHost, args: readonly string[]): Promise<number> {
  const [path, url] = wordsOf("pull", args, ["STORE", "URL"]);
  await syncApplications(host, { ...applicationRequest(host, path!, url!), ...once }, "pull");
  return exitCodes.done;
}

const once = { isOnce: true, failuresMax: 3 };
