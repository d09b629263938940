import {
  assert,
  batchSamplesMax,
  type Clock,
  delayMsMaxDefault,
  gaugeCgroupMs,
  gradualityDefault,
  outputPerInput,
  systemClock,
} from "../kernel/index.js";
import { Admission } from "./admission.js";
import { Gauge, type MemoryGauge, type MemoryReading } from "./gauge.js";
import { type BatchMeasure, Graduality } from "./graduality.js";
import { type Lease, Ledger } from "./leases.js";
import type { ResolvedLine } from "./line.js";
import { ReliefLadder, type ReliefRegistry } from "./relief.js";
import type { ShareTable } from "./share-table.js";
import { type ShareName, shareNames } from "./shares.js";
import { SizeStatistics, Timeline, type TimelinePoint } from "./timeline.js";

export interface GovernorOptions {
  table: ShareTable;
  /** Names the control group whose dirty page cache counts as well. */
  line?: ResolvedLine;
  gauge?: MemoryGauge;
  graduality?: number;
  /** The longest that one batch is held back. */
  delayMsMax?: number;
  clock?: Clock;
}

export interface GovernorStatistics {
  reliefs: Record<string, number>;
  throttledSeconds: number;
  batchBytes: { min: number; median: number; max: number };
  peakRssBytes: number;
  peakAnonBytes: number;
  timeline: TimelinePoint[];
}

/** Leases that the gauge sees as file pages or page cache, and so are not added to anonymous memory again. */
const sharesSeenAsFile: readonly ShareName[] = ["mappedPages", "writeback"];

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
  readonly #timeline = new Timeline();
  readonly #batchSizes = new SizeStatistics(batchSamplesMax);
  readonly #delayMsMax: number;
  readonly #groupBounds: boolean;
  readonly #startMs: number;
  readonly #baselineAnonBytes: number;
  readonly #baselineHeapBytes: number;
  #lastReadMs = Number.NEGATIVE_INFINITY;
  #peakAnonBytes = 0;
  #records = 0;
  #throttledMs = 0;
  #delayPart = 1;
  #pressed = false;

  constructor(options: GovernorOptions) {
    const { table } = options;
    this.table = table;
    this.#clock = options.clock ?? systemClock;
    this.#delayMsMax = options.delayMsMax ?? delayMsMaxDefault;
    this.#groupBounds = (options.line?.cgroup?.limitBytes ?? null) !== null;
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
    this.#startMs = this.#clock.nowMs();
    const reading = this.#read();
    this.#baselineAnonBytes = Math.min(reading.anonBytes, table.baselineBytes);
    this.#baselineHeapBytes = reading.heapBytes;
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
   * The control point at each batch boundary. Cheap when there is nothing to do; under pressure it narrows
   * the door, walks the relief ladder and, when that was not enough, waits, never longer than its ceiling.
   */
  async boundary(signal?: AbortSignal): Promise<void> {
    if (this.#clock.nowMs() - this.#lastReadMs < gaugeCgroupMs) return;
    const writebackMax = this.table.shares.writeback.bytes;
    if (this.#dirtyBytes(this.#read()) > writebackMax) {
      await this.#ladder.walk(() => this.#dirtyBytes(this.#read(true)) - writebackMax, ["syncWriteback"]);
    }
    this.#judge();
    if (!this.#pressed) return;
    await this.#ladder.walk(() => this.#pressureBytes(this.#read(true)) - this.#marks().lowBytes);
    this.#judge();
    if (this.#pressed) await this.#throttle(signal);
  }

  /** A fresh reading, for progress. */
  latest(): MemoryReading {
    return this.#read();
  }

  statistics(): GovernorStatistics {
    const reading = this.#read();
    return {
      reliefs: this.#ladder.counts(),
      throttledSeconds: Math.round(this.#throttledMs) / 1000,
      batchBytes: this.#batchSizes.summary(),
      peakRssBytes: reading.peakRssBytes,
      peakAnonBytes: this.#peakAnonBytes,
      timeline: [...this.#timeline.points],
    };
  }

  close(): void {
    this.gauge.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Pressure begins above the high mark and ends below the low one; both lie inside the reserve. */
  #marks(): { lowBytes: number; highBytes: number; throttleBytes: number } {
    const { lineBytes, shares } = this.table;
    const reserve = shares.reserve.bytes;
    return {
      lowBytes: lineBytes - reserve * 0.75,
      highBytes: lineBytes - reserve * 0.5,
      throttleBytes: lineBytes - reserve * 0.25,
    };
  }

  #judge(): void {
    const pressure = this.#pressureBytes(this.#read());
    const { lowBytes, highBytes } = this.#marks();
    const pressed = pressure > (this.#pressed ? lowBytes : highBytes);
    if (pressed === this.#pressed) return;
    this.#delayPart = 1;
    this.#pressed = pressed;
    this.#admission.setNarrow(pressed);
  }

  /**
   * Where memory stands or is about to stand: what is leased will be touched even if it is not yet, what was
   * freed may still be resident and is used again. So anonymous memory is the larger of what is there and
   * what is promised.
   */
  #pressureBytes(reading: MemoryReading): number {
    const heapGrowth = Math.max(0, reading.heapBytes - this.#baselineHeapBytes);
    const seenAsFile = sharesSeenAsFile.reduce((sum, name) => sum + this.#ledger.usedBytes(name), 0);
    const leased = this.#ledger.totalBytes() - seenAsFile;
    const promised = this.#baselineAnonBytes + leased + heapGrowth;
    return Math.max(reading.anonBytes, promised) + reading.fileBytes + this.#dirtyBytes(reading);
  }

  /**
   * Dirty page cache counts only inside a limited group: there it can kill, elsewhere the machine looks after
   * it.
   */
  #dirtyBytes(reading: MemoryReading): number {
    return this.#groupBounds ? (reading.cgroup?.dirtyBytes ?? 0) : 0;
  }

  /**
   * Holds the batch back in proportion to the overage. A wait that brought nothing is halved: it must not
   * become the rule.
   */
  async #throttle(signal?: AbortSignal): Promise<void> {
    const overageBytes = () => this.#pressureBytes(this.#read(true)) - this.#marks().throttleBytes;
    const before = overageBytes();
    if (before <= 0) return;
    const part = Math.min(1, before / (this.table.shares.reserve.bytes / 2));
    const beforeMs = this.#clock.nowMs();
    await this.#clock.sleep(this.#delayMsMax * part * this.#delayPart, signal);
    this.#throttledMs += this.#clock.nowMs() - beforeMs;
    this.#delayPart = overageBytes() < before ? 1 : this.#delayPart / 2;
  }

  #read(fresh = false): MemoryReading {
    const nowMs = this.#clock.nowMs();
    this.#lastReadMs = nowMs;
    const reading = this.gauge.read(fresh);
    this.#peakAnonBytes = Math.max(this.#peakAnonBytes, reading.anonBytes);
    this.#timeline.add(nowMs - this.#startMs, {
      rss: reading.rssBytes,
      anon: reading.anonBytes,
      file: reading.fileBytes,
      leased: this.#ledger.totalBytes(),
      dirty: reading.cgroup?.dirtyBytes ?? 0,
      records: this.#records,
    });
    return reading;
  }
}
