import { PlimsollError, snapshotInstancesMax } from "../../kernel/index.js";
import type { SnapshotStorage, StorageCallOptions } from "../../ports/index.js";
import { parseSnapshotName, snapshotPrefix } from "../wire/snapshot-name.js";

export interface LatestSnapshot {
  instance: string;
  name: string;
  bytes: number;
  timestampNano: bigint;
}

export interface LatestSnapshots {
  /** One of each instance, in the order of their names. */
  snapshots: LatestSnapshot[];
  /** Snapshots of the database altogether. */
  count: number;
  /** Objects that begin like snapshots of the database and are none. */
  foreign: number;
}

/**
 * The newest snapshot of each instance: the last by name, whatever order a list comes in. Nothing is read of
 * them.
 */
export async function latestSnapshots(
  storage: SnapshotStorage,
  database: string,
  options: StorageCallOptions,
): Promise<LatestSnapshots> {
  const latest = new Map<string, LatestSnapshot>();
  let count = 0;
  let foreign = 0;
  for await (const { name, bytes } of storage.list(snapshotPrefix(database), options)) {
    const parts = parseSnapshotName(name);
    if (parts === undefined || parts.database !== database) {
      foreign++;
      continue;
    }
    count++;
    const { instance, timestampNano } = parts;
    const former = latest.get(instance);
    if (former === undefined && latest.size === snapshotInstancesMax) throw tooMany(storage, database);
    if (former === undefined || former.name < name)
      latest.set(instance, { instance, name, bytes, timestampNano });
  }
  const snapshots = [...latest.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return { snapshots, count, foreign };
}

function tooMany(storage: SnapshotStorage, database: string): PlimsollError {
  const reason = `it has snapshots of ${database} by more than ${snapshotInstancesMax} instances`;
  return new PlimsollError("STORAGE_FAILED", { storage: storage.name, reason });
}
