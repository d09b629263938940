import type { SnapshotStorage } from "../ports/index.js";
import { openStorage, type StorageSettings } from "../snapshots/index.js";
import type { CommandHost } from "./host.js";

/** Opens the storage that a command line names. */
export function openCommandStorage(host: CommandHost, url: string): Promise<SnapshotStorage> {
  const endpoint = host.values.text("endpoint");
  return openStorage(url, (endpoint === null ? {} : { s3: { endpoint } }) as StorageSettings);
}
