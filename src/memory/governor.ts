import {
  assert,
  batchSamplesMax,
  type Clock,
  delayMsMaxDefault,
  formatBytes,
  gaugeCgroupMs,
  gradualityDefault,
  outputPerInput,
  systemClock,
  writebackPollMs,
} from "../kernel/index.js";
import { Admission } from "./admission.js";
import { type Decision, DecisionLog } from "./decisions.js";
import { Delay } from "./delay.js";
import { Gauge, type MemoryGauge, type MemoryReading } from "./gauge.js";
import { type BatchMeasure, Graduality } from "./graduality.js";
import { type Lease, Ledger } from "./leases.js";
import type { ResolvedLine } from "./line.js";
import { Pressure, PressureMode } from "./pressure.js";
import { ReliefLadder, type ReliefRecord, type ReliefRegistry, reliefWords } from "./relief.js";
import type { ShareTable } from "./share-table.js";
import { type ShareName, shareNames } from "./shares.js";
import { SizeStatistics, Timeline, type TimelinePoint } from "./timeline.js";

export interface GovernorOptions {
  table: ShareTable;
  /** Names the control group whose dirty page cache and other processes count as well. */
  line?: ResolvedLine;
  gauge?: MemoryGauge;
  graduality?: number;
  /** The longest that one batch is held back. */
  delayMsMax?: number;
  clock?: Clock;
  onDecision?: (decision: Decision) => void;
}

/** Whoever writes files tells what of them is not on the disk yet, and how long it waited for the disk. */
export interface WritebackSource {
  readonly unsyncedBytes: number;
  /** The most that it ever was, where it is known: readings now and then miss it. */
  readonly peakUnsyncedBytes?: number;
  readonly waitedSeconds: number;
}

export interface GovernorStatistics {
  /** How often each step was taken, the door first. */
  reliefs: Record<string, number>;
  reliefSteps: ReliefRecord[];
  throttledSeconds: number;
  /** Time in which the door let in one batch at a time, and how often it began or ended to. */
  narrowSeconds: number;
  modeChanges: number;
  /** Waiting for dirty data to reach the disk: at the control point, and by those who write. */
  writebackSeconds: number;
  batchBytes: { min: number; median: number; max: number };
  peakRssBytes: number;
  peakAnonBytes: number;
  /** The most that was seen dirty in the control group, and of our own files. */
  peakDirtyBytes: number;
  peakUnsyncedBytes: number;
  decisions: Decision[];
  decisionCounts: Record<string, number>;
  timeline: TimelinePoint[];
}

/**
 * Holds the division of the line: grants leases out of shares that were fixed up front, says how large the
 * next batch should be, and at each batch boundary compares the gauge with the line, first asking for memory
 * back, then slowing down.
 */
export class Governor implements Disposable {
  readonly table: ShareTable;
  readonly gauge: MemoryGauge;
  readonly relief: ReliefRegistry;
  readonly #ladder: ReliefLadder;
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  readonly #admission: Admission;
  readonly #graduality: Graduality;
  readonly #pressure: Pressure;
  readonly #mode = new PressureMode();
  readonly #throttle: Delay;
  readonly #diskDelay: Delay;
  readonly #log = new DecisionLog();
  readonly #onDecision: (decision: Decision) => void;
  readonly #timeline = new Timeline();
  readonly #batchSizes = new SizeStatistics(batchSamplesMax);
  readonly #writebackSources = new Set<WritebackSource>();
  readonly #recoveries = new Set<() => void>();
  readonly #startMs: number;
  #boundaryMs: number;
  #crossing: Promise<void> | null = null;
  #peaks = { anon: 0, dirty: 0, unsynced: 0 };
  #records = 0;
  #narrowMs = 0;
  #narrowSinceMs = 0;

  constructor(options: GovernorOptions) {
    const { table } = options;
    this.table = table;
    this.#clock = options.clock ?? systemClock;
    const delayMsMax = options.delayMsMax ?? delayMsMaxDefault;
    this.#throttle = new Delay(this.#clock, delayMsMax);
    this.#diskDelay = new Delay(this.#clock, delayMsMax);
    this.gauge = options.gauge ?? new Gauge({ cgroup: options.line?.cgroup ?? null, clock: this.#clock });
    this.#ladder = new ReliefLadder(this.#clock);
    this.relief = this.#ladder;
    const capacities = shareNames.map((name) => [name, name === "reserve" ? 0 : table.shares[name].bytes]);
    this.#ledger = new Ledger(Object.fromEntries(capacities), (lease) => {
      if (lease.share === "inputSlabs") this.#admission.released(lease);
    });
    this.#admission = new Admission(this.#ledger);
    this.#graduality = new Graduality({
      bytesMax: table.slabBytes,
      steps: options.graduality ?? gradualityDefault,
      expansionMax: 1 + outputPerInput,
    });
    this.#onDecision = options.onDecision ?? (() => {});
    this.#startMs = this.#clock.nowMs();
    this.#boundaryMs = this.#startMs;
    const groupLimitBytes = options.line?.cgroup?.limitBytes ?? null;
    this.#pressure = new Pressure({ table, groupLimitBytes, start: this.gauge.read() });
    this.#read();
  }

  /**
   * Bytes out of a share, at once. Asking for more than is left is a bug: a stage that can spill uses
   * `tryLease`.
   */
  lease(share: ShareName, bytes: number): Lease {
    const lease = this.tryLease(share, bytes);
    assert(lease !== null, `the share ${share} has no ${bytes} bytes left`);
    return lease;
  }

  tryLease(share: ShareName, bytes: number): Lease | null {
    assert(share !== "inputSlabs" && share !== "reserve", `${share} is not leased this way`);
    return this.#ledger.take(share, bytes);
  }

  /**
   * Waits at the door, in order of asking, until the share of input has room; rejects when the signal aborts.
   */
  admit(bytes: number, signal?: AbortSignal): Promise<Lease> {
    return this.#admission.admit(bytes, signal);
  }

  /** Lets an admitted lease hold one record larger than its slab, at once; false above `recordBytesMax`. */
  enlarge(lease: Lease, bytes: number): boolean {
    return bytes <= this.table.recordBytesMax && this.#admission.enlarge(lease, bytes);
  }

  /** Resolves when an enlarged lease is the only one inside. */
  alone(lease: Lease, signal?: AbortSignal): Promise<void> {
    return this.#admission.alone(lease, signal);
  }

  /** How many bytes the next batch should hold: never more than a slab. */
  get batchBytes(): number {
    return this.#graduality.bytes;
  }

  /** Tells what a finished batch measured. */
  noteBatch(batch: BatchMeasure): void {
    this.#records += batch.records;
    if (batch.bytes > 0) this.#batchSizes.add(batch.bytes);
    this.#graduality.note(batch);
  }

  get leasedBytes(): number {
    return this.#ledger.totalBytes();
  }

  leasedBytesOf(share: ShareName): number {
    return this.#ledger.usedBytes(share);
  }

  /**
   * Lowers a lease of a buffer that will not be touched beyond this, or raises it again; says what it holds.
   */
  resize(lease: Lease, bytes: number): number {
    return this.#ledger.resize(lease, bytes);
  }

  /** Counts what somebody writes towards the share of write-back. */
  watchWriteback(source: WritebackSource): Disposable {
    this.#writebackSources.add(source);
    return { [Symbol.dispose]: () => void this.#writebackSources.delete(source) };
  }

  /** Calls back when pressure has ended, so that what was lowered can be raised again. */
  onRecovery(callback: () => void): Disposable {
    this.#recoveries.add(callback);
    return { [Symbol.dispose]: () => void this.#recoveries.delete(callback) };
  }

  /** Keeps a decision for the report, in plain words. */
  note(kind: string, text: string, numbers: Record<string, number> = {}): void {
    const decision = { t: this.seconds, kind, text, ...numbers };
    this.#log.add(decision);
    this.#onDecision(decision);
  }

  /** Since the start. */
  get seconds(): number {
    return Math.round(this.#clock.nowMs() - this.#startMs) / 1000;
  }

  /**
   * The control point at each batch boundary. Cheap when there is nothing to do; under pressure it narrows
   * the door, walks the relief ladder and, when that was not enough, waits, never longer than its ceiling.
   * Whoever comes while somebody is relieving waits for the same relief.
   */
  async boundary(signal?: AbortSignal): Promise<void> {
    if (this.#crossing === null) {
      if (this.#clock.nowMs() - this.#boundaryMs < gaugeCgroupMs) return;
      this.#crossing = this.#cross(signal).finally(() => {
        this.#boundaryMs = this.#clock.nowMs();
        this.#crossing = null;
      });
    }
    await this.#crossing;
  }

  /** A fresh reading, for progress. */
  latest(): MemoryReading {
    return this.#read();
  }

  get isNarrow(): boolean {
    return this.#mode.isPressed;
  }

  get throttledSeconds(): number {
    return this.#throttle.seconds;
  }

  /** Of our own files, exactly: written and not on the disk yet. */
  get unsyncedBytes(): number {
    return this.#sumOfWriters((source) => source.unsyncedBytes);
  }

  get writebackSeconds(): number {
    const seconds = this.#diskDelay.seconds + this.#sumOfWriters((source) => source.waitedSeconds);
    return Math.round(seconds * 1000) / 1000;
  }

  statistics(): GovernorStatistics {
    const reading = this.#read();
    const reliefSteps = this.#ladder.records();
    const taken = reliefSteps.map(({ step, times }) => [step, times] as const);
    const narrowMs = this.isNarrow ? this.#clock.nowMs() - this.#narrowSinceMs : 0;
    return {
      reliefs: { stopAdmitting: Math.ceil(this.#mode.changes / 2), ...Object.fromEntries(taken) },
      reliefSteps,
      throttledSeconds: this.throttledSeconds,
      narrowSeconds: Math.round(this.#narrowMs + narrowMs) / 1000,
      modeChanges: this.#mode.changes,
      writebackSeconds: this.writebackSeconds,
      batchBytes: this.#batchSizes.summary(),
      peakRssBytes: reading.peakRssBytes,
      peakAnonBytes: this.#peaks.anon,
      peakDirtyBytes: this.#peaks.dirty,
      peakUnsyncedBytes: Math.max(
        this.#peaks.unsynced,
        ...[...this.#writebackSources].map((source) => source.peakUnsyncedBytes ?? 0),
      ),
      decisions: [...this.#log.decisions],
      decisionCounts: this.#log.counts(),
      timeline: [...this.#timeline.points],
    };
  }

  close(): void {
    this.gauge.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #cross(signal?: AbortSignal): Promise<void> {
    if (this.#dirtyOverage(this.#read()) > 0) await this.#awaitWriteback(signal);
    this.#judge();
    if (!this.isNarrow) return;
    const { lowBytes, throttleBytes } = this.#pressure.marks;
    const usedBytes = () => this.#usedBytes(this.#read(true));
    await this.#relieve(() => this.#ladder.walk({ usedBytes, targetBytes: lowBytes }));
    this.#judge();
    if (!this.isNarrow) return;
    const bytesFull = this.table.shares.reserve.bytes / 2;
    await this.#throttle.inProportion(() => usedBytes() - throttleBytes, bytesFull, signal);
  }

  /** Syncs what is ours; what others write in the same group can only be waited for. */
  async #awaitWriteback(signal?: AbortSignal): Promise<void> {
    const startMs = this.#clock.nowMs();
    const targetBytes = this.table.shares.writeback.bytes;
    const overage = () => this.#dirtyOverage(this.#read(true));
    const before = overage() + targetBytes;
    const usedBytes = () => overage() + targetBytes;
    await this.#relieve(() => this.#ladder.walk({ usedBytes, targetBytes }, ["syncWriteback"]));
    await this.#diskDelay.untilGone(overage, writebackPollMs, signal);
    const seconds = (this.#clock.nowMs() - startMs) / 1000;
    const amounts = `${formatBytes(before)} were dirty, the writeback share is ${formatBytes(targetBytes)}`;
    this.note("writeback", `waited ${seconds.toFixed(3)} s for the disk: ${amounts}`, {
      seconds,
      bytes: before,
    });
  }

  async #relieve(walk: () => Promise<void>): Promise<void> {
    const before = this.#ladder.records();
    await walk();
    for (const [index, { step, times, bytesBefore, bytesAfter }] of this.#ladder.records().entries()) {
      const past = before[index]!;
      if (times === past.times) continue;
      const from = bytesBefore - past.bytesBefore;
      const bytes = from - (bytesAfter - past.bytesAfter);
      const gave =
        bytes > 0 ? `gave back ${formatBytes(bytes)} of ${formatBytes(from)}` : "gave nothing back";
      this.note("relief", `${reliefWords[step]}, which ${gave}`, { bytes });
    }
  }

  #judge(): void {
    const nowMs = this.#clock.nowMs();
    const used = this.#usedBytes(this.#read());
    if (!this.#mode.judge(used, this.#pressure.marks, nowMs)) return;
    this.#throttle.reset();
    this.#admission.setNarrow(this.isNarrow);
    if (this.isNarrow) {
      this.#narrowSinceMs = nowMs;
      const line = formatBytes(this.table.lineBytes);
      this.note("narrow", `one batch at a time: ${formatBytes(used)} of ${line} are taken or promised`, {
        bytes: used,
      });
      return;
    }
    const ms = nowMs - this.#narrowSinceMs;
    this.#narrowMs += ms;
    this.note("recover", `back to full speed after ${(ms / 1000).toFixed(3)} s`, { seconds: ms / 1000 });
    for (const callback of [...this.#recoveries]) callback();
  }

  #usedBytes(reading: MemoryReading): number {
    return this.#pressure.usedBytes(reading, this.#ledger);
  }

  #dirtyOverage(reading: MemoryReading): number {
    const dirty = Math.max(this.#pressure.boundDirtyBytes(reading), this.unsyncedBytes);
    return dirty - this.table.shares.writeback.bytes;
  }

  #sumOfWriters(pick: (source: WritebackSource) => number): number {
    let sum = 0;
    for (const source of this.#writebackSources) sum += pick(source);
    return sum;
  }

  #read(fresh = false): MemoryReading {
    const reading = this.gauge.read(fresh);
    const { anonBytes, cgroup } = reading;
    const unsynced = this.unsyncedBytes;
    const peaks = this.#peaks;
    peaks.anon = Math.max(peaks.anon, anonBytes);
    peaks.dirty = Math.max(peaks.dirty, cgroup?.dirtyBytes ?? 0);
    peaks.unsynced = Math.max(peaks.unsynced, unsynced);
    const elapsedMs = this.#clock.nowMs() - this.#startMs;
    if (!this.#timeline.isDue(elapsedMs)) return reading;
    this.#timeline.add(elapsedMs, {
      rss: reading.rssBytes,
      anon: anonBytes,
      file: reading.fileBytes,
      leased: this.#ledger.totalBytes(),
      dirty: cgroup?.dirtyBytes ?? 0,
      records: this.#records,
      heap: reading.heapBytes,
      unsynced,
      workingSet: cgroup?.workingSetBytes ?? null,
      groupUsage: cgroup?.usageBytes ?? null,
      stallPercent: reading.pressureSomeAvg10,
      batch: this.batchBytes,
      isNarrow: this.isNarrow,
      throttled: this.throttledSeconds,
      writeback: this.writebackSeconds,
    });
    return reading;
  }
}
