import { PlimsollError, snapshotTellMs } from "../../kernel/index.js";
import { type HealthCheck, worstOf } from "./health.js";
import { ReplicaService, type ReplicaServiceHost, type ReplicaSettings } from "./replica-service.js";
import { SyncService, type SyncSettings } from "./sync-service.js";

/** What the server does with snapshots beside answering; either may be left out. */
export interface SnapshotSettings {
  sync: SyncSettings | null;
  replica: ReplicaSettings | null;
  /** No store is served: nothing can be written into one. */
  isStoreless?: boolean;
}

type Listener = (event: "snapshots" | "store") => void;

/** Syncs and replicas of one server. */
export class SnapshotWork {
  readonly sync: SyncService | null;
  readonly replica: ReplicaService | null;
  readonly isStoreless: boolean;
  readonly #storePath: string;
  readonly #listeners: Set<Listener>;

  private constructor(
    parts: Pick<SnapshotWork, "sync" | "replica" | "isStoreless">,
    storePath: string,
    listeners: Set<Listener>,
  ) {
    this.sync = parts.sync;
    this.replica = parts.replica;
    this.isStoreless = parts.isStoreless;
    this.#storePath = storePath;
    this.#listeners = listeners;
  }

  /** Why nobody may write into the store: what is written into a copy would be in the way of a pull. */
  get writeRefusal(): PlimsollError | null {
    if (this.replica !== null) return new PlimsollError("REPLICA_READ_ONLY", { store: this.#storePath });
    return this.isStoreless ? new PlimsollError("STORE_NOT_SERVED") : null;
  }

  /** Nothing begins before `start`: but what can never work is refused here. */
  static async open(
    { sync, replica, isStoreless = false }: SnapshotSettings,
    host: Omit<ReplicaServiceHost, "onChange">,
  ): Promise<SnapshotWork> {
    const listeners = new Set<Listener>();
    const tell: Listener = (event) => {
      for (const listener of listeners) listener(event);
    };
    const onChange = coalesced(() => tell("snapshots"));
    const onPulled = (isNew: boolean) => {
      host.onPulled(isNew);
      if (isNew) tell("store");
    };
    const parts = {
      isStoreless,
      sync: sync === null ? null : new SyncService(sync, { note: host.note, onChange }),
      replica: replica === null ? null : await ReplicaService.open(replica, { ...host, onChange, onPulled }),
    };
    return new SnapshotWork(parts, host.storePath, listeners);
  }

  start(): void {
    this.sync?.start();
    this.replica?.start();
  }

  get isAny(): boolean {
    return this.sync !== null || this.replica !== null;
  }

  /** Bytes of the line that an import leaves alone. Beside a replica there is none. */
  get besideBytes(): number {
    return this.sync?.besideBytes ?? 0;
  }

  checks(): HealthCheck[] {
    const nowMs = Date.now();
    return worstOf([...(this.sync?.checks(nowMs) ?? []), ...(this.replica?.checks(nowMs) ?? [])]);
  }

  /** `snapshots` comes when something is otherwise, not for each thing; `store` when a replica has news. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await Promise.all([this.sync?.close(), this.replica?.close()]);
  }
}

/** Calls that come close together are one. */
function coalesced(call: () => void): () => void {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      call();
    }, snapshotTellMs).unref();
  };
}
