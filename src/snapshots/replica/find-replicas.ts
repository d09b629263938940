import {
  PlimsollError,
  replicaManifestsMax,
  replicaNamesToldMax,
  replicaOwnersMax,
} from "../../kernel/index.js";
import type { SnapshotStorage } from "../../ports/index.js";
import type { ReplicaOwner } from "./object-names.js";
import { type ListedManifest, ReplicaObjects } from "./replica-objects.js";

/** The newest manifest of each store and instance, as the storage lists them; nothing is read of them. */
async function listReplicas(
  storage: SnapshotStorage,
  { name = null, signal }: { name?: string | null; signal: AbortSignal },
): Promise<ListedManifest[]> {
  const newest = new Map<string, ListedManifest>();
  for await (const listed of new ReplicaObjects(storage, signal).manifests(name)) {
    const owner = `${listed.name}__${listed.instance}`;
    const known = newest.get(owner);
    if (known === undefined && newest.size === replicaOwnersMax)
      throw new PlimsollError("SYNC_TOO_MANY", { storage: storage.name, most: replicaOwnersMax });
    if (known === undefined || known.object < listed.object) newest.set(owner, listed);
  }
  return [...newest.values()];
}

export interface SoughtReplica {
  /** Null where none is named: then it is the only one that there is, or the one called like the folder. */
  name: string | null;
  folderName: string;
  /** The instance that pushed it; null for the only one that did. */
  from: string | null;
}

/** The newest manifest of the store that is meant. */
export async function findReplica(
  storage: SnapshotStorage,
  { name, folderName, from }: SoughtReplica,
  signal: AbortSignal,
): Promise<ListedManifest> {
  const all = await listReplicas(storage, { name, signal });
  const ofInstance = from === null ? all : all.filter(({ instance }) => instance === from);
  const isNamesake = ofInstance.some((one) => one.name === folderName);
  const found =
    isNamesake && name === null ? ofInstance.filter((one) => one.name === folderName) : ofInstance;
  const names = [...new Set(found.map((one) => one.name))];
  if (names.length > 1) {
    throw new PlimsollError("REPLICA_NAMES", { storage: storage.name, names: told(names) });
  }
  const details = { storage: storage.name, name: name ?? names[0] ?? "a store" };
  if (found.length > 1) {
    const instances = told(found.map(({ instance }) => instance));
    throw new PlimsollError("REPLICA_SEVERAL", { ...details, instances });
  }
  if (found[0] !== undefined) return found[0];
  throw new PlimsollError("REPLICA_ABSENT", { ...details, from: from === null ? "" : ` by ${from}` });
}

/** The first ones, and how many more there are. */
function told(names: readonly string[]): string {
  const more = names.length - replicaNamesToldMax;
  const first = names.slice(0, replicaNamesToldMax).join(", ");
  return more > 0 ? `${first} and ${more} more` : first;
}

/** Manifests of one owner, oldest first; of very many the oldest, and the newest one. */
export async function manifestsOf(
  objects: ReplicaObjects,
  owner: ReplicaOwner,
  most = replicaManifestsMax,
): Promise<ListedManifest[]> {
  const found: ListedManifest[] = [];
  for await (const listed of objects.manifests(owner.name)) {
    if (listed.instance !== owner.instance) continue;
    if (found.length === most) found.pop();
    found.push(listed);
  }
  return found;
}
