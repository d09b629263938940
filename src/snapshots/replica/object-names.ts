import { parseSnapshotName } from "../wire/snapshot-name.js";

/** Whose copy, of which store. */
export interface ReplicaOwner {
  /** As names of its objects begin. */
  name: string;
  instance: string;
}

/** The name of a manifest, taken apart; null where it is no name of a snapshot. */
export function ownerOfManifest(object: string): (ReplicaOwner & { timestampNano: bigint }) | null {
  const parsed = parseSnapshotName(object);
  if (parsed === undefined) return null;
  return { name: parsed.database, instance: parsed.instance, timestampNano: parsed.timestampNano };
}

/** Parts lie in a folder, where nobody looks for snapshots. */
export function partPrefix({ name, instance }: ReplicaOwner): string {
  return `parts/${name}__${instance}__`;
}

/** Named by what it holds: an object is never replaced by another one. */
export function partObject(owner: ReplicaOwner, digest: string): string {
  return `${partPrefix(owner)}${digest}.pb.gz`;
}

/** The digest in the name of a part; null where it is none of this owner. */
export function digestOfObject(owner: ReplicaOwner, object: string): string | null {
  const rest = object.slice(partPrefix(owner).length);
  return /^([0-9a-f]{64})\.pb\.gz$/.exec(rest)?.[1] ?? null;
}
