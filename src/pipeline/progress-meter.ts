import { progressMs } from "../kernel/index.js";
import type { Governor } from "../memory/index.js";
import type { Checkpoint } from "./checkpoint.js";
import type { ImportHost, ImportPhase, ImportProgress } from "./import-plan.js";
import { recordsReadIn } from "./import-state.js";

/** What is measured: the state of the import as it changes, and the governor's gauge. */
export interface ProgressSubject {
  readonly state: Checkpoint;
  readonly governor: Governor;
}

/** Measures the phases and tells the host, ten times a second at most. */
export class ProgressMeter {
  readonly #run: ProgressSubject;
  readonly #host: ImportHost;
  readonly #startedAt = performance.now();
  readonly #secondsBefore: { read: number; merge: number; seal: number };
  readonly #bytesReadBefore: number;
  readonly #timer: NodeJS.Timeout;
  #phase: ImportPhase = "read";
  #phaseStartedAt = performance.now();
  #phaseSeconds = { read: 0, merge: 0, seal: 0 };
  #toldAt = 0;
  #bytesTotal: number | null = null;
  #mergedBytes = 0;
  #mergeBytesTotal = 0;

  constructor(run: ProgressSubject, host: ImportHost) {
    this.#run = run;
    this.#host = host;
    this.#secondsBefore = run.state.seconds;
    this.#bytesReadBefore = run.state.bytesRead;
    const sizes = run.state.sources.map((source) => source.sizeBytes);
    if (!sizes.includes(null)) this.#bytesTotal = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    // A stalled source must not freeze the display; the timer keeps nothing alive.
    this.#timer = setInterval(() => this.tick(), progressMs * 2);
    this.#timer.unref();
  }

  enter(phase: ImportPhase): void {
    this.#closePhase();
    this.#phase = phase;
    this.#mergedBytes = 0;
    this.#mergeBytesTotal = this.#run.state.runs.reduce((sum, file) => sum + file.bytes, 0);
    this.tell();
  }

  merged(bytes: number): void {
    this.#host.onMerged?.(bytes);
    this.#mergedBytes += bytes;
    this.tick();
  }

  /** Seconds of each phase, those of former processes included. */
  seconds(): { read: number; merge: number; seal: number } {
    this.#closePhase();
    const sum = (name: ImportPhase) => this.#secondsBefore[name] + this.#phaseSeconds[name];
    return { read: sum("read"), merge: sum("merge"), seal: sum("seal") };
  }

  tick(): void {
    if (performance.now() - this.#toldAt >= progressMs) this.tell();
  }

  tell(): void {
    this.#toldAt = performance.now();
    this.#host.onProgress(this.#progress());
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #closePhase(): void {
    const now = performance.now();
    this.#phaseSeconds[this.#phase] += (now - this.#phaseStartedAt) / 1000;
    this.#phaseStartedAt = now;
  }

  #progress(): ImportProgress {
    const { state, governor } = this.#run;
    const elapsed = (performance.now() - this.#startedAt) / 1000;
    const fraction = this.#fraction();
    const bytesHere = state.bytesRead - this.#bytesReadBefore;
    const isReading = this.#phase === "read";
    const left = this.#bytesTotal === null ? null : this.#bytesTotal - state.bytesRead;
    const reading = governor.latest();
    return {
      phase: this.#phase,
      fraction,
      recordsRead: recordsReadIn(state),
      bytesRead: state.bytesRead,
      bytesTotal: this.#bytesTotal,
      recordsPerSecond: this.#recordsHere() / Math.max(elapsed, 0.001),
      etaSeconds: isReading && left !== null && bytesHere > 0 ? (left / bytesHere) * elapsed : null,
      rssBytes: reading.rssBytes,
      lineBytes: governor.table.lineBytes,
      leasedBytes: governor.leasedBytes,
      rejects: state.rejected,
      elapsedSeconds: elapsed,
      anonBytes: reading.anonBytes,
      fileBytes: reading.fileBytes,
      dirtyBytes: reading.cgroup?.dirtyBytes ?? 0,
      unsyncedBytes: governor.unsyncedBytes,
      workingSetBytes: reading.cgroup?.workingSetBytes ?? null,
      stallPercent: reading.pressureSomeAvg10,
      batchBytes: governor.batchBytes,
      isNarrow: governor.isNarrow,
      throttledSeconds: governor.throttledSeconds,
      writebackSeconds: governor.writebackSeconds,
    };
  }

  #recordsBefore: number | null = null;

  #recordsHere(): number {
    const records = recordsReadIn(this.#run.state);
    this.#recordsBefore ??= records;
    return records - this.#recordsBefore;
  }

  #fraction(): number | null {
    if (this.#phase === "seal") return null;
    if (this.#phase === "merge") {
      return this.#mergeBytesTotal === 0 ? null : Math.min(1, this.#mergedBytes / this.#mergeBytesTotal);
    }
    if (this.#bytesTotal === null || this.#bytesTotal === 0) return null;
    return Math.min(1, this.#run.state.bytesRead / this.#bytesTotal);
  }
}
