import type { SnapshotStorage } from "../ports/index.js";
import { openStorage } from "../snapshots/index.js";
import type { CommandHost } from "./host.js";

/** Opens the storage that a command line names. */
export function openCommandStorage(
  host: CommandHost,
  url: string,
  { isMade = false }: { isMade?: boolean } = {},
): Promise<SnapshotStorage> {
  const endpoint = host.values.text("endpoint") ?? undefined;
  return openStorage(url, { file: { isMade }, s3: { endpoint } });
}
