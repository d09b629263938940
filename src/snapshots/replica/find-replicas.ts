import { PlimsollError } from "../../kernel/index.js";
import type { SnapshotStorage } from "../../ports/index.js";
import type { ReplicaOwner } from "./object-names.js";
import { type ListedManifest, ReplicaObjects } from "./replica-objects.js";

/** The newest manifest of each store and instance, as the storage lists them; nothing is read of them. */
export async function listReplicas(
  storage: SnapshotStorage,
  { name = null, signal }: { name?: string | null; signal: AbortSignal },
): Promise<ListedManifest[]> {
  const newest = new Map<string, ListedManifest>();
  for await (const listed of new ReplicaObjects(storage, signal).manifests(name)) {
    const owner = `${listed.name}__${listed.instance}`;
    const known = newest.get(owner);
    if (known === undefined || known.object < listed.object) newest.set(owner, listed);
  }
  return [...newest.values()];
}

/** The newest manifest of a store: of the instance, or of the only one that there is. */
export async function findReplica(
  storage: SnapshotStorage,
  { name, from, signal }: { name: string; from: string | null; signal: AbortSignal },
): Promise<ListedManifest> {
  const all = await listReplicas(storage, { name, signal });
  const found = from === null ? all : all.filter(({ instance }) => instance === from);
  const details = { storage: storage.name, name };
  if (found.length > 1) {
    const instances = found.map(({ instance }) => instance).join(", ");
    throw new PlimsollError("REPLICA_SEVERAL", { ...details, instances });
  }
  if (found[0] !== undefined) return found[0];
  throw new PlimsollError("REPLICA_ABSENT", { ...details, from: from === null ? "" : ` by ${from}` });
}

/** Manifests of one owner, oldest first. */
export async function manifestsOf(objects: ReplicaObjects, owner: ReplicaOwner): Promise<ListedManifest[]> {
  const found: ListedManifest[] = [];
  for await (const listed of objects.manifests(owner.name)) {
    if (listed.instance === owner.instance) found.push(listed);
  }
  return found;
}
