import { snapshotTellMs } from "../../kernel/index.js";
import { type HealthCheck, worstOf } from "./health.js";
import { ReplicaService, type ReplicaServiceHost, type ReplicaSettings } from "./replica-service.js";
import { SyncService, type SyncSettings } from "./sync-service.js";

/** What the server does with snapshots beside answering; either may be left out. */
export interface SnapshotSettings {
  sync: SyncSettings | null;
  replica: ReplicaSettings | null;
}

type Listener = (event: "snapshots" | "store") => void;

/** Syncs and replicas of one server. */
export class SnapshotWork {
  readonly sync: SyncService | null;
  readonly replica: ReplicaService | null;
  readonly #listeners: Set<Listener>;

  private constructor(sync: SyncService | null, replica: ReplicaService | null, listeners: Set<Listener>) {
    this.sync = sync;
    this.replica = replica;
    this.#listeners = listeners;
  }

  /** Nothing begins before `start`: but what can never work is refused here. */
  static async open(
    { sync, replica }: SnapshotSettings,
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
    return new SnapshotWork(
      sync === null ? null : new SyncService(sync, { note: host.note, onChange }),
      replica === null ? null : await ReplicaService.open(replica, { ...host, onChange, onPulled }),
      listeners,
    );
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
