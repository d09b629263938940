import { doubledMs, syncHeapBytes, syncRetryMsMax, syncRetryMsMin, systemClock } from "../../kernel/index.js";
import { loadSyncs, type OpenSync, type SyncRequest, type SyncRoom } from "../../preparation/index.js";
import type { SyncEvent, SyncStatus } from "../../snapshots/index.js";
import { logTextOf } from "../failure.js";
import { codeOf, type HealthCheck, stateAfter } from "./health.js";
import { checksOfSync } from "./sync-health.js";

export interface SyncSettings {
  request: SyncRequest;
  room: SyncRoom;
}

export interface SyncServiceHost {
  note: (text: string) => void;
  /** Something is otherwise than before. */
  onChange: () => void;
}

/** What ended a sync that should have gone on. */
export interface SyncTrouble {
  error: unknown;
  sinceMs: number;
  count: number;
  retryMs: number;
  retryAtMs: number;
}

/** Syncs databases beside the server. One that ends is begun again, and the server goes on meanwhile. */
export class SyncService {
  readonly settings: SyncSettings;
  readonly #host: SyncServiceHost;
  readonly #stop = new AbortController();
  readonly #openedAtBytes = process.memoryUsage.rss();
  #running: Promise<void> = Promise.resolve();
  #sync: OpenSync | null = null;
  #trouble: SyncTrouble | null = null;
  /** How often it ended and was begun again. */
  endings = 0;
  /** What fails, by database and work: told once, and once more when it goes well again. */
  readonly #told = new Set<string>();

  constructor(settings: SyncSettings, host: SyncServiceHost) {
    this.settings = settings;
    this.#host = host;
  }

  start(): void {
    this.#running = this.#run();
  }

  get trouble(): SyncTrouble | null {
    return this.#trouble;
  }

  get statuses(): SyncStatus[] {
    return this.#sync?.runs.map(({ status }) => status) ?? [];
  }

  get storageName(): string {
    return this.#sync?.storage.name ?? this.settings.request.url;
  }

  get leases(): { usedBytes: number; bytesMax: number; waiting: number } {
    const { usedBytes, waiting } = this.#sync?.leases ?? { usedBytes: 0, waiting: 0 };
    return { usedBytes, bytesMax: this.settings.room.bytesMax, waiting };
  }

  /** Bytes of the line that are its own and not resident yet: an import counts what is. */
  get besideBytes(): number {
    const shareBytes = syncHeapBytes + this.settings.room.bytesMax;
    return Math.max(0, this.#openedAtBytes + shareBytes - process.memoryUsage.rss());
  }

  checks(nowMs: number): HealthCheck[] {
    const { health } = this.settings.request.config;
    const trouble = this.#trouble;
    const own: HealthCheck = { name: "sync", state: "ok", sinceMs: null, code: null };
    if (trouble !== null) {
      // Whatever ends a sync is no hiccup of the storage: it shows at once.
      const thresholds = { warnMs: 0, errorMs: health.start.error_duration };
      own.state = stateAfter(nowMs - trouble.sinceMs, thresholds);
      own.sinceMs = trouble.sinceMs;
      own.code = codeOf(trouble.error);
    } else if (this.#sync === null) own.state = "starting";
    return [own, ...this.statuses.flatMap((status) => checksOfSync(status, health, nowMs))];
  }

  /** Settles when nothing of it is at work any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#runOnce(signal);
      } catch (error) {
        if (signal.aborted) return;
        const retryMs = this.#fail(error);
        await systemClock.sleep(retryMs, signal);
      }
    }
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    const { request, room } = this.settings;
    const { openSync } = await loadSyncs();
    await using sync = await openSync(request, {
      room,
      direction: "both",
      signal,
      onEvent: (database, event) => this.#hear(database, event),
      onProgress: () => {},
    });
    this.#sync = sync;
    this.#host.onChange();
    // What ended it last time has passed when it goes on for longer than was waited for.
    const former = this.#trouble;
    const settled = setTimeout(
      () => {
        this.#trouble = null;
      },
      former === null ? 0 : former.retryMs,
    );
    try {
      await sync.run();
    } finally {
      clearTimeout(settled);
    }
  }

  /** How long to wait before it is begun again. */
  #fail(error: unknown): number {
    const nowMs = Date.now();
    const former = this.#trouble;
    this.endings++;
    const count = (former?.count ?? 0) + 1;
    const retryMs = doubledMs(count, syncRetryMsMin, syncRetryMsMax);
    this.#trouble = { error, count, sinceMs: former?.sinceMs ?? nowMs, retryMs, retryAtMs: nowMs + retryMs };
    if (former === null || logTextOf(former.error) !== logTextOf(error))
      this.#host.note(`The sync ended, and is begun again: ${logTextOf(error)}\n`);
    this.#host.onChange();
    return retryMs;
  }

  #hear(database: string, event: SyncEvent): void {
    if (event.kind === "failed") {
      const key = `${database} ${event.work}`;
      if (!this.#told.has(key))
        this.#host.note(`${database}: ${event.work} failed, and is tried again: ${logTextOf(event.error)}\n`);
      this.#told.add(key);
    } else if (event.kind === "recovered") {
      if (this.#told.delete(`${database} ${event.work}`))
        this.#host.note(`${database}: ${event.work} goes well again\n`);
    } else if (event.kind === "unreadable")
      this.#host.note(`${database}: passed over: ${logTextOf(event.error)}\n`);
    this.#host.onChange();
  }
}
