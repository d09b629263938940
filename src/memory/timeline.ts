import { timelinePointsMax, timelineStepMs } from "../kernel/index.js";

/** One sample for the report: `t` in seconds since the start, the rest in bytes and records. */
export interface TimelinePoint {
  t: number;
  rss: number;
  anon: number;
  file: number;
  leased: number;
  /** Dirty page cache of the control group; the rest of the machine's does not show here. */
  dirty: number;
  records: number;
  heap: number;
  /** Of our own files: written and not on the disk yet. */
  unsynced: number;
  /** Of the control group, other processes included; null without one. */
  workingSet: number | null;
  groupUsage: number | null;
  /** PSI: percent of the last ten seconds in which some task waited for memory; null where there is none. */
  stallPercent: number | null;
  batch: number;
  /** Whether the door let only one batch in at a time. */
  isNarrow: boolean;
  /** Seconds so far that batches were held back, and that threads waited for the disk. */
  throttled: number;
  writeback: number;
}

/**
 * Samples over a run of any length in a bounded list: when it is full every second one goes and the step
 * doubles.
 */
export class Timeline {
  #points: TimelinePoint[] = [];
  #stepMs = timelineStepMs;
  #nextMs = 0;

  /** Whether a sample at this time would be kept. */
  isDue(elapsedMs: number): boolean {
    return elapsedMs >= this.#nextMs;
  }

  add(elapsedMs: number, point: Omit<TimelinePoint, "t">): void {
    if (!this.isDue(elapsedMs)) return;
    if (this.#points.length >= timelinePointsMax) {
      this.#points = this.#points.filter((_, index) => index % 2 === 0);
      this.#stepMs *= 2;
    }
    this.#points.push({ t: Math.round(elapsedMs) / 1000, ...point });
    this.#nextMs = elapsedMs + this.#stepMs;
  }

  get points(): readonly TimelinePoint[] {
    return this.#points;
  }
}

/** Smallest, middle and largest of many numbers; the middle from an evenly thinned sample of bounded size. */
export class SizeStatistics {
  readonly #samplesMax: number;
  #samples: number[] = [];
  #stride = 1;
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  constructor(samplesMax: number) {
    this.#samplesMax = samplesMax;
  }

  add(value: number): void {
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    if (this.#count++ % this.#stride !== 0) return;
    if (this.#samples.length >= this.#samplesMax) {
      this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
      this.#stride *= 2;
      if ((this.#count - 1) % this.#stride !== 0) return;
    }
    this.#samples.push(value);
  }

  summary(): { min: number; median: number; max: number } {
    if (this.#count === 0) return { min: 0, median: 0, max: 0 };
    const sorted = [...this.#samples].sort((left, right) => left - right);
    return { min: this.#min, median: sorted[Math.floor(sorted.length / 2)]!, max: this.#max };
  }
}
