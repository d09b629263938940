import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";
import { syncApplications } from "./snapshot-application.js";
import { isOwnStore, pullOwnStore, pushOwnStore } from "./snapshot-store.js";
import { applicationRequest } from "./snapshot-sync.js";
import { wordsOf } from "./snapshot-words.js";

const once = { isOnce: true, failuresMax: 3 };

/** Publishes a database as it is. A snapshot of its own that it has lost is merged first. */
export async function runSnapshotPush(host: CommandHost, args: readonly string[]): Promise<number> {
  const [path, url] = wordsOf("push", args, ["STORE", "URL"]);
  if (isOwnStore(host, path!)) await pushOwnStore(host, path!, url!);
  else await syncApplications(host, { ...(await applicationRequest(host, path!, url!)), ...once }, "push");
  return exitCodes.done;
}

/** Fetches a store, or merges what all instances of an application have published, and publishes nothing. */
export async function runSnapshotPull(host: CommandHost, args: readonly string[]): Promise<number> {
  const [path, url] = wordsOf("pull", args, ["STORE", "URL"]);
  if (isOwnStore(host, path!)) await pullOwnStore(host, path!, url!);
  else await syncApplications(host, { ...(await applicationRequest(host, path!, url!)), ...once }, "pull");
  return exitCodes.done;
}
