import {
  doubledMs,
  replicaErrorTimes,
  replicaSilentErrorMs,
  replicaSilentWarnMs,
  replicaWarnTimes,
  syncRetryMsMin,
  systemClock,
} from "../../kernel/index.js";
import { openReplicaFeed, type ReplicaFeed, type ReplicaOrigin } from "../../preparation/index.js";
import type { PullReport } from "../../snapshots/index.js";
import { logTextOf } from "../failure.js";
import { codeOf, type HealthCheck, stateAfter } from "./health.js";

export interface ReplicaSettings {
  origin: Omit<ReplicaOrigin, "path">;
  everyMs: number;
}

export interface ReplicaServiceHost {
  storePath: string;
  note: (text: string) => void;
  /** Work that must have the store to itself. */
  exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** Readers had to leave for a pull; whether there is another state now. */
  onPulled: (isNew: boolean) => void;
  /** Something is otherwise than before. */
  onChange: () => void;
}

export interface ReplicaTrouble {
  error: unknown;
  sinceMs: number;
  count: number;
}

export interface LastPull extends PullReport {
  atMs: number;
  seconds: number;
}

/** Keeps the server's store up with what is pushed elsewhere. Times are milliseconds since 1970. */
export class ReplicaService {
  readonly settings: ReplicaSettings;
  readonly counts = { looks: 0, pulls: 0, failures: 0, parts: 0, bytes: 0 };
  readonly startedAtMs = Date.now();
  /** When it was known last that there is nothing newer. */
  currentAtMs: number | null = null;
  nextAtMs: number | null = null;
  lastPull: LastPull | null = null;
  trouble: ReplicaTrouble | null = null;
  /** How far a pull is that is under way. */
  progress: { parts: number; partsTotal: number; bytes: number } | null = null;
  readonly #host: ReplicaServiceHost;
  readonly #feed: ReplicaFeed;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #isPulling = false;
  #heardAtMs = this.startedAtMs;

  private constructor(settings: ReplicaSettings, host: ReplicaServiceHost, feed: ReplicaFeed) {
    this.settings = settings;
    this.#host = host;
    this.#feed = feed;
  }

  static async open(settings: ReplicaSettings, host: ReplicaServiceHost): Promise<ReplicaService> {
    const feed = await openReplicaFeed({ path: host.storePath, ...settings.origin });
    return new ReplicaService(settings, host, feed);
  }

  start(): void {
    this.#running = this.#run();
  }

  get storageName(): string {
    return this.#feed.storageName;
  }

  /** The store is being written. */
  get isPulling(): boolean {
    return this.#isPulling;
  }

  checks(nowMs: number): HealthCheck[] {
    const { everyMs } = this.settings;
    const name = "replica_pull";
    if (this.trouble !== null) {
      const { error, sinceMs } = this.trouble;
      const thresholds = { warnMs: everyMs * replicaWarnTimes, errorMs: everyMs * replicaErrorTimes };
      return [{ name, state: stateAfter(nowMs - sinceMs, thresholds), sinceMs, code: codeOf(error) }];
    }
    // A storage that does not answer at all fails nothing.
    const state = stateAfter(nowMs - this.#heardAtMs, {
      warnMs: Math.max(replicaSilentWarnMs, everyMs * replicaWarnTimes),
      errorMs: Math.max(replicaSilentErrorMs, everyMs * replicaErrorTimes),
    });
    if (state !== "ok") return [{ name, state, sinceMs: this.#heardAtMs, code: null }];
    return [{ name, state: this.currentAtMs === null ? "starting" : "ok", sinceMs: null, code: null }];
  }

  /** A pull that is under way ends behind the part that it is at, and goes on there next time. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#feed[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let pauseMs = this.settings.everyMs;
      try {
        await this.#lookAndPull(signal);
        this.#succeed();
      } catch (error) {
        if (signal.aborted) return;
        pauseMs = this.#fail(error);
      }
      // Not all replicas at the same moment.
      pauseMs *= 0.75 + Math.random() / 4;
      this.nextAtMs = Date.now() + pauseMs;
      await systemClock.sleep(pauseMs, signal);
      this.nextAtMs = null;
    }
  }

  async #lookAndPull(signal: AbortSignal): Promise<void> {
    this.counts.looks++;
    if (!(await this.#feed.hasNews(signal))) return;
    this.#hear();
    await this.#host.exclusively(() => this.#pull(signal));
  }

  async #pull(signal: AbortSignal): Promise<void> {
    const startedAtMs = systemClock.nowMs();
    let isNew = false;
    this.#isPulling = true;
    try {
      const report = await this.#feed.pull(signal, (progress) => {
        this.#hear();
        this.progress = progress;
        this.#host.onChange();
      });
      const seconds = (systemClock.nowMs() - startedAtMs) / 1000;
      const isFirst = this.lastPull === null;
      if (report.isNew || isFirst) this.lastPull = { ...report, atMs: Date.now(), seconds };
      ({ isNew } = report);
      if (!isNew) return;
      this.counts.pulls++;
      this.counts.parts += report.partsRead;
      this.counts.bytes += report.bytesRead;
      this.#host.note(`pulled ${report.manifest}: ${report.records} records\n`);
    } finally {
      this.#isPulling = false;
      this.progress = null;
      this.#host.onPulled(isNew);
    }
  }

  #succeed(): void {
    if (this.trouble !== null) this.#host.note("The replica can look for what is new again\n");
    this.trouble = null;
    this.currentAtMs = Date.now();
    this.#hear();
    this.#host.onChange();
  }

  /** How long to wait before it is tried again. */
  #fail(error: unknown): number {
    const former = this.trouble;
    const count = (former?.count ?? 0) + 1;
    this.trouble = { error, count, sinceMs: former?.sinceMs ?? Date.now() };
    this.counts.failures++;
    if (former === null || logTextOf(former.error) !== logTextOf(error))
      this.#host.note(`The replica could not pull, and tries again: ${logTextOf(error)}\n`);
    this.#host.onChange();
    return doubledMs(count, syncRetryMsMin, this.settings.everyMs);
  }

  #hear(): void {
    this.#heardAtMs = Date.now();
  }
}
